// Threads outside Swift's pool, for tests.
// SPDX-License-Identifier: Apache-2.0

import Foundation

enum Thread {
    static func detach(_ body: @escaping @Sendable () -> Void) {
        Foundation.Thread.detachNewThread(body)
    }
}

/// Runs `body` on a thread of its own and waits for its result.
func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value
{
    try await withCheckedThrowingContinuation { continuation in
        Thread.detach { continuation.resume(with: Result { try body() }) }
    }
}
