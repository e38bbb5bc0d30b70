// A line that is asked for, and what came of it.
// SPDX-License-Identifier: Apache-2.0

/// What came of waiting for a line.
enum LineResult: Equatable, Sendable {
    /// The user entered this line; its newline is not part of it.
    case line(String)

    /// Ctrl-C on an empty line.
    case interrupted

    /// Ctrl-C while the line was being written; the line is gone.
    case cleared

    /// No line will come any more.
    case endOfInput

    /// Tab after this text; the line goes on when the next one is asked for.
    case completion(String)

    /// The user wants another program to edit this text; the line goes on as after a completion.
    case editing(String)
}

/// A line that is asked for.
struct LineRequest: Sendable {
    /// What happens to the text of the line before the user goes on.
    enum Change: Equatable, Sendable {
        case type(String)
        case replace(String)
    }

    var prompt: String
    var kind = LineKind.input
    var change: Change?
    /// Lines of earlier sessions, which come before those of this one.
    var history: [String] = []
    /// Called with a line when it is entered, which may be before it is asked for.
    var keep: (@Sendable (String) -> Void)?
}
