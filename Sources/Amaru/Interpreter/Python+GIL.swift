// Entering Python from a thread that is not the actor's.
// SPDX-License-Identifier: Apache-2.0

public import CAmaru
public import CAmaruPython

extension Python {
    /// Runs `body` on the calling thread while it holds Python's global interpreter lock.
    ///
    /// For conversions on threads of one's own: with the ``PythonGIL`` values become references
    /// and back. ``PythonObject`` stays isolated to ``PythonActor``. No event loop runs in `body`.
    /// On a thread that holds the lock already, as the Python thread does, `body` just runs; on
    /// another the thread waits for the lock, and keeps its thread state until it ends.
    ///
    /// ```swift
    /// let table = try Python.withGIL { gil in try gil.makeObject(rows) }
    /// ```
    ///
    /// - Throws: What `body` throws; ``AmaruError/Code/notRunning`` where Python does not run.
    @available(*, noasync, message: "This would block a thread of the pool: use PythonActor.run.")
    @inlinable
    public static func withGIL<Value: ~Copyable>(
        _ body: (borrowing PythonGIL) throws -> Value
    ) throws -> Value {
        guard amaru_enterable() != 0 else { throw Interpreter.notRunning() }
        if amaru_attached() != 0 { return try body(PythonGIL()) }
        guard let state = try amaru_idle_thread_state() ?? idleThreadState() else {
            return try body(PythonGIL())
        }
        PyEval_RestoreThread(state)
        amaru_set_attached(1)
        defer {
            amaru_set_attached(0)
            PyEval_SaveThread()
        }
        // Python may have ended while this thread waited.
        guard amaru_enterable() != 0 else { throw Interpreter.notRunning() }
        return try body(PythonGIL())
    }

    @usableFromInline
    @inline(never)
    static func idleThreadState() throws -> UnsafeMutablePointer<PyThreadState>? {
        try ForeignThread.idleState()
    }
}

extension PythonGIL {
    /// Makes a Python object of a Swift value, on the thread that holds the lock.
    ///
    /// - Throws: ``PythonConversionError`` where the value cannot be represented.
    @inlinable
    public borrowing func makeObject(_ value: some ConvertibleToPython) throws -> PythonObject {
        PythonObject(try value.pythonReference(self))
    }

    /// Converts a Python object, on the thread that holds the lock.
    ///
    /// - Throws: ``PythonConversionError`` where it is of another type or does not fit.
    @inlinable
    public borrowing func convert<Value: ConvertibleFromPython>(
        _ object: PythonObject,
        to type: Value.Type = Value.self
    ) throws -> Value {
        try Value.fromPython(BorrowedReference(object.pointer), self)
    }
}
