// Threads for calls that block: files, locks, waits.
// SPDX-License-Identifier: Apache-2.0

import Amaru

/// Starts a detached thread.
///
/// - `name`: What debuggers show; Linux keeps 15 bytes of it.
/// - Throws: `PosixError` if there is no memory for the thread's stack, or the user has too many.
package func startThread(_ name: String, _ body: @escaping @Sendable () -> Void) throws {
    // These threads read and wait; eight megabytes each would count against a limit of memory.
    let code = NativeThread.spawn(name: name, stackSize: 512 * 1024, body: body)
    guard code == 0 else { throw PosixError("start the thread \(name)", code: code) }
}

/// Runs `body` on a thread of its own and returns its result.
///
/// Swift's pool has as many threads as there are cores: deleting a tree or flushing a disk there
/// would stop every other task.
///
/// - Throws: What `body` throws, or `PosixError` if no thread can be started.
package func blockingCall<Value: Sendable>(
    _ name: String,
    _ body: @escaping @Sendable () throws -> Value
) async throws -> Value {
    let result = AsyncValue<Result<Value, any Error>>()
    try startThread(name) { result.set(Result(catching: body)) }
    return try await result.waitRegardlessOfCancellation().get()
}
