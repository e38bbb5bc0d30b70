// A value that arrives once, awaited by any number of tasks.
// SPDX-License-Identifier: Apache-2.0

import Amaru

/// A value that one thread sets and any number of tasks wait for.
package final class AsyncValue<Value: Sendable>: Sendable {
    private typealias Waiters = [Int: CheckedContinuation<Value, any Error>]

    private struct State {
        var value: Value?
        var nextWaiter = 0
        var waiters: Waiters = [:]
        // A task may be cancelled between taking its number and registering.
        var cancelled: Set<Int> = []
    }

    private let state = Lock(State())

    package init() {}

    /// The value if it has arrived.
    package var current: Value? { state.withLock { $0.value } }

    /// Sets the value; later calls do nothing.
    package func set(_ value: Value) {
        let waiters = state.withLock { state in
            guard state.value == nil else { return [:] as Waiters }
            state.value = value
            defer { state.waiters = [:] }
            return state.waiters
        }
        for (_, waiter) in waiters { waiter.resume(returning: value) }
    }

    /// Waits for the value.
    ///
    /// - Throws: `CancellationError` if the waiting task is cancelled first.
    package func wait() async throws -> Value {
        let number = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { register($0, as: number) }
        } onCancel: {
            cancel(number)
        }
    }

    /// Waits for the value even in a cancelled task, for clean-up that must finish.
    package func waitRegardlessOfCancellation() async -> Value {
        await Task.detached { [self] in
            // The detached task is never cancelled, so the wait can't throw.
            while true {
                if let value = try? await wait() { return value }
            }
        }.value
    }

    private func register(_ waiter: CheckedContinuation<Value, any Error>, as number: Int) {
        let result: Result<Value, any Error>? = state.withLock { state in
            if let value = state.value { return .success(value) }
            if state.cancelled.remove(number) != nil { return .failure(CancellationError()) }
            state.waiters[number] = waiter
            return nil
        }
        if let result { waiter.resume(with: result) }
    }

    private func cancel(_ number: Int) {
        let waiter = state.withLock { state -> CheckedContinuation<Value, any Error>? in
            guard state.value == nil else { return nil }
            if let waiter = state.waiters.removeValue(forKey: number) { return waiter }
            state.cancelled.insert(number)
            return nil
        }
        waiter?.resume(throwing: CancellationError())
    }
}

/// Runs `body` to its end in a task of its own, for which a cancelled caller does not wait.
///
/// - `limit`: The longest that any caller waits; nil for no limit.
/// - Throws: What `body` throws; `CancellationError` if the caller does not wait for the end.
package func abandonable<Value: Sendable>(
    within limit: Duration? = nil,
    _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    let result = AsyncValue<Result<Value, any Error>>()
    Task.detached {
        do { result.set(.success(try await body())) } catch { result.set(.failure(error)) }
    }
    let watch = Task.detached {
        guard let limit else { return }
        try await Task.sleep(for: limit)
        result.set(.failure(CancellationError()))
    }
    defer { watch.cancel() }
    return try await result.wait().get()
}
