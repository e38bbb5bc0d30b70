// Acquires and releases the memory behind a Python object, and says why it cannot be had.
// SPDX-License-Identifier: Apache-2.0

public import CAmaruPython

/// One acquisition of a buffer: from PyObject_GetBuffer to PyBuffer_Release.
///
/// https://docs.python.org/3/c-api/buffer.html
@usableFromInline
enum BufferAccess {
    /// What the memory is wanted for.
    @usableFromInline
    enum Purpose: Sendable {
        /// Elements one after the other, to be read.
        case read
        /// Elements one after the other, to be read and written.
        case write
        /// Elements in any order.
        case readStrided
        /// Elements in any order, to be read and written.
        case writeStrided
        /// A copy, for which neither order nor alignment matters.
        case copy

        var isWriting: Bool { self == .write || self == .writeStrided }
        var isOrdered: Bool { self == .read || self == .write }
    }

    /// Lends the memory for a Py_buffer.
    ///
    /// It does not move while the buffer is acquired: CPython points from one field to another. The
    /// function is not isolated, for the isolation of a closure that the standard library gets is
    /// checked at each call, at several times the cost of all else:
    /// https://github.com/swiftlang/swift-evolution/blob/main/proposals/0423-dynamic-actor-isolation.md
    @inlinable
    @inline(__always)
    static func withStorage<Result: ~Copyable>(
        _ body: (UnsafeMutableRawBufferPointer) throws -> Result
    ) rethrows -> Result {
        try withUnsafeTemporaryAllocation(byteCount: 96, alignment: 16) { try body($0) }
    }

    @inlinable
    @inline(__always)
    static func view(_ storage: UnsafeMutableRawBufferPointer) -> UnsafeMutablePointer<Py_buffer> {
        guard let start = storage.baseAddress, storage.count >= MemoryLayout<Py_buffer>.size else {
            preconditionFailure("a Py_buffer has 80 bytes, and withStorage lends 96")
        }
        return start.assumingMemoryBound(to: Py_buffer.self)
    }

    /// An address for where there is nothing to be read.
    static func placeholder(
        _ storage: UnsafeMutableRawBufferPointer
    ) -> UnsafeMutableRawPointer {
        UnsafeMutableRawPointer(view(storage))
    }

    /// Acquires the elements of an object; `release` is then the caller's duty.
    ///
    /// - `type`: The number format that the elements must have; nil for plain bytes.
    @usableFromInline
    static func acquire(
        _ object: PyPointer,
        in storage: UnsafeMutableRawBufferPointer,
        as type: PythonBufferType?,
        for purpose: Purpose
    ) throws -> UnsafeMutableRawBufferPointer {
        let view = view(storage)
        let flags = PyBUF_FORMAT | PyBUF_STRIDES
        if PyObject_GetBuffer(object, view, purpose.isWriting ? flags | PyBUF_WRITABLE : flags) != 0
        {
            throw refusal(object, view, flags, purpose)
        }
        // numpy resizes an array that no more than two references lead to: that of the caller and
        // that of the buffer. So there is a third, as there is beside a memoryview.
        if let owner = view.pointee.obj { amaru_incref(owner) }
        do {
            if let type { try check(view, type, purpose) }
            if purpose.isOrdered { try checkOrder(view) }
        } catch {
            release(storage)
            throw error
        }
        // Of an empty buffer the address may be anything, also misaligned.
        let length = view.pointee.len
        return UnsafeMutableRawBufferPointer(
            start: length == 0 ? nil : view.pointee.buf,
            count: length
        )
    }

    /// Releases what `acquire` has acquired.
    @usableFromInline
    static func release(_ storage: UnsafeMutableRawBufferPointer) {
        let view = view(storage)
        let owner = view.pointee.obj
        PyBuffer_Release(view)
        if let owner { amaru_decref(owner) }
    }

    // MARK: Refusals

    /// Says why PyObject_GetBuffer has failed; takes its exception.
    private static func refusal(
        _ object: PyPointer,
        _ view: UnsafeMutablePointer<Py_buffer>,
        _ flags: Int32,
        _ purpose: Purpose
    ) -> any Error {
        let raised = PythonException.taken()
        guard PyObject_CheckBuffer(object) != 0 else {
            return PythonConversionError.expected(
                "an object with the buffer protocol",
                found: BorrowedReference(object)
            )
        }
        guard purpose.isWriting else { return raised }
        // Each exporter words it in its own way, and with an exception of its own choice.
        guard PyObject_GetBuffer(object, view, flags) == 0 else {
            PyErr_Clear()
            return raised
        }
        defer { PyBuffer_Release(view) }
        guard view.pointee.readonly != 0 else { return raised }
        let name = BorrowedReference(object).typeName
        return PythonConversionError(
            .type,
            "expected a writable buffer, found a read-only one (\(name)): copy it first, or read "
                + "it with withBuffer(of:)"
        )
    }

