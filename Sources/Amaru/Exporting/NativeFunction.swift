// The single C door through which Python enters Swift.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// What a call from Python brings: borrowed arguments, valid while the call lasts.
typealias NativeArguments = UnsafeBufferPointer<PyPointer>

/// The closure behind a Python builtin.
typealias NativeBody =
    @Sendable (
        _ arguments: NativeArguments, _ keywords: PyPointer?, _ gil: borrowing PythonGIL
    ) throws -> OwnedReference

/// Makes builtins of Swift closures.
///
/// They are METH_FASTCALL | METH_KEYWORDS functions, which CPython's adaptive interpreter
/// specialises; the closure is in the capsule that is their `self`.
enum NativeFunction {
    private static let capsuleName: StaticString = "amaru.function"

    /// The closure, and the definition that the builtin points to and does not own.
    private final class Box {
        let body: NativeBody
        let definition: UnsafeMutablePointer<PyMethodDef>
        private let name: UnsafeMutablePointer<CChar>
        private let documentation: UnsafeMutablePointer<CChar>?

        init(name: String, documentation: String?, body: @escaping NativeBody) {
            self.body = body
            self.name = Self.copy(name)
            self.documentation = documentation.map(Self.copy)
            definition = .allocate(capacity: 1)
            definition.initialize(
                to: PyMethodDef(
                    ml_name: self.name,
                    ml_meth: amaru_fastcall_as_function(trampoline),
                    ml_flags: AMARU_METH_FASTCALL_KEYWORDS,
                    ml_doc: self.documentation
                )
            )
        }

        deinit {
            definition.deallocate()
            name.deallocate()
            documentation?.deallocate()
        }

        private static func copy(_ text: String) -> UnsafeMutablePointer<CChar> {
            let bytes = text.utf8CString
            let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
            bytes.withUnsafeBufferPointer { source in
                if let base = source.baseAddress { copy.initialize(from: base, count: bytes.count) }
            }
            return copy
        }
    }

    /// Makes a builtin function; the thread holds the GIL.
    static func make(
        _ name: String,
        documentation: String? = nil,
        module: PyPointer? = nil,
        body: @escaping NativeBody
    ) throws -> PythonObject {
        let box = Box(name: name, documentation: documentation, body: body)
        let retained = Unmanaged.passRetained(box)
        let capsule = PyCapsule_New(retained.toOpaque(), capsuleName.cString) { capsule in
            guard let pointer = PyCapsule_GetPointer(capsule, NativeFunction.capsuleName.cString)
            else { return }
            Unmanaged<Box>.fromOpaque(pointer).release()
        }
        guard let capsule else {
            retained.release()
            throw PythonException.taken()
        }
        let owner = OwnedReference(new: capsule)
        // The function keeps the capsule, and with it its own definition, alive.
        return PythonObject(
            try OwnedReference(new: PyCMethod_New(box.definition, owner.pointer, module, nil))
        )
    }

    private static let trampoline: amaru_fastcall = { capsule, arguments, count, keywords in
        let gil = PythonGIL()
        guard !Interpreter.isForkedChild else {
            PyErr_SetString(
                amaru_RuntimeError(),
                "this process was made by os.fork: Swift code does not run in it; "
                    + "use the 'spawn' start method"
            )
            return nil
        }
        guard let pointer = PyCapsule_GetPointer(capsule, NativeFunction.capsuleName.cString) else {
            return nil
        }
        let box = Unmanaged<Box>.fromOpaque(pointer).takeUnretainedValue()
        let start = UnsafeRawPointer(arguments)?.assumingMemoryBound(to: PyPointer.self)
        do {
            return try box.body(
                NativeArguments(start: start, count: count),
                keywords,
                gil
            ).take()
        } catch {
            ErrorTranslation.raise(error, gil)
            return nil
        }
    }
}
