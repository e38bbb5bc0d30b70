// What can go wrong between the program and its terminal.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment

/// Says what failed on the terminal or on what stands in for it.
struct TerminalError: Error, Sendable, CustomStringConvertible {
    struct Code: Sendable, Hashable {
        private enum Kind {
            case outputClosed, outputFailed, notATerminal, busy, closed, lineTooLong
        }

        private let kind: Kind

        /// The reader of the output has gone, as in `amaru … | head`; an end, not a fault.
        static let outputClosed = Code(kind: .outputClosed)

        /// The output can't be written.
        static let outputFailed = Code(kind: .outputFailed)

        /// A descriptor is not a terminal, or its settings can't be read.
        static let notATerminal = Code(kind: .notATerminal)

        /// A line is being read already, or too many terminals are in use.
        static let busy = Code(kind: .busy)

        /// A line of the input is longer than any message may be.
        static let lineTooLong = Code(kind: .lineTooLong)

        /// The session has been closed.
        static let closed = Code(kind: .closed)
    }

    static var closed: TerminalError { TerminalError(.closed, "the terminal session is closed") }

    static var closedOutput: TerminalError {
        TerminalError(.outputFailed, "the output failed: standard output is closed")
    }

    static var lineTooLong: TerminalError {
        TerminalError(
            .lineTooLong,
            "a line of standard input is longer than \(LineInput.lineBound >> 20) MiB: "
                + "write shorter lines into amaru"
        )
    }

    let code: Code
    let message: String
    let cause: (any Error)?

    init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    var description: String { message }
}
