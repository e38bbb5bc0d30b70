// Awaits Python in Swift: coroutines, tasks and futures, with cancellation.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython
internal import Synchronization

extension PythonObject {
    /// Awaits the object: a coroutine, task, future or anything else with `__await__`.
    ///
    /// A coroutine becomes a task of the event loop. Cancelling the calling task cancels it, once,
    /// as `Task.cancel()` does in Python: it may catch the cancellation and return a value, which
    /// is then returned here; `asyncio.shield` keeps what it wraps. Where the calling task is
    /// cancelled already, a coroutine does not begin.
    ///
    /// - Throws: What the awaitable raises, as ``PythonException``; `CancellationError` where it
    ///   ended cancelled.
    public func awaited() async throws -> PythonObject {
        try Interpreter.requireRunning()
        try EventLoop.home(PythonGIL())
        let future = try ContextPairs.enteringPython {
            PythonObject(try Runtime.call(.futures, "ensure_future", [self], PythonGIL()))
        }
        let isCancelled = Once()
        if Task.isCancelled, isCancelled.first() { try future.cancelFuture() }
        let wasCancelled = try await withTaskCancellationHandler {
            try await future.waitUntilDone()
        } onCancel: {
            guard isCancelled.first() else { return }
            Interpreter.submit(
                .call {
                    // A future that is done already refuses, which is as good.
                    PythonActor.assumeIsolatedToPython { try? future.cancelFuture() }
                }
            )
        }
        if wasCancelled { throw CancellationError() }
        // Python may have ended since the future did.
        try Interpreter.requireRunning()
        do {
            return try PythonException.completing {
                PythonObject(try Method.call(future.pointer, "result"))
            }
        } catch {
            let isCancelled = (error as? PythonException)?.matches(.cancelledError) == true
            guard isCancelled else { throw error }
            throw CancellationError()
        }
    }

    private func cancelFuture() throws {
        try Interpreter.requireRunning()
        _ = try Method.call(pointer, "cancel")
    }

    /// Returns whether the future was cancelled.
    private func waitUntilDone() async throws -> Bool {
        let wait = PendingAwait()
        let cancellation = Once()
        let callback = try NativeFunction.makeForkSafe("resume_swift_task") { arguments, _, gil in
            if Interpreter.isForkedChild { ForkedChild.end(with: arguments.first) }
            // Now, since the task resumes some turns later: the exception would be reported, and
            // Python may have ended.
            if let future = arguments.first {
                let future = PythonObject(OwnedReference(borrowed: future))
                _ = Runtime.attempt(.futures, "retrieve", future, gil)
                let isCancelled = try? Method.call(future.pointer, "cancelled")
                if let isCancelled, isCancelled.pointer == amaru_true() { _ = cancellation.first() }
            }
            wait.resume(with: .success(()))
            return OwnedReference(borrowed: amaru_none())
        }
        _ = try Method.call(pointer, "add_done_callback", callback.pointer)
        try await wait.value()
        return cancellation.happened
    }
}

/// Something that happens at most once, on whichever thread is first.
final class Once: Sendable {
    private let hasHappened = Atomic(false)

    /// Says whether this is the first call.
    func first() -> Bool { !hasHappened.exchange(true, ordering: .relaxed) }

    var happened: Bool { hasHappened.load(ordering: .relaxed) }
}
