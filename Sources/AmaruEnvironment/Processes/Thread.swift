// Threads by name, whose start can fail.
// SPDX-License-Identifier: Apache-2.0

import Amaru

/// Starts a detached thread.
///
/// - Parameter name: What debuggers show; Linux keeps 15 bytes of it.
/// - Throws: `PosixError` if there is no room for the thread's stack or the user has too many.
package func startThread(_ name: String, _ body: @escaping @Sendable () -> Void) throws {
    // These threads read and wait; eight megabytes each would count against a limit of memory.
    let code = NativeThread.spawn(name: name, stackSize: 512 * 1024, body: body)
    guard code == 0 else { throw PosixError("start the thread \(name)", code: code) }
}
