// A task-local value of Swift that is a context variable of Python.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// A `contextvars.ContextVar` that always has the value of a Swift task-local, and the reverse.
///
/// ```swift
/// enum Request { @TaskLocal static var id: String? }
///
/// let module = PythonModule("app") { PythonContextVariable("request_id", Request.$id) }
/// ```
///
/// Python code that Swift enters (through ``PythonActor/run(_:)``, ``PythonActor/runBlocking(_:)``,
/// ``Python/run(_:filename:globals:)``, ``PythonObject/awaited()`` or a ``PythonAsyncSequence``)
/// sees in `app.request_id` what the task-local is in the calling task; a coroutine keeps it to its
/// end. A Swift function that Python calls, from whatever task or thread, sees in the task-local
/// what the variable is there. Each side sees its own changes only until it returns.
///
/// https://docs.python.org/3/library/contextvars.html
public struct PythonContextVariable<
    Value: ConvertibleToPython & ConvertibleFromPython & Sendable
>: PythonModule.Member {
    /// The name of the variable, in the module and in its `repr`.
    public let name: String
    private let local: TaskLocal<Value>

    /// Creates the member; the variable's default is what the task-local is at registration.
    public init(_ name: String, _ local: TaskLocal<Value>) {
        self.name = name
        self.local = local
    }
}

extension PythonContextVariable {
    /// What it puts into the module.
    public var definition: PythonModuleDefinition {
        PythonModuleDefinition(
            stub: { ["\(name): contextvars.ContextVar[\(TypeHint.result(Value.self))]"] },
            make: { _ in PythonObject(try makeVariable(PythonGIL())) }
        )
    }

    /// Makes the variable, and binds it to the task-local.
    private func makeVariable(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        let initial = try local.get().pythonReference(gil)
        let variable = try OwnedReference(new: PyContextVar_New(name, initial.pointer))
        try ContextPairs.bind(local, to: variable.pointer, gil)
        return variable
    }
}

extension Python {
    /// Binds a task-local to a context variable that a Python library has.
    ///
    /// As ``PythonContextVariable`` does for one that Swift makes. A task-local has one variable:
    /// binding it again replaces the former.
    ///
    /// - Throws: ``PythonConversionError`` where `variable` is no `contextvars.ContextVar`.
    @PythonActor
    public static func bind<Value: ConvertibleToPython & ConvertibleFromPython & Sendable>(
        _ local: TaskLocal<Value>,
        to variable: PythonObject
    ) throws {
        try Interpreter.requireRunning()
        try ContextPairs.bind(local, to: variable.pointer, PythonGIL())
    }

    /// Runs `body` with the context variables as the task-locals are, on the Python actor.
    ///
    /// For code that is isolated to the actor already and calls Python without one of the entries
    /// that do this themselves.
    ///
    /// - Throws: What `body` throws.
    @PythonActor
    public static func withContextVariables<Value>(
        _ body: @PythonActor () throws -> Value
    ) throws -> Value {
        try Interpreter.requireRunning()
        return try ContextPairs.enteringPython { try body() }
    }
}
