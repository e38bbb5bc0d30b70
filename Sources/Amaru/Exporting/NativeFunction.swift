// The C doors through which Python enters Swift functions.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// What a call from Python brings: borrowed arguments, valid while the call lasts.
///
/// The values of keywords follow those that are counted.
@usableFromInline
typealias NativeArguments = UnsafeBufferPointer<PyPointer>

/// The closure behind a builtin of the bridge itself.
@usableFromInline
typealias NativeBody =
    @Sendable (
        _ arguments: NativeArguments, _ keywords: PyPointer?, _ gil: borrowing PythonGIL
    ) throws -> OwnedReference

/// The closure behind an exported function, called with a value for each parameter.
@usableFromInline
typealias BoundBody =
    @Sendable (_ bound: BoundArguments, _ gil: borrowing PythonGIL) throws -> OwnedReference

/// Makes builtins of Swift closures.
///
/// They are METH_FASTCALL | METH_KEYWORDS functions, which CPython's adaptive interpreter
/// specialises; the closure is in the ``FunctionContext`` that is their `self`.
enum NativeFunction {
    private final class Internal: FunctionDefinition {
        let body: NativeBody

        init(
            _ name: String,
            documentation: String? = nil,
            entry: @escaping amaru_fastcall = enterInternal,
            body: @escaping NativeBody
        ) {
            self.body = body
            super.init(name, documentation: documentation, entry: entry)
        }
    }

    private final class Exported: FunctionDefinition {
        let body: BoundBody
        let signature: FunctionSignature
        let frame: SwiftFrame
        let directCount: Int

        init(_ function: PythonFunction, documentation: String) {
            body = function.body
            signature = function.signature
            frame = function.frame
            directCount = signature.directCount
            super.init(function.name, documentation: documentation, entry: enterExported)
        }

        @inline(__always)
        func call(_ arguments: NativeArguments, _ keywords: PyPointer?) throws -> PyPointer {
            if arguments.count == directCount, keywords == nil {
                return try body(BoundArguments(arguments, signature), PythonGIL()).take()
            }
            return try callApart(arguments, keywords)
        }

        @inline(never)
        private func callApart(_ arguments: NativeArguments, _ keywords: PyPointer?) throws
            -> PyPointer
        {
            let gil = PythonGIL()
            return try signature.bindApart(arguments, keywords, gil) { try body($0, gil) }.take()
        }

        /// With the task-locals that are bound to context variables; not in a child of `os.fork`.
        @inline(never)
        func callInContext(_ arguments: NativeArguments, _ keywords: PyPointer?) throws
            -> PyPointer
        {
            guard !Interpreter.isForkedChild else { throw NativeFunction.forkedChild() }
            return try ContextPairs.enteringSwift { try call(arguments, keywords) }
        }
    }

    /// Makes a builtin of the bridge itself; the thread holds the GIL.
    static func make(_ name: String, body: @escaping NativeBody) throws -> PythonObject {
        try make(Internal(name, body: body), module: nil)
    }

    /// Makes one that CPython calls in a child of `os.fork` too, where it takes no lock.
    static func makeForkSafe(
        _ name: String,
        _ documentation: String? = nil,
        body: @escaping NativeBody
    ) throws -> PythonObject {
        try make(
            Internal(name, documentation: documentation, entry: enterForkSafe, body: body),
            module: nil
        )
    }

    /// Makes the builtin of an exported function; the thread holds the GIL.
    ///
    /// - Parameter module: The name of its module, which is its `__module__`; nil has none.
    static func make(
        _ function: PythonFunction,
        module: String?,
        _ gil: borrowing PythonGIL
    ) throws -> PythonObject {
        // One of a module is found by its name.
        try function.signature.check(isNameless: module == nil)
        let documentation = try function.signature.docstring(function.documentation, gil)
        let name = try module.map { PythonObject(try $0.pythonReference(gil)) }
        return try make(Exported(function, documentation: documentation), module: name?.pointer)
    }

    private static func make(
        _ definition: FunctionDefinition,
        module: PyPointer?
    ) throws -> PythonObject {
        let context = try FunctionContext.make(definition)
        if let module {
            guard PyObject_SetAttrString(context.pointer, "__name__", module) == 0 else {
                throw PythonException.taken()
            }
        }
        // The function keeps the context, and with it its own definition, alive.
        return PythonObject(
            try OwnedReference(
                new: PyCMethod_New(definition.method, context.pointer, module, nil)
            )
        )
    }

    private static let enterExported: amaru_fastcall = { context, arguments, count, keywords in
        // Safe because nothing but `FunctionContext.make` makes the `self` of a builtin.
        let function = amaru_function_field(context.unsafelyUnwrapped).pointee.unsafelyUnwrapped
        let start = UnsafeRawPointer(arguments)?.assumingMemoryBound(to: PyPointer.self)
        // The caller holds the builtin, which holds the function.
        return Unmanaged<Exported>.fromOpaque(function)._withUnsafeGuaranteedRef { function in
            let arguments = NativeArguments(start: start, count: count)
            do {
                guard amaru_entry_flags() == 0 else {
                    return try function.callInContext(arguments, keywords)
                }
                return try function.call(arguments, keywords)
            } catch {
                ErrorTranslation.raise(error, PythonGIL(), in: function.frame)
                return nil
            }
        }
    }

    private static let enterInternal: amaru_fastcall = { context, arguments, count, keywords in
        guard !Interpreter.isForkedChild else {
            _ = NativeFunction.forkedChild()
            return nil
        }
        return NativeFunction.enterForkSafe(context, arguments, count, keywords)
    }

    private static let enterForkSafe: amaru_fastcall = { context, arguments, count, keywords in
        // Safe because nothing but `FunctionContext.make` makes the `self` of a builtin.
        let function = amaru_function_field(context.unsafelyUnwrapped).pointee.unsafelyUnwrapped
        let start = UnsafeRawPointer(arguments)?.assumingMemoryBound(to: PyPointer.self)
        return Unmanaged<Internal>.fromOpaque(function)._withUnsafeGuaranteedRef { function in
            let arguments = NativeArguments(start: start, count: count)
            do {
                return try function.body(arguments, keywords, PythonGIL()).take()
            } catch {
                ErrorTranslation.raise(error, PythonGIL())
                return nil
            }
        }
    }

    /// Raises the refusal of a child of `os.fork`.
    @inline(never)
    private static func forkedChild() -> PendingPythonError {
        PendingPythonError(
            amaru_RuntimeError(),
            "this process was made by os.fork: Swift code does not run in it; "
                + "use the 'spawn' start method"
        )
    }
}
