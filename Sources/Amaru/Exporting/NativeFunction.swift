// The C doors through which Python enters Swift functions.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaru
internal import CAmaruPython

/// What a call from Python brings: borrowed arguments, valid while the call lasts.
///
/// The values of keywords follow those that are counted.
@usableFromInline
typealias NativeArguments = UnsafeBufferPointer<PyPointer>

extension NativeArguments {
    /// The arguments as C has them, none of which is NULL.
    @inline(__always)
    init(c arguments: UnsafePointer<PyPointer?>?, _ count: Int) {
        let start = UnsafeRawPointer(arguments)?.assumingMemoryBound(to: PyPointer.self)
        self.init(start: start, count: count)
    }
}

/// The closure behind a builtin of the bridge itself.
@usableFromInline
typealias NativeBody =
    @Sendable (
        _ arguments: NativeArguments, _ keywords: PyPointer?, _ gil: borrowing PythonGIL
    ) throws -> OwnedReference

/// The closure behind an exported function, called with a value for each parameter.
///
/// It returns a new reference, or nil with an exception: see ``BoundArguments/returning(_:)``.
@usableFromInline
typealias BoundBody =
    @Sendable (_ bound: BoundArguments, _ gil: borrowing PythonGIL) -> PyPointer?

/// Makes builtins of Swift closures.
///
/// They are METH_FASTCALL functions, which CPython's adaptive interpreter specialises; the closure
/// is in the ``FunctionContext`` that is their `self`, and the trampolines of the C module call it.
enum NativeFunction {
    private final class Internal: FunctionDefinition {
        let body: NativeBody

        init(
            _ name: String,
            documentation: String? = nil,
            apart: amaru_apart = enterInternal,
            body: @escaping NativeBody
        ) {
            self.body = body
            super.init(name, documentation: documentation, takesKeywords: true, apart: apart)
        }
    }

    private final class Exported: FunctionDefinition {
        let body: BoundBody
        let signature: FunctionSignature

        init(_ function: PythonFunction, documentation: String) {
            body = function.body
            signature = function.signature
            super.init(
                function.name,
                documentation: documentation,
                takesKeywords: signature.isNamed,
                apart: enterExported
            )
            callable.pointee.enterDirectly(amaru_closure(body), signature)
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
            Internal(name, documentation: documentation, apart: enterForkSafe, body: body),
            module: nil
        )
    }

    /// Makes the builtin of an exported function; the thread holds the GIL.
    ///
    /// - `module`: The name of its module, which is its `__module__`; nil has none.
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
            try PythonException.check(PyObject_SetAttrString(context.pointer, "__name__", module))
        }
        // The function keeps the context, and with it its own definition, alive.
        return PythonObject(
            try OwnedReference(
                new: PyCMethod_New(definition.method, context.pointer, module, nil)
            )
        )
    }

    /// A call with keywords, defaults or the wrong arguments; each, while there are context pairs.
    private static let enterExported: amaru_apart = { _, arguments, count, keywords, owner in
        owned(owner) { (function: Exported) in
            do {
                guard !Interpreter.isForkedChild else { throw forkedChild() }
                let gil = PythonGIL()
                let arguments = NativeArguments(c: arguments, count)
                return try ContextPairs.enteringSwift {
                    try function.signature.bind(arguments, keywords, gil) { function.body($0, gil) }
                }
            } catch {
                return function.signature.raise(error)
            }
        }
    }

    private static let enterInternal: amaru_apart = { object, arguments, count, keywords, owner in
        guard !Interpreter.isForkedChild else {
            _ = NativeFunction.forkedChild()
            return nil
        }
        return NativeFunction.enterForkSafe(object, arguments, count, keywords, owner)
    }

    private static let enterForkSafe: amaru_apart = { _, arguments, count, keywords, owner in
        owned(owner) { (function: Internal) in
            do {
                let arguments = NativeArguments(c: arguments, count)
                return try function.body(arguments, keywords, PythonGIL()).take()
            } catch {
                ErrorTranslation.raise(error, PythonGIL())
                return nil
            }
        }
    }

    /// Lends the owner of a definition, which the caller of the function holds.
    @inline(__always)
    private static func owned<Owner: FunctionDefinition>(
        _ owner: UnsafeMutableRawPointer?,
        _ body: (Owner) -> PyPointer?
    ) -> PyPointer? {
        guard let owner else { preconditionFailure("every definition names its owner") }
        return Unmanaged<Owner>.fromOpaque(owner)._withUnsafeGuaranteedRef(body)
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
