// Everything that a chat can show.
// SPDX-License-Identifier: Apache-2.0

/// Something that happened in a chat, in the order in which it happened.
///
/// Texts are the model's, the script's or a plugin's, unfiltered: whoever writes them to a
/// terminal removes escape sequences first.
public enum ChatEvent: Sendable, Equatable {
    /// More of the answer of a turn.
    case text(turn: Int, String)
    /// More of what the model thinks before it answers.
    case reasoning(turn: Int, String)
    /// A tool that the model asked for, with its arguments as JSON text.
    case toolCall(turn: Int, name: String, arguments: String)
    /// What a turn cost, in tokens.
    case usage(turn: Int, prompt: Int, completion: Int)
    /// A whole reply of a script that has no turns.
    case display(turn: Int, String)
    /// The end of a turn; the reason is the model's, or `cancelled`.
    case finished(turn: Int, reason: String)
    /// The end of a turn by a fault.
    case failed(turn: Int, ChatFailure)
    /// One line for standard error.
    case notice(String)
    /// The script cannot go on.
    case ended(ChatFailure)
}

/// What went wrong in a turn: what happened, where, and what to do.
public struct ChatFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kind of fault, such as `authentication` or `connection`.
    public let code: String
    /// What happened, to what.
    public let message: String
    /// What the user can do; may be empty.
    public let remedy: String

    /// Creates a failure.
    public init(code: String, message: String, remedy: String) {
        self.code = code
        self.message = message
        self.remedy = remedy
    }

    /// Message and remedy.
    public var description: String { remedy.isEmpty ? message : "\(message): \(remedy)" }
}
