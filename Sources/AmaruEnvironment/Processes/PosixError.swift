// A failed system call in words.
// SPDX-License-Identifier: Apache-2.0

import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A failed system call: what was tried on what, and its error number.
package struct PosixError: Error, CustomStringConvertible {
    /// The call's `errno`.
    package let code: Int32

    /// What was tried, as in "create /tmp/x".
    package let action: String

    package init(_ action: String, code: Int32 = errno) {
        self.code = code
        self.action = action
    }

    /// Runs `body`, and adds to the bare `Errno` that it throws what was tried.
    ///
    /// - Throws: `PosixError`.
    static func naming<Value>(
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

    /// What was tried and why it failed; if a limit was reached, with its value.
    package var description: String { "cannot \(action): \(Errno(rawValue: code))\(limit)" }

    /// The limit that was reached, and the command that raises it.
    private var limit: String {
        switch code {
        case EMFILE:
            "; the limit of open files is \(ProcessLimits.value(of: RLIMIT_NOFILE)) (ulimit -n)"
        case ENOMEM:
            "; the limit of memory is \(ProcessLimits.value(of: RLIMIT_AS, unit: 1024)) KB (ulimit -v)"
        case EAGAIN:
            "; a limit of the user's processes (ulimit -u) or of memory (ulimit -v, "
                + "\(ProcessLimits.value(of: RLIMIT_AS, unit: 1024)) KB) is reached"
        default: ""
        }
    }
}
