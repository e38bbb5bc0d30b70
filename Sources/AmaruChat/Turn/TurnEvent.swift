// What a turn is made of: its events, and its end.
// SPDX-License-Identifier: Apache-2.0

/// Something that a script adds to a turn.
///
/// Texts are free of terminal escape sequences.
public enum TurnEvent: Sendable, Equatable, Codable {
    /// More of the answer.
    case text(String)
    /// More of what the model thinks before it answers.
    case reasoning(String)
    /// A tool that the model asked for, with its arguments as JSON text.
    case toolCall(name: String, arguments: String)
    /// A file that comes with the answer.
    case attachment(Attachment)
    /// The tokens that the turn used.
    case usage(prompt: Int, completion: Int)
    /// A whole reply of a script that has no turns of its own.
    case display(String)
    /// One line of diagnostics.
    case notice(String)
    /// Nothing of the answer has come for a while: one line about it.
    case stalled(String)
    /// The request failed and is sent again after a delay.
    case retrying(reason: String, delay: Duration, attempt: Int, attempts: Int)
    /// This many events were dropped before the reader came to them.
    case skipped(Int)

    /// The memory that the event is charged with, in bytes.
    package var size: Int {
        switch self {
        case .text(let text), .reasoning(let text), .display(let text), .notice(let text),
            .stalled(let text):
            text.utf8.count + Self.overhead
        case .toolCall(let name, let arguments):
            name.utf8.count + arguments.utf8.count + Self.overhead
        case .retrying(let reason, _, _, _):
            reason.utf8.count + Self.overhead
        case .attachment(let file):
            file.name.utf8.count + file.bytes.count + Self.overhead
        case .usage, .skipped:
            Self.overhead
        }
    }

    /// The part of its size that is what a file holds.
    package var fileSize: Int {
        if case .attachment(let file) = self { file.bytes.count } else { 0 }
    }

    /// What an event is charged with beside its texts.
    static let overhead = 32
}

/// A question and its answer, as the screen has shown them.
public struct ChatExchange: Sendable, Equatable, Codable {
    /// What the user wrote.
    public let question: String
    /// What was shown, also of an answer that was cut short.
    public let answer: String
    /// The files that went with the question.
    public let attachments: [Attachment]

    /// Creates an exchange.
    public init(question: String, answer: String, attachments: [Attachment] = []) {
        self.question = question
        self.answer = answer
        self.attachments = attachments
    }
}

/// How a turn ended.
public enum TurnEnd: Sendable, Equatable, Codable {
    /// The answer is complete; the reason is the model's, such as `stop` or `length`.
    case finished(reason: String)
    /// The user stopped it.
    case cancelled
    /// It failed.
    case failed(ChatFailure)
    /// The script ended the program with this exit code.
    case exited(Int32)
}

/// What went wrong: what happened, to what, and what to do.
public struct ChatFailure: Error, Sendable, Equatable, Codable, CustomStringConvertible {
    /// The kind of fault, such as `authentication` or `connection`.
    public let code: String
    /// What happened, to what.
    public let message: String
    /// What the user can do; may be empty.
    public let remedy: String
    /// After how long the same may succeed, if that is known.
    public let retryAfter: Duration?
    /// The error behind it, such as that of a start that failed; it is not encoded.
    public private(set) var cause: (any Error)?

    private enum CodingKeys: CodingKey { case code, message, remedy, retryAfter }

    /// Creates a failure.
    public init(
        code: String,
        message: String,
        remedy: String = "",
        retryAfter: Duration? = nil,
        cause: (any Error)? = nil
    ) {
        self.code = code
        self.message = message
        self.remedy = remedy
        self.retryAfter = retryAfter
        self.cause = cause
    }

    /// Compares what the user is told.
    public static func == (one: ChatFailure, other: ChatFailure) -> Bool {
        (one.code, one.message, one.remedy, one.retryAfter)
            == (other.code, other.message, other.remedy, other.retryAfter)
    }

    /// Message and remedy.
    public var description: String { remedy.isEmpty ? message : "\(message): \(remedy)" }
}
