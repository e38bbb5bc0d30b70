// Ends an installer that does nothing any more.
// SPDX-License-Identifier: Apache-2.0

import Amaru

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Kills a child that has neither written a line nor a file for a time.
///
/// pip has a limit for each answer of a server, but none for one that comes a byte at a time or for
/// a build that waits. A download without a line is known by its growing file.
final class StallWatch: Sendable {
    private struct State {
        var lines = 0
        var hasFired = false
        var task: Task<Void, Never>?
    }

    private let state = Lock(State())

    /// Whether the child was killed.
    var hasFired: Bool { state.withLock(\.hasFired) }

    /// Starts to watch.
    ///
    /// - `folders`: Where the child writes, asked each time.
    init(
        of child: ChildProcess,
        in folders: @escaping @Sendable () -> [URL],
        limit: Duration
    ) {
        let task = Task.detached { [self] in
            var known: [Int] = []
            while true {
                let found = [state.withLock(\.lines)] + folders().flatMap(Self.growth)
                if found == known { break }
                known = found
                do { try await Task.sleep(for: limit) } catch { return }
            }
            state.withLock { $0.hasFired = true }
            child.signal(SIGKILL)
        }
        state.withLock { $0.task = task }
    }

    /// Notes that the child has written a line.
    func note() { state.withLock { $0.lines += 1 } }

    /// Watches no longer.
    func end() { state.withLock(\.task)?.cancel() }

    /// The number of files below a folder, and of their bytes.
    private static func growth(of folder: URL) -> [Int] {
        let found = sizes(below: folder)
        return [found.count, found.values.reduce(0, +)]
    }
}
