// An answer as one JSON object, for `--json`.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What is known of an answer, and in the end the object that is printed.
struct AnswerRecord: Encodable {
    struct ToolCall: Encodable {
        let name: String
        let arguments: String
    }

    struct File: Encodable {
        let name: String
        let mediaType: String
        /// In base64.
        let data: String

        init(_ file: Attachment) {
            name = file.name
            mediaType = file.mediaType
            data = file.bytes.base64EncodedString()
        }
    }

    struct Usage: Encodable {
        let promptTokens: Int
        let completionTokens: Int
    }

    /// In seconds.
    struct Times: Encodable {
        /// From the question to when the request left, from which the others count; 0 if that is
        /// not known.
        var start = 0.0
        var firstToken: Double?
        var end = 0.0
    }

    struct Failure: Encodable {
        let code: String
        let message: String
        let remedy: String
    }

    private(set) var text = ""
    private var reasoning = ""
    private var toolCalls: [ToolCall] = []
    private var attachments: [File] = []
    private var model = ""
    private var usage: Usage?
    private var finishReason: String?
    private var times = Times()
    /// When the answer began, from the question on.
    private(set) var firstToken: Duration?
    private var failure: Failure?

    /// Takes an event; returns whether it is no part of the answer, but for the user.
    mutating func take(_ event: TurnEvent, at time: Duration) -> Bool {
        switch event {
        case .text(let more): text += more
        case .display(let reply): text += reply + "\n"
        case .reasoning(let more): reasoning += more
        case .toolCall(let name, let arguments):
            toolCalls.append(ToolCall(name: name, arguments: arguments))
        case .attachment(let file): attachments.append(File(file))
        case .usage(let prompt, let completion):
            usage = Usage(promptTokens: prompt, completionTokens: completion)
            return false
        case .notice, .stalled, .retrying, .skipped: return true
        }
        firstToken = firstToken ?? time
        return false
    }

    /// Says how the answer ended.
    ///
    /// - `departure`: When the request left, from the question on.
    mutating func finish(_ end: TurnEnd, model: String, at time: Duration, departure: Duration) {
        self.model = model
        times = Times(
            start: departure.seconds,
            firstToken: firstToken.map { ($0 - departure).seconds },
            end: (time - departure).seconds
        )
        switch end {
        case .finished(let reason): finishReason = reason
        case .failed(let fault):
            failure = Failure(code: fault.code, message: fault.message, remedy: fault.remedy)
        case .cancelled:
            failure = Failure(code: "cancelled", message: "it was stopped", remedy: "")
        case .exited(let code):
            failure = Failure(code: "exit", message: "the script ended with \(code)", remedy: "")
        }
    }

    private enum CodingKeys: CodingKey {
        case text, reasoning, toolCalls, attachments, model, usage, finishReason, times, failure
    }

    /// Encodes every field, so that what is missing is null.
    func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode(text, forKey: .text)
        try fields.encode(reasoning, forKey: .reasoning)
        try fields.encode(toolCalls, forKey: .toolCalls)
        try fields.encode(attachments, forKey: .attachments)
        try fields.encode(model, forKey: .model)
        try fields.encode(usage, forKey: .usage)
        try fields.encode(finishReason, forKey: .finishReason)
        try fields.encode(times, forKey: .times)
        try fields.encode(failure, forKey: .failure)
    }
}

/// An event or the end of an answer as a line of JSON, for `--events`.
struct EventLine: Encodable {
    private let type: String
    /// In seconds from the question on.
    private let at: Double
    private var text: String?
    private var name: String?
    private var arguments: String?
    private var mediaType: String?
    private var data: String?
    private var promptTokens: Int?
    private var completionTokens: Int?
    private var message: String?
    private var seconds: Double?
    private var attempt: Int?
    private var attempts: Int?
    private var count: Int?
    private var reason: String?
    private var code: String?
    private var remedy: String?
    private var status: Int32?

    init(_ event: TurnEvent, at time: Duration) {
        at = time.seconds
        switch event {
        case .text(let text): (type, self.text) = ("text", text)
        case .display(let text): (type, self.text) = ("display", text)
        case .reasoning(let text): (type, self.text) = ("reasoning", text)
        case .toolCall(let name, let arguments):
            (type, self.name, self.arguments) = ("tool_call", name, arguments)
        case .attachment(let file):
            (type, name, mediaType) = ("attachment", file.name, file.mediaType)
            data = file.bytes.base64EncodedString()
        case .usage(let prompt, let completion):
            (type, promptTokens, completionTokens) = ("usage", prompt, completion)
        case .notice(let message), .stalled(let message):
            (type, self.message) = ("notice", message)
        case .retrying(let reason, let delay, let attempt, let attempts):
            (type, message, seconds) = ("retrying", reason, delay.seconds)
            (self.attempt, self.attempts) = (attempt, attempts)
        case .skipped(let count): (type, self.count) = ("skipped", count)
        }
    }

    init(_ end: TurnEnd, at time: Duration) {
        at = time.seconds
        switch end {
        case .finished(let reason): (type, self.reason) = ("finished", reason)
        case .cancelled: type = "cancelled"
        case .failed(let fault):
            (type, code, message) = ("failed", fault.code, fault.message)
            remedy = fault.remedy
        case .exited(let status): (type, self.status) = ("exited", status)
        }
    }
}

extension Duration {
    /// The time in seconds, to the millisecond.
    var seconds: Double { (self / .milliseconds(1)).rounded() / 1000 }
}
