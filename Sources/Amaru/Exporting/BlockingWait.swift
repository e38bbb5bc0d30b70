// Blocks a Python thread on Swift work, with the GIL released and signals looked at.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// A blocking wait for an asynchronous Swift operation, from a thread that holds the GIL.
enum BlockingWait {
    private static let pollInterval = 50
    /// How long an interrupted operation may take to end, in polls.
    private static let patience = 40

    static func run<Value: Sendable>(
        _ body: @escaping @Sendable () async throws -> Value
    ) throws -> Value {
        let gate = Gate()
        let outcome = Lock<Result<Value, any Error>?>(nil)
        let finish: BlockingCompletion<Value> = { result in
            // The first one counts: what is refused goes on, cancelled.
            outcome.withLock { $0 = $0 ?? result }
            gate.open()
        }
        let call = CallID.next()
        let origin = NestedLoop.Origin(blocking: call) { finish(.failure($0)) }
        let isInterrupted = try Interrupts.within(call) {
            let task = try ContextPairs.enteringSwift {
                Task {
                    do {
                        finish(.success(try await NestedLoop.run(from: origin, body)))
                    } catch {
                        finish(.failure(error))
                    }
                }
            }
            defer { task.cancel() }
            return try wait(for: gate) { task.cancel() }
        }
        return try take(outcome, isInterrupted)
    }

    /// Waits for work that needs no task.
    ///
    /// - `start`: Starts the work, with the GIL held, and returns what cancels it. Its
    ///   completion is called once, perhaps before it returns, on any thread.
    static func run<Value: Sendable>(
        starting start: (@escaping BlockingCompletion<Value>) throws -> @Sendable () -> Void
    ) throws -> Value {
        let gate = Gate()
        let outcome = Lock<Result<Value, any Error>?>(nil)
        let cancel = try start { result in
            outcome.withLock { $0 = result }
            gate.open()
        }
        if let result = outcome.withLock({ $0 }) { return try result.get() }
        let isInterrupted = try Interrupts.within(CallID.next()) { try wait(for: gate, cancel) }
        return try take(outcome, isInterrupted)
    }

    /// Returns what the operation has returned, unless an interrupt came: one that did not end the
    /// operation is raised behind it.
    private static func take<Value>(
        _ outcome: Lock<Result<Value, any Error>?>,
        _ isInterrupted: Bool
    ) throws -> Value {
        guard let result = outcome.withLock({ $0 }) else {
            preconditionFailure("the gate opens after the outcome is set")
        }
        let value = try result.get()
        if isInterrupted { throw PendingPythonError.keyboardInterrupt() }
        return value
    }

    /// - Returns: Whether an interrupt has cancelled the operation.
    private static func wait(for gate: Gate, _ cancel: () -> Void) throws -> Bool {
        var polls: Int?
        var raised: (any Error)?
        while !ForeignThread.withoutGIL({ gate.wait(milliseconds: pollInterval) }) {
            if let count = polls {
                polls = count + 1
                guard count < patience else {
                    throw raised ?? PendingPythonError.keyboardInterrupt()
                }
            } else if PyErr_CheckSignals() != 0 {
                // The operation's own error says more to the caller than KeyboardInterrupt, which
                // would also leave the event loop. Anything else is what a handler of the script
                // raised, for whoever called this.
                if PyErr_ExceptionMatches(amaru_KeyboardInterrupt()) != 0 {
                    PyErr_Clear()
                } else {
                    raised = PythonException.taken()
                }
                cancel()
                polls = 0
            }
        }
        if let raised { throw raised }
        return polls != nil
    }
}

/// Takes the result of work that a Python thread is blocked on.
package typealias BlockingCompletion<Value> = @Sendable (Result<Value, any Error>) -> Void

/// Stands for an exception that is raised in Python already.
struct PendingPythonError: Error {
    static func keyboardInterrupt() -> PendingPythonError {
        PyErr_SetNone(amaru_KeyboardInterrupt())
        return PendingPythonError()
    }
}
