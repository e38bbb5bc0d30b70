// The pairs of task-locals and context variables, and what happens at each crossing.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaru
internal import CAmaruPython
internal import Synchronization

/// The pairs that the program has declared; a crossing costs one load where there are none.
enum ContextPairs {
    private static let pairs = Lock<[any ContextPair]>([])
    /// For threads that may not hold the GIL; whoever does reads the same in the C module.
    private static let isAny = Atomic(false)

    /// Makes a pair, instead of the one that the task-local had.
    static func bind<Value: ConvertibleToPython & ConvertibleFromPython & Sendable>(
        _ local: TaskLocal<Value>,
        to variable: PyPointer,
        _ gil: borrowing PythonGIL
    ) throws {
        guard amaru_is_context_variable(variable) != 0 else {
            let borrowed = BorrowedReference(variable)
            throw PythonConversionError.expected("contextvars.ContextVar", found: borrowed)
        }
        let owned = PythonObject(OwnedReference(borrowed: variable))
        let pair = BoundPair(local: local, variable: owned)
        pairs.withLock { pairs in
            pairs.removeAll { $0.local === local }
            pairs.append(pair)
        }
        amaru_set_entry_flag(AMARU_ENTRY_CONTEXT)
        isAny.store(true, ordering: .relaxed)
    }

    // MARK: Into Python

    /// A value that a context variable is to have, taken where the task-local can be read.
    typealias Captured = @Sendable (borrowing PythonGIL) throws -> ContextChange

    /// The values of the task-locals here.
    static func captured() -> [Captured] {
        guard isAny.load(ordering: .relaxed) else { return [] }
        return pairs.withLock { $0 }.map { $0.captured() }
    }

    /// Runs `body` with the context variables as the task-locals are here; the GIL is held.
    static func enteringPython<Value: ~Copyable>(
        _ captured: [Captured] = captured(),
        _ body: () throws -> Value
    ) throws -> Value {
        guard !captured.isEmpty else { return try body() }
        let gil = PythonGIL()
        var changes: [ContextChange] = []
        defer { for change in changes.reversed() { change.undo() } }
        for capture in captured { changes.append(try capture(gil)) }
        return try body()
    }

    // MARK: Into Swift

    /// Whether there are no pairs; the GIL is held.
    static var isEmpty: Bool { amaru_entry_flags() & AMARU_ENTRY_CONTEXT == 0 }

    /// Runs `body` with the task-locals as the context variables are here; the GIL is held.
    @inline(__always)
    static func enteringSwift<Value>(_ body: () throws -> Value) throws -> Value {
        guard !isEmpty else { return try body() }
        return try bound(pairs.withLock { $0 }[...], body)
    }

    private static func bound<Value>(
        _ pairs: ArraySlice<any ContextPair>,
        _ body: () throws -> Value
    ) throws -> Value {
        guard let pair = pairs.first else { return try body() }
        return try pair.withTaskLocal { try bound(pairs.dropFirst(), body) }
    }
}

/// A task-local and its context variable.
protocol ContextPair: Sendable {
    var local: AnyObject { get }
    func captured() -> ContextPairs.Captured
    func withTaskLocal<Result>(_ body: () throws -> Result) throws -> Result
}

private struct BoundPair<Value: ConvertibleToPython & ConvertibleFromPython & Sendable>:
    ContextPair
{
    let taskLocal: TaskLocal<Value>
    let variable: PythonObject
    var local: AnyObject { taskLocal }

    init(local: TaskLocal<Value>, variable: PythonObject) {
        taskLocal = local
        self.variable = variable
    }

    func captured() -> ContextPairs.Captured {
        let value = taskLocal.get()
        return { gil in
            let value = try converting(at: name()) { try value.pythonReference(gil) }
            return try ContextChange(variable, to: value.pointer)
        }
    }

    func withTaskLocal<Result>(_ body: () throws -> Result) throws -> Result {
        var found: PyPointer?
        // The variable itself stands for no value: it is none that it could have.
        guard PyContextVar_Get(variable.pointer, variable.pointer, &found) == 0, let found else {
            throw PythonException.taken()
        }
        let value = OwnedReference(new: found)
        guard found != variable.pointer else { return try body() }
        let converted = try converting(at: name()) {
            try Value.fromPython(BorrowedReference(value.pointer), PythonGIL())
        }
        return try taskLocal.withValue(converted, operation: body)
    }

    private func name() -> String {
        guard let name = PyObject_GetAttrString(variable.pointer, "name") else {
            PyErr_Clear()
            return "context variable"
        }
        let owned = OwnedReference(new: name)
        let text = try? String.fromPython(BorrowedReference(owned.pointer), PythonGIL())
        return "context variable \(text ?? "?")"
    }
}

/// A value that was set in the running context, until it is undone there.
struct ContextChange {
    private let variable: PythonObject
    private let token: PythonObject

    init(_ variable: PythonObject, to value: PyPointer) throws {
        token = PythonObject(try OwnedReference(new: PyContextVar_Set(variable.pointer, value)))
        self.variable = variable
    }

    func undo() {
        if PyContextVar_Reset(variable.pointer, token.pointer) != 0 { PyErr_Clear() }
    }
}