    private static func check(
        _ view: UnsafePointer<Py_buffer>,
        _ type: PythonBufferType,
        _ purpose: Purpose
    ) throws {
        let buffer = view.pointee
        // Almost always the letter of the type, and nothing else, which tells all there is to know.
        let isPlain =
            if buffer.itemsize == type.size, let letter = buffer.format {
                letter[0] == type.format.cString[0] && letter[1] == 0
            } else {
                false
            }
        if !isPlain {
            let format = BufferFormat(buffer.format, itemSize: buffer.itemsize)
            guard format.type == type, !format.isSwapped else {
                throw mismatch(type, format, buffer.format)
            }
        }
        if purpose == .copy { return }
        if purpose.isOrdered, buffer.len > 0, !isAligned(buffer.buf, type.size) {
            throw PythonConversionError(
                .value,
                "the buffer of \(type) is not aligned to \(type.size) bytes: copy it with "
                    + "[\(type)](copyingBufferOf:), or read it with withBufferView(of:)"
            )
        }
        if purpose.isOrdered, type == Bool.pythonBufferType {
            try checkBools(
                UnsafeRawBufferPointer(start: buffer.buf, count: buffer.len)
            )
        }
    }

    @inlinable
    @inline(__always)
    static func isAligned(_ address: UnsafeMutableRawPointer?, _ alignment: Int) -> Bool {
        UInt(bitPattern: address) & UInt(alignment - 1) == 0
    }

    /// A Swift Bool of another byte than 0 or 1 is undefined behaviour; numpy allows each.
    static func checkBools(_ bytes: UnsafeRawBufferPointer) throws {
        guard bytes.reduce(0, |) <= 1 else {
            throw PythonConversionError(
                .value,
                "the buffer of Bool holds bytes other than 0 and 1: copy it with "
                    + "[Bool](copyingBufferOf:), or read it as UInt8 after x.view('uint8')"
            )
        }
    }

    private static func mismatch(
        _ type: PythonBufferType,
        _ found: BufferFormat,
        _ format: UnsafePointer<CChar>?
    ) -> PythonConversionError {
        let text = format.map { String(cString: $0) } ?? "B"
        let description: String
        switch found.type {
        case let found? where found == type:
            description =
                "one of \(type) in the other byte order (format '\(text)'); "
                + "x.astype(x.dtype.newbyteorder('=')) converts an array of numpy"
        case let found?:
            description = "one of \(found) (format '\(text)')"
        case nil:
            description =
                "one whose elements have no Swift type (format '\(text)'); "
                + "of records, read one field"
        }
        return PythonConversionError(.type, "expected a buffer of \(type), found \(description)")
    }

    private static func checkOrder(_ view: UnsafePointer<Py_buffer>) throws {
        if isOrdered(view) { return }
        let layout = PythonBufferLayout(view)
        throw PythonConversionError(
            .value,
            "the elements do not lie one after the other (shape \(layout.shape), strides "
                + "\(layout.strides)): read them with withBufferView(of:), copy them with "
                + "Array(copyingBufferOf:), or call numpy.ascontiguousarray first"
        )
    }
}

extension BufferAccess {
    /// Says whether the elements lie one after the other, the last index running fastest.
    private static func isOrdered(_ view: UnsafePointer<Py_buffer>) -> Bool {
        if view.pointee.ndim == 1, let stride = view.pointee.strides?.pointee,
            stride == view.pointee.itemsize
        {
            return true
        }
        return PyBuffer_IsContiguous(view, CChar(UInt8(ascii: "C"))) != 0
    }

    /// Copies all elements in the order of their indices, the last running fastest.
    ///
    /// - `target`: Room for as many bytes as `acquire` has found.
    @usableFromInline
    static func copy(
        _ storage: UnsafeMutableRawBufferPointer,
        to target: UnsafeMutableRawBufferPointer,
        as type: PythonBufferType
    ) throws {
        let view = view(storage)
        guard let start = target.baseAddress, view.pointee.len == target.count else { return }
        if isOrdered(view), let source = view.pointee.buf {
            start.copyMemory(from: source, byteCount: target.count)
        } else {
            let order = CChar(UInt8(ascii: "C"))
            try PythonException.check(PyBuffer_ToContiguous(start, view, target.count, order))
        }
        guard type == Bool.pythonBufferType else { return }
        for index in target.indices where target[index] > 1 { target[index] = 1 }
    }
}

extension BufferAccess {
    /// Acquires elements that lie one after the other, aligned, and are valid as they are.
    ///
    /// For a copy that is made before any code of Python runs, so that nothing can be resized
    /// meanwhile; `releasePlain` is then the caller's duty. Returns nil, without an exception, for
    /// everything else.
    @inlinable
    @inline(__always)
    static func acquirePlain(
        _ object: PyPointer,
        in storage: UnsafeMutableRawBufferPointer,
        as type: PythonBufferType
    ) -> UnsafeMutableRawBufferPointer? {
        let view = view(storage)
        guard PyObject_GetBuffer(object, view, PyBUF_FORMAT | PyBUF_STRIDES) == 0 else {
            PyErr_Clear()
            return nil
        }
        guard view.pointee.itemsize == type.size, view.pointee.ndim == 1,
            // Almost always one letter, and nothing else.
            let format = view.pointee.format, format[1] == 0,
            BufferFormat.kind(of: format[0], type.size) == type.kind,
            view.pointee.strides == nil || view.pointee.strides[0] == type.size,
            isAligned(view.pointee.buf, type.size), type.kind != .boolean
        else {
            PyBuffer_Release(view)
            return nil
        }
        return UnsafeMutableRawBufferPointer(start: view.pointee.buf, count: view.pointee.len)
    }

    /// Releases what `acquirePlain` has acquired.
    @inlinable
    @inline(__always)
    static func releasePlain(_ storage: UnsafeMutableRawBufferPointer) {
        PyBuffer_Release(view(storage))
    }
}
