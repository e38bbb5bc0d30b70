// How many connections a server accepts.
// SPDX-License-Identifier: Apache-2.0

import HummingbirdCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Accepts connections up to a number, and counts them.
struct ConnectionLimit: AvailableConnectionsDelegate {
    private let metrics: ServeMetrics
    /// Those that make room for others.
    let waiting: WaitingConnections

    /// Files that the rest of the program keeps: Python, the store, connections to models.
    private static let reserve = 128

    /// Grants the number that is asked for, as far as the process may open files.
    init(_ wanted: Int, _ metrics: ServeMetrics) {
        self.metrics = metrics
        let limit = min(wanted, max(Self.openFiles(for: wanted) - Self.reserve, 16))
        waiting = WaitingConnections(limit: limit, metrics)
    }

    mutating func connectionOpened() { metrics.connectionOpened() }
    mutating func connectionClosed() { metrics.connectionClosed() }
    func isAcceptingNewConnections() -> Bool { !waiting.isFull }

    /// Raises the limit of open files as far as that is needed and allowed; returns it.
    private static func openFiles(for wanted: Int) -> Int {
        var limits = rlimit()
        #if canImport(Glibc)
            let files = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #else
            let files = RLIMIT_NOFILE
        #endif
        guard getrlimit(files, &limits) == 0 else { return 256 }
        let needed = rlim_t(wanted + reserve)
        if limits.rlim_cur < needed {
            let former = limits.rlim_cur
            limits.rlim_cur = min(needed, limits.rlim_max)
            if setrlimit(files, &limits) != 0 { limits.rlim_cur = former }
        }
        return Int(min(limits.rlim_cur, rlim_t(Int32.max)))
    }
}
