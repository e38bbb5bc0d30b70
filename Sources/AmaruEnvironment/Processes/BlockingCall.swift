// Calls that block (files, locks, waits) on a thread of their own.
// SPDX-License-Identifier: Apache-2.0

/// Runs `body` on a thread of its own and returns what it returns.
///
/// The threads of Swift's pool are as many as the cores: deleting a tree or flushing a disk there
/// would stop every other task.
///
/// - Throws: What `body` throws, or `PosixError` if the system has no thread to spare.
package func blockingCall<Value: Sendable>(
    _ name: String,
    _ body: @escaping @Sendable () throws -> Value
) async throws -> Value {
    let result = AsyncValue<Result<Value, any Error>>()
    try startThread(name) { result.set(Result(catching: body)) }
    return try await result.waitRegardlessOfCancellation().get()
}
