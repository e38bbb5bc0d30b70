// Context managers.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

@PythonActor
extension Python {
    /// Runs `body` in a context, as the statement `with manager as value:` does.
    ///
    /// What `body` throws is given to `__exit__` as the exception that it is in Python, and thrown
    /// on, unless `__exit__` returns a true value.
    ///
    /// https://docs.python.org/3/reference/compound_stmts.html#the-with-statement
    ///
    /// - Returns: What `body` returns; nil where `__exit__` suppressed an error.
    /// - Throws: What `body`, `__enter__` or `__exit__` throws.
    @discardableResult
    public static func with<Value>(
        _ manager: PythonObject,
        _ body: (PythonObject) throws -> Value
    ) throws -> Value? {
        try Interpreter.requireRunning()
        // Looked up before `__enter__` runs, both on the type, as the statement does.
        let type = try Python.type(of: manager)
        let enter = try contextMethod("__enter__", of: type, manager)
        let exit = try contextMethod("__exit__", of: type, manager)
        let value: PythonObject = try enter(manager)
        let result: Value
        do {
            result = try body(value)
        } catch {
            guard try leave(exit, manager, raising: error) else { throw error }
            return nil
        }
        try exit(manager, nil as Int?, nil as Int?, nil as Int?)
        return result
    }

    private static func contextMethod(
        _ name: String,
        of type: PythonObject,
        _ manager: PythonObject
    ) throws -> PythonObject {
        guard try type.hasAttribute(name) else {
            throw PythonConversionError(
                .type,
                "'\(manager.typeName)' object does not support the context manager protocol"
            )
        }
        return try type.readAttribute(name)
    }

    /// Calls `__exit__` with an error; says whether it suppressed it.
    private static func leave(
        _ exit: PythonObject,
        _ manager: PythonObject,
        raising error: any Error
    ) throws -> Bool {
        ErrorTranslation.raise(error, PythonGIL())
        guard let raised = amaru_take_exception() else { return false }
        let exception = PythonObject(OwnedReference(new: raised))
        let traceback: PythonObject = try exception.__traceback__
        let verdict: PythonObject = try exit(
            manager,
            Python.type(of: exception),
            exception,
            traceback
        )
        return try verdict.isTrue()
    }
}
