// One worker process, as the pool sees it.
// SPDX-License-Identifier: Apache-2.0

package import AmaruEnvironment

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

/// A process that a ``ChatWorker`` runs in.
package struct WorkerProcess: Sendable {
    /// Called with what it tells, a line, on the thread of its socket.
    package typealias OnLine = @Sendable (Data, LineSocket) -> Void

    /// What it is told, and tells.
    package let socket: LineSocket
    /// Waits for its end, even in a cancelled task, and describes that, as in "signal 9".
    package let end: @Sendable () async -> String
    /// Ends it at once.
    package let kill: @Sendable () -> Void

    /// Describes a process.
    ///
    /// - `socket`: The server's end, which is being read.
    package init(
        socket: LineSocket,
        end: @escaping @Sendable () async -> String,
        kill: @escaping @Sendable () -> Void
    ) {
        (self.socket, self.end, self.kill) = (socket, end, kill)
    }
}
