// The global actor that Python objects belong to, and the ways in.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// The isolation domain of Python: whatever touches a Python object is isolated to this actor.
///
/// Its jobs run on one dedicated thread: from a plain queue until something needs asyncio, then
/// inside a running event loop. The first job starts Python with the default configuration; for
/// another one `await` ``Python/start(_:)`` before.
///
/// A hop to the actor costs as much as a thousand calls inside it, so make the steps large: put
/// everything that belongs together in one ``run(_:)``.
@globalActor
public actor PythonActor {
    /// The shared instance.
    public static let shared = PythonActor()

    private init() {}

    /// The executor of the Python thread.
    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        PythonExecutor.shared.reference
    }

    /// Runs `body` on the Python thread.
    ///
    /// No event loop counts as running inside `body`, so code that calls `asyncio.run` works.
    /// Cancelling the calling task interrupts the Python code that `body` is in, and no other, with
    /// `KeyboardInterrupt`.
    ///
    /// - Throws: What `body` throws; `CancellationError` if the task is cancelled before `body`
    ///   begins, or if `body` ends by the interrupt; ``AmaruError/Code/notRunning`` if Python does
    ///   not run; ``AmaruError/Code/actorBusy`` if the Python thread may be waiting for the caller.
    public static func run<Value: Sendable>(
        _ body: @PythonActor @Sendable () throws -> Value
    ) async throws -> Value {
        try Interpreter.refuseAfterEnd()
        let call = CallID.next()
        return try await NestedLoop.entering {
            try await withTaskCancellationHandler {
                try await runOnActor(call, body)
            } onCancel: {
                Interrupts.interrupt(call)
            }
        }
    }

    @PythonActor
    private static func runOnActor<Value: Sendable>(
        _ call: CallID,
        _ body: @PythonActor () throws -> Value
    ) throws -> Value {
        do {
            return try PythonException.completing {
                try synchronously(call) {
                    // Not before the call can be aimed at: an interrupt until then strikes nothing.
                    try Task.checkCancellation()
                    return try body()
                }
            }
        } catch let error as PythonException where error.isCancellation {
            throw CancellationError()
        }
    }

    /// Runs `body` as a synchronous region: with a call identity, and no running event loop.
    static func synchronously<Value>(
        _ call: CallID,
        _ captured: [ContextPairs.Captured] = ContextPairs.captured(),
        _ body: @PythonActor () throws -> Value
    ) throws -> Value {
        try PythonActor.assumeIsolatedToPython {
            try Interpreter.requireRunning()
            // In this order: an interrupt that struck while the loop is entered again would leave
            // it without.
            return try ForkedChild.endingWith {
                try EventLoop.withoutRunningLoop {
                    try ContextPairs.enteringPython(captured) { try Interrupts.within(call, body) }
                }
            }
        }
    }

    /// Runs `body` on the Python thread and blocks the calling thread until it has ended.
    ///
    /// For code that cannot be `async`. On the Python thread itself `body` runs in place, and so it
    /// does on another thread that holds the GIL, such as a worker of Python's
    /// `ThreadPoolExecutor`: the Python thread may be waiting for that one.
    ///
    /// - Throws: What `body` throws; ``AmaruError/Code/notRunning`` if Python does not run.
    @available(*, noasync, message: "This would block a thread of the pool: await run(_:).")
    public static func runBlocking<Value>(
        _ body: @escaping @PythonActor @Sendable () throws -> Value
    ) throws -> Value {
        let call = CallID.next()
        if Interpreter.isIsolated { return try synchronously(call) { try body() } }
        if ForeignThread.holdsGIL {
            return try ForeignThread.isolated { try synchronously(call) { try body() } }
        }
        let captured = ContextPairs.captured()
        // Safe because the gate orders the write before the read.
        nonisolated(unsafe) var result: Result<Value, any Error>?
        let gate = Gate()
        Interpreter.submit(
            .call {
                result = Result {
                    try PythonException.completing { try synchronously(call, captured, body) }
                }
                gate.open()
            }
        )
        gate.wait()
        guard let result else { preconditionFailure("the gate opens after the result is set") }
        return try result.get()
    }

    /// Runs `body` in place, on the Python thread.
    ///
    /// - Precondition: The caller is on the Python thread, or stands in for it. This is checked
    ///   always, since code that the compiler does not isolate reaches it.
    static func assumeIsolatedToPython<Value>(
        _ body: @PythonActor () throws -> Value
    ) rethrows -> Value {
        precondition(
            Interpreter.isIsolated,
            "Python was entered on a thread other than its own; use PythonActor.run."
        )
        // Safe because the closure differs from its type by the isolation only, and the check
        // above is what that isolation promises. `assumeIsolated` asks the runtime for the same,
        // at twenty times the cost.
        return try withoutActuallyEscaping(body) { body in
            try unsafeBitCast(body, to: (() throws -> Value).self)()
        }
    }
}
