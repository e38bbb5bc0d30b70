// A failed system call in words.
// SPDX-License-Identifier: Apache-2.0

import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A failed system call: what was tried, on what, and the code it left.
package struct PosixError: Error, CustomStringConvertible {
    /// The `errno` that the call left.
    package let code: Int32

    /// What was tried, as in "create /tmp/x".
    package let action: String

    package init(_ action: String, code: Int32 = errno) {
        self.code = code
        self.action = action
    }

    /// Runs `body` and puts what was tried to the bare number that it throws.
    package static func naming<Value>(
        _ action: @autoclosure () -> String,
        _ body: () throws -> Value
    ) throws -> Value {
        do {
            return try body()
        } catch let number as Errno {
            throw PosixError(action(), code: number.rawValue)
        }
    }

    /// Whether space or quota ran out.
    var isDiskFull: Bool { code == ENOSPC || code == EDQUOT }

    /// Whether a limit of the process or the system was reached.
    var isShortage: Bool { [EMFILE, ENFILE, ENOMEM, EAGAIN].contains(code) }

    /// What was tried and why it failed; a limit of the process with its value.
    package var description: String { "cannot \(action): \(Errno(rawValue: code))\(limit)" }

    /// The limit that a shortage comes from, and how to raise it.
    private var limit: String {
        switch code {
        case EMFILE: "; the limit of open files is \(Self.value(RLIMIT_NOFILE)) (ulimit -n)"
        case ENOMEM: "; the limit of memory is \(Self.value(RLIMIT_AS, unit: 1024)) KB (ulimit -v)"
        case EAGAIN:
            "; a limit of the user's processes (ulimit -u) or of memory (ulimit -v, "
                + "\(Self.value(RLIMIT_AS, unit: 1024)) KB) is reached"
        default: ""
        }
    }

    #if canImport(Glibc)
        private typealias Resource = __rlimit_resource
    #else
        private typealias Resource = Int32
    #endif

    private static func value(_ resource: Resource, unit: UInt64 = 1) -> String {
        var limit = rlimit()
        #if canImport(Glibc)
            let status = getrlimit(__rlimit_resource_t(resource.rawValue), &limit)
        #else
            let status = getrlimit(resource, &limit)
        #endif
        guard status == 0, limit.rlim_cur < UInt64(Int64.max) else { return "unlimited" }
        return String(UInt64(limit.rlim_cur) / unit)
    }
}
