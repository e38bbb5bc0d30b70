// Calls that block (files, locks, waits) on a thread of their own.
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Runs `body` on a thread of its own and returns what it returns.
///
/// The threads of Swift's pool are as many as the cores: deleting a tree or flushing a disk there
/// would stop every other task.
package func blockingCall<Value: Sendable>(
    _ name: String,
    _ body: @escaping @Sendable () throws -> Value
) async throws -> Value {
    let result = AsyncValue<Result<Value, any Error>>()
    startThread(name) { result.set(Result(catching: body)) }
    return try await result.waitRegardlessOfCancellation().get()
}

/// Starts a named thread.
package func startThread(_ name: String, _ body: @escaping @Sendable () -> Void) {
    let thread = Thread(block: body)
    thread.name = name
    thread.start()
}
