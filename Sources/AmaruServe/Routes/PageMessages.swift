// What the page sends and gets as JSON.
// SPDX-License-Identifier: Apache-2.0

import AmaruStore
import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOCore

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What went wrong, for the page to say.
package struct PageFault: Encodable, Sendable, Equatable {
    package var code: String
    package var message: String
    package var remedy: String

    package init(code: String, message: String, remedy: String = "") {
        self.code = code
        self.message = message
        self.remedy = remedy
    }
}

/// What the page shows around its conversations.
package struct PageState: Encodable, Sendable {
    package var title: String
    package var script: String?
    package var model: String
    package var version: String
    /// Whether the script has started.
    package var isReady: Bool
    /// Why the script does not answer.
    package var fault: PageFault?

    package init(
        title: String,
        script: String?,
        model: String,
        version: String,
        isReady: Bool = true,
        fault: PageFault? = nil
    ) {
        self.title = title
        self.script = script
        self.model = model
        self.version = version
        self.isReady = isReady
        self.fault = fault
    }

    private enum CodingKeys: String, CodingKey {
        case title, script, model, version, fault
        case isReady = "ready"
    }

    /// Encodes what is missing as null.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(title, forKey: .title)
        try container.encode(script, forKey: .script)
        try container.encode(model, forKey: .model)
        try container.encode(version, forKey: .version)
        try container.encode(isReady, forKey: .isReady)
        try container.encode(fault, forKey: .fault)
    }
}

/// The list of conversations.
struct ListMessage: Encodable {
    struct Entry: Encodable {
        let id, title, model: String
        let changed: Double
    }

    let conversations: [Entry]
    let more: Bool

    init(_ found: [Conversation], areMore: Bool) {
        conversations = found.map {
            Entry(id: $0.id, title: $0.title, model: $0.model, changed: $0.changed)
        }
        more = areMore
    }
}

/// A conversation along the branch that is shown.
struct ConversationMessage: Encodable {
    struct Usage: Encodable { let prompt, completion: Int }

    struct Entry: Encodable {
        let id: Int64
        /// What ends with the name that the client gave its request.
        let request: String?
        let question, state, reason, model: String
        let blocks: [String]
        let reasoning: String
        let usage: Usage?
        /// How long it took, in milliseconds.
        let ms: Int?
        let error: PageFault?
        /// Turns with the same question in the same place, the oldest first.
        let answers: [Int64]
        /// For each question in this place a turn with it: this one, or the newest.
        let questions: [Int64]
    }

    let id, title, model: String
    let turns: [Entry]

    init(_ whole: WholeConversation, _ answers: [Int64: AnswerStream]) {
        (id, title, model) = (
            whole.conversation.id, whole.conversation.title, whole.conversation.model
        )
        turns = whole.branch.map { turn in
            // One that is open is followed from its beginning.
            let shown = answers[turn.id] ?? AnswerStream()
            let versions = whole.versions(of: turn)
            return Entry(
                id: turn.id,
                request: turn.request,
                question: turn.question,
                state: turn.state.rawValue,
                reason: turn.reason,
                model: turn.model,
                blocks: shown.blocks,
                reasoning: shown.reasoning,
                usage: turn.promptTokens.flatMap { prompt in
                    turn.completionTokens.map { Usage(prompt: prompt, completion: $0) }
                },
                ms: turn.milliseconds,
                error: turn.state == .failed
                    ? PageFault(code: "failed", message: turn.reason) : nil,
                answers: versions.answers,
                questions: versions.questions
            )
        }
    }
}

/// A message to a conversation.
struct SendMessage: Decodable {
    let new: NewTurn

    private enum CodingKeys: CodingKey { case message, request, parent }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        var new = NewTurn(
            message: try container.decode(String.self, forKey: .message),
            request: try container.decode(String.self, forKey: .request)
        )
        if container.contains(.parent) {
            let parent = try container.decode(Int64?.self, forKey: .parent)
            new.place = parent.map { .after($0) } ?? .beginning
        }
        self.new = new
    }
}

/// A change of a conversation.
struct ChangeMessage: Decodable {
    let title: String?
    let head: Int64?
}

extension Request {
    /// Reads a body of JSON.
    ///
    /// - Throws: ``PageError`` that says what is wrong with it.
    func decoded<Message: Decodable>(_: Message.Type, atMost size: Int) async throws -> Message {
        let type = headers[.contentType].flatMap { MediaType(from: $0) }
        guard type?.isType(.applicationJson) == true else {
            throw PageError(.unsupportedMediaType, "media_type", "the body has to be JSON")
        }
        let body = try await body.collect(upTo: size)
        do {
            return try JSONDecoder().decode(Message.self, from: Data(body.readableBytesView))
        } catch let error as DecodingError {
            throw PageError(.badRequest, "invalid", Self.words(for: error))
        }
    }

    private static func words(for error: DecodingError) -> String {
        func name(_ path: [any CodingKey]) -> String {
            path.isEmpty ? "the body" : path.map(\.stringValue).joined(separator: ".")
        }
        switch error {
        case .keyNotFound(let key, let context):
            return "\(name(context.codingPath + [key])) is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            return "\(name(context.codingPath)) has the wrong type"
        case .dataCorrupted(let context):
            return "\(name(context.codingPath)) is not valid JSON"
        @unknown default:
            return "the body is not what it should be"
        }
    }
}

extension Response {
    /// An answer of JSON, which no cache keeps.
    init(json value: some Encodable, status: HTTPResponse.Status = .ok) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let bytes = (try? encoder.encode(value)) ?? Data("{}".utf8)
        self.init(
            status: status,
            headers: [
                .contentType: "application/json; charset=utf-8", .cacheControl: "no-store",
            ],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes))
        )
    }
}
