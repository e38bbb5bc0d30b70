// Awaits Python in Swift: coroutines, tasks and futures, with cancellation.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

extension PythonObject {
    /// Awaits the object: a coroutine, task, future or anything else with `__await__`.
    ///
    /// A coroutine becomes a task of the event loop. Cancelling the calling task cancels it, as
    /// `Task.cancel()` does in Python: it may catch the cancellation and return a value, which is
    /// then returned here.
    ///
    /// - Throws: What the awaitable raises, as ``PythonException``; `CancellationError` where it
    ///   ended cancelled.
    public func awaited() async throws -> PythonObject {
        try Interpreter.requireRunning()
        let future = PythonObject(try Runtime.call("ensure_future", [self], PythonGIL()))
        try await withTaskCancellationHandler {
            try await future.waitUntilDone()
        } onCancel: {
            Interpreter.submit(
                .call {
                    PythonActor.assumeIsolatedToPython {
                        // A future that is done already refuses, which is as good.
                        _ =
                            try? future.readAttribute("cancel").dynamicallyCall(withArguments: [])
                            as PythonObject
                    }
                }
            )
        }
        do {
            return try future.readAttribute("result").dynamicallyCall(withArguments: [])
        } catch let error as PythonException
            where error.isInstance(of: "asyncio.exceptions.CancelledError")
        {
            throw CancellationError()
        }
    }

    private func waitUntilDone() async throws {
        let wait = PendingAwait()
        let callback = try NativeFunction.make("resume_swift_task") { _, _, _ in
            wait.resume(with: .success(()))
            return OwnedReference(borrowed: amaru_none())
        }
        _ =
            try readAttribute("add_done_callback").dynamicallyCall(
                withArguments: [callback]) as PythonObject
        try await wait.value()
    }
}

/// A Swift task that waits for Python, known to the shutdown, which leaves none waiting.
final class PendingAwait: Sendable {
    private struct State {
        var continuation: CheckedContinuation<Void, any Error>?
        var result: Result<Void, any Error>?
    }

    private let state = Lock(State())
    private static let all = Lock<[ObjectIdentifier: PendingAwait]>([:])

    func value() async throws {
        Self.all.withLock { $0[ObjectIdentifier(self)] = self }
        defer { Self.all.withLock { $0[ObjectIdentifier(self)] = nil } }
        try await withCheckedThrowingContinuation { continuation in
            let result = state.withLock { state in
                if state.result == nil { state.continuation = continuation }
                return state.result
            }
            if let result { continuation.resume(with: result) }
        }
    }

    func resume(with result: Result<Void, any Error>) {
        let continuation = state.withLock { state in
            if state.result == nil { state.result = result }
            defer { state.continuation = nil }
            return state.continuation
        }
        continuation?.resume(with: result)
    }

    /// Ends every wait, when the loop has ended and no callback will come.
    static func abandonAll(_ error: any Error) {
        for wait in all.withLock({ Array($0.values) }) { wait.resume(with: .failure(error)) }
    }
}
