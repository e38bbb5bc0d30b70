// The limits of this process, and what it needs.
// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The limits of this process, as `ulimit` shows them.
///
/// CPython, NIO and Swift's runtime end the process if they get no descriptor or thread at the
/// wrong moment. A program that starts all of them makes sure beforehand that there are enough.
package enum ProcessLimits {
    /// Makes sure that the process can open so many files and use so many bytes of addresses.
    ///
    /// Raises a soft limit that is lower, if the hard limit allows it.
    ///
    /// - Throws: `Failure` for the first limit that is too low.
    package static func require(openFiles: UInt64, memory: UInt64) throws(Failure) {
        try require(RLIMIT_NOFILE, openFiles, "open files", "ulimit -n", unit: 1)
        try require(RLIMIT_AS, memory, "KB of memory", "ulimit -v", unit: 1024)
    }

    /// A limit that is too low for the program.
    package struct Failure: Error, CustomStringConvertible {
        /// Which limit it is, what is needed, and how to raise it.
        package let description: String
    }

    /// The soft limit, as messages show it.
    static func value(of resource: Resource, unit: UInt64 = 1) -> String {
        var limit = rlimit()
        guard getrlimit(number(resource), &limit) == 0, limit.rlim_cur < UInt64(Int64.max) else {
            return "unlimited"
        }
        return String(UInt64(limit.rlim_cur) / unit)
    }

    #if canImport(Glibc)
        typealias Resource = __rlimit_resource
        private static func number(_ resource: Resource) -> __rlimit_resource_t {
            __rlimit_resource_t(resource.rawValue)
        }
    #else
        typealias Resource = Int32
        private static func number(_ resource: Resource) -> Int32 { resource }
    #endif

    private static func require(
        _ resource: Resource,
        _ needed: UInt64,
        _ what: String,
        _ command: String,
        unit: UInt64
    ) throws(Failure) {
        var limit = rlimit()
        guard getrlimit(number(resource), &limit) == 0, limit.rlim_cur < needed else { return }
        let former = UInt64(limit.rlim_cur)
        limit.rlim_cur = min(rlim_t(needed), limit.rlim_max)
        guard limit.rlim_cur >= needed, setrlimit(number(resource), &limit) == 0 else {
            throw Failure(
                description: "the limit of \(former / unit) \(what) is too low: the program needs "
                    + "\(needed / unit); raise it with \(command)"
            )
        }
    }
}
