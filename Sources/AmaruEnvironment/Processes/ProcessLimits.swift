// What the system must let this process use.
// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The limits of this process, as `ulimit` shows them.
///
/// CPython, NIO and Swift's runtime end the process when they can't have a descriptor or a thread
/// at the wrong moment. A program that starts all of them asks for enough beforehand.
package enum ProcessLimits {
    /// Makes sure that so many files can be open, and so many bytes of addresses used.
    ///
    /// A soft limit that is lower is raised, if the hard one allows it.
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

    #if canImport(Glibc)
        private typealias Resource = __rlimit_resource
        private static func number(_ resource: Resource) -> __rlimit_resource_t {
            __rlimit_resource_t(resource.rawValue)
        }
    #else
        private typealias Resource = Int32
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
