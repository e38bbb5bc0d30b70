// How a child process ended.
// SPDX-License-Identifier: Apache-2.0

/// How a child process ended.
public enum ExitStatus: Sendable, Equatable, CustomStringConvertible {
    /// It ended by itself with this code.
    case exited(Int32)

    /// A signal ended it.
    case signalled(Int32)

    /// Whether it ended by itself with code 0.
    public var isSuccess: Bool { self == .exited(0) }

    /// A phrase as in "exit code 1" or "signal 9".
    public var description: String {
        switch self {
        case .exited(let code): "exit code \(code)"
        case .signalled(let signal): "signal \(signal)"
        }
    }

    /// Decodes the status that `waitpid` stores.
    ///
    /// The C macros for it are not imported into Swift.
    package init(waitStatus: Int32) {
        let signal = waitStatus & 0x7f
        self = signal == 0 ? .exited((waitStatus >> 8) & 0xff) : .signalled(signal)
    }
}
