// The buffer protocol of Swift instances.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaru
internal import CAmaruPython

/// What a class lends of its memory.
struct InstanceMemory {
    let bytes: UnsafeRawBufferPointer
    let isReadOnly: Bool
    /// The element type in the syntax of `struct`, and its size.
    let format: StaticString
    let itemSize: Int
}

/// The closures behind a buffer.
struct BufferBody: Sendable {
    let lend: @Sendable (_ instance: UnsafeMutableRawPointer) throws -> InstanceMemory
    let giveBack: @Sendable (_ instance: UnsafeMutableRawPointer) -> Void
}

/// The functions that CPython calls for a buffer of an instance.
///
/// https://docs.python.org/3/c-api/typeobj.html#buffer-object-structures
enum InstanceBuffer {
    static let get: getbufferproc = { object, view, flags in
        guard let object, let view else { return -1 }
        view.pointee.obj = nil
        let gil = PythonGIL()
        do {
            guard !Entry.isRefused else { throw PendingPythonError() }
            guard let instance = amaru_as_instance(object).pointee.instance else {
                throw InstanceIdentity.notInitialised(object)
            }
            guard let body = ClassRegistry.record(ofType: amaru_type(object))?.buffer else {
                throw PendingPythonError(amaru_TypeError(), "this object lends no buffer")
            }
            return try fill(view, object, body.lend(instance), flags)
        } catch {
            ErrorTranslation.raise(error, gil)
            return -1
        }
    }

    private static func fill(
        _ view: UnsafeMutablePointer<Py_buffer>,
        _ object: PyPointer,
        _ memory: InstanceMemory,
        _ flags: Int32
    ) throws -> Int32 {
        // An empty Swift buffer may have no address; CPython wants one.
        let empty = UnsafeMutableRawPointer(bitPattern: memory.itemSize)
        let address = UnsafeMutableRawPointer(mutating: memory.bytes.baseAddress) ?? empty
        let count = memory.bytes.count
        // Sets `obj` to a new reference, which keeps the instance alive.
        let result = PyBuffer_FillInfo(
            view,
            object,
            address,
            count,
            memory.isReadOnly ? 1 : 0,
            flags
        )
        guard result == 0 else { throw PendingPythonError() }
        view.pointee.itemsize = memory.itemSize
        if flags & PyBUF_FORMAT == PyBUF_FORMAT {
            view.pointee.format = UnsafeMutablePointer(mutating: memory.format.cString)
        }
        let layout = UnsafeMutablePointer<Int>.allocate(capacity: 2)
        layout.initialize(to: count / memory.itemSize)
        (layout + 1).initialize(to: memory.itemSize)
        view.pointee.internal = UnsafeMutableRawPointer(layout)
        if flags & PyBUF_ND == PyBUF_ND { view.pointee.shape = layout }
        if flags & PyBUF_STRIDES == PyBUF_STRIDES { view.pointee.strides = layout + 1 }
        return 0
    }

    static let release: releasebufferproc = { object, view in
        view?.pointee.internal?.assumingMemoryBound(to: Int.self).deallocate()
        guard let object, let instance = amaru_as_instance(object).pointee.instance else { return }
        ClassRegistry.record(ofType: amaru_type(object))?.buffer?.giveBack(instance)
    }
}
