// The one way that Ctrl-C takes through the program.
// SPDX-License-Identifier: Apache-2.0

import Amaru

/// Hands each Ctrl-C to the line being read, else to what is under way.
final class InterruptRoute: Sendable {
    private let state = Lock(InterruptState())
    private let signals: SignalSource

    /// Takes SIGINT over.
    ///
    /// - Parameter line: Gives up the line being read; returns false if no line is being read.
    /// - Throws: `PosixError` when the process is out of descriptors.
    init(line: @escaping @Sendable () -> Bool) throws {
        signals = try SignalSource([SIGINT])
        let stream = signals.signals
        Task.detached { [weak self] in
            for await _ in stream where !line() {
                let next = self?.state.withLock { $0.interrupted() }
                if let (handler, count) = next { handler(count) }
            }
        }
    }

    /// Runs `body`, and `handler` for each Ctrl-C meanwhile, with its number from 1.
    ///
    /// - Throws: What `body` throws.
    func during<Value>(
        _ handler: @escaping @Sendable (Int) -> Void,
        _ body: () async throws -> Value
    ) async rethrows -> Value {
        begin(handler)
        defer { _ = state.withLock { $0.end() } }
        return try await body()
    }

    private func begin(_ handler: @escaping @Sendable (Int) -> Void) {
        if let (handler, count) = state.withLock({ $0.begin(handler) }) { handler(count) }
    }

    /// Runs `body` in a task that the first Ctrl-C cancels.
    ///
    /// - Parameters:
    ///   - again: Called for each further Ctrl-C. Pass it if `body` may handle the first one.
    ///   - body: The work, which takes no interrupts itself before it first waits.
    /// - Returns: What `body` returns.
    /// - Throws: What `body` throws. Without `again`, also `CancellationError` if a Ctrl-C came just
    ///   as `body` returned.
    func cancelling<Value: Sendable>(
        again: (@Sendable () -> Void)? = nil,
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        // Here until it waits: a thread of the pool would first have to wake.
        let task = Task.immediate { try await body() }
        begin { $0 == 1 ? task.cancel() : again?() }
        let result = await task.result
        // The task may have ended before it saw the Ctrl-C.
        let isInterrupted = state.withLock { $0.end() } > 0
        if isInterrupted, again == nil, case .success = result { throw CancellationError() }
        return try result.get()
    }
}

/// What a Ctrl-C does, by what the program is doing: a state machine without signals.
struct InterruptState {
    /// What the program does when an interrupt comes; it gets the interrupt's number.
    typealias Handler = @Sendable (Int) -> Void

    private var handler: Handler?
    private var count = 0

    /// A Ctrl-C came; returns what to do.
    ///
    /// One that comes while nothing handles it counts for what begins next.
    mutating func interrupted() -> (Handler, Int)? {
        count += 1
        return handler.map { ($0, count) }
    }

    /// Something begins that an interrupt ends; returns what to do if one has come already.
    mutating func begin(_ handler: @escaping Handler) -> (Handler, Int)? {
        self.handler = handler
        return count > 0 ? (handler, count) : nil
    }

    /// Returns how many interrupts have come since the end before.
    @discardableResult
    mutating func end() -> Int {
        defer { self = InterruptState() }
        return count
    }
}
