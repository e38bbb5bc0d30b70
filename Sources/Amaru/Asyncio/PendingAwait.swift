// A Swift task that waits for something to happen on the Python thread.
// SPDX-License-Identifier: Apache-2.0

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
