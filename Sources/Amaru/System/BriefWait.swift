// Looks for something a little while before the thread sleeps.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaru
internal import CAmaruPython

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A wait that a hand-over between two threads seldom outlasts.
///
/// To wake a thread that sleeps costs tens of microseconds, most of them on the way to another
/// processor. What answers within that time need not wake anybody.
package enum BriefWait {
    /// About what one wake-up costs, in nanoseconds.
    private static let limit: UInt64 = 50_000

    /// With one processor, whoever is waited for could not run.
    private static let isUseful = sysconf(Int32(_SC_NPROCESSORS_ONLN)) > 1

    /// Looks until `isDone` says so; returns false if that takes too long.
    package static func wait(until isDone: () -> Bool) -> Bool {
        guard isUseful else { return isDone() }
        let start = amaru_monotonic_nanoseconds()
        repeat {
            for _ in 0..<32 {
                if isDone() { return true }
                amaru_pause()
            }
        } while amaru_monotonic_nanoseconds() &- start < limit
        return isDone()
    }
}
