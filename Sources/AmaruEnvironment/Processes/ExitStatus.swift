// How a child process ended.
// SPDX-License-Identifier: Apache-2.0

/// The end of a child process: its exit code, or the signal that ended it.
public enum ExitStatus: Sendable, Equatable, CustomStringConvertible {
    /// It exited with this code.
    case exited(Int32)

    /// A signal ended it.
    case signalled(Int32)

    /// Whether it exited with code 0.
    public var isSuccess: Bool { self == .exited(0) }

    /// A phrase such as "exit code 1" or "signal 9".
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
