// The single C door through which Python enters Swift.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// What a call from Python brings: borrowed arguments, valid while the call lasts.
///
/// The values of keywords follow those that are counted.
@usableFromInline
typealias NativeArguments = UnsafeBufferPointer<PyPointer>

/// The closure behind a Python builtin.
@usableFromInline
typealias NativeBody =
    @Sendable (
        _ arguments: NativeArguments, _ keywords: PyPointer?, _ gil: borrowing PythonGIL
    ) throws -> OwnedReference

/// Makes builtins of Swift closures.
///
/// They are METH_FASTCALL | METH_KEYWORDS functions, which CPython's adaptive interpreter
/// specialises; the closure is in the ``FunctionContext`` that is their `self`.
enum NativeFunction {
    /// The closure, and the definition that the builtin points to and does not own.
    private final class Box {
        let body: NativeBody
        /// Whether it is the program's, and not the bridge's own: only that sees task-locals.
        let isExported: Bool
        let definition: UnsafeMutablePointer<PyMethodDef>
        private let name: UnsafeMutablePointer<CChar>
        private let documentation: UnsafeMutablePointer<CChar>?

        init(
            name: String,
            documentation: String?,
            isExported: Bool,
            body: @escaping NativeBody
        ) {
            self.body = body
            self.isExported = isExported
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
    ///
    /// - Parameter module: The name of its module (borrowed), which is its `__module__`.
    static func make(
        _ name: String,
        documentation: String? = nil,
        module: PyPointer? = nil,
        isExported: Bool = false,
        body: @escaping NativeBody
    ) throws -> PythonObject {
        let box = Box(
            name: name,
            documentation: documentation,
            isExported: isExported,
            body: body
        )
        let context = try FunctionContext.make(box)
        if let module {
            guard PyObject_SetAttrString(context.pointer, "__name__", module) == 0 else {
                throw PythonException.taken()
            }
        }
        // The function keeps the context, and with it its own definition, alive.
        return PythonObject(
            try OwnedReference(new: PyCMethod_New(box.definition, context.pointer, module, nil))
        )
    }

    private static let trampoline: amaru_fastcall = { context, arguments, count, keywords in
        guard !Interpreter.isForkedChild else { return NativeFunction.refuseForkedChild() }
        guard let context, let box = amaru_function_field(context).pointee else { return nil }
        let start = UnsafeRawPointer(arguments)?.assumingMemoryBound(to: PyPointer.self)
        // The caller holds the function, which holds the box.
        return Unmanaged<Box>.fromOpaque(box)._withUnsafeGuaranteedRef { box in
            let arguments = NativeArguments(start: start, count: count)
            do {
                guard ContextPairs.isEmpty || !box.isExported else {
                    return try ContextPairs.enteringSwift {
                        try box.body(arguments, keywords, PythonGIL()).take()
                    }
                }
                return try box.body(arguments, keywords, PythonGIL()).take()
            } catch {
                ErrorTranslation.raise(error, PythonGIL())
                return nil
            }
        }
    }

    @inline(never)
    private static func refuseForkedChild() -> PyPointer? {
        PyErr_SetString(
            amaru_RuntimeError(),
            "this process was made by os.fork: Swift code does not run in it; "
                + "use the 'spawn' start method"
        )
        return nil
    }
}
