// Conversations as JSON, which can be read back.
// SPDX-License-Identifier: Apache-2.0

import AmaruStore

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A conversation with all of its branches; times are seconds since 1970.
struct ConversationDocument: Codable {
    struct Turn: Codable {
        var id: Int64
        var parent: Int64?
        var question: String
        var answer: String
        var state: String
        var reason: String?
        var model: String?
        var started: Double
        var ended: Double?
        /// The base URL that was asked, if it is known.
        var server: String?
        var promptTokens: Int?
        var completionTokens: Int?
        /// What the turn cost by the prices of the settings; not read back.
        var cost: Double?
        var attachments: [File]?
        /// What else was shown: thoughts, tool calls, notices.
        var events: [Event]?
    }

    struct File: Codable {
        var name: String
        var mediaType: String
        var size: Int
        /// In base64; nil if it was not kept.
        var data: Data?
    }

    struct Event: Codable {
        var seq: Int
        var at: Double
        var kind: String
        var data: String
    }

    var id: String
    var title: String
    var model: String
    var script: String?
    /// The user whose it is, if a server had several.
    var owner: String?
    var server: String?
    var system: String?
    var created: Double
    var changed: Double
    var head: Int64?
    /// What all turns have used and cost; not read back.
    var spending: Spent?
    var turns: [Turn]

    /// Tokens, and their cost as far as it is known.
    struct Spent: Codable {
        var promptTokens: Int
        var completionTokens: Int
        var cost: Double?
        var currency: String?

        init?(_ spending: Spending, currency: String?) {
            guard spending.isCounted else { return nil }
            promptTokens = spending.usage.prompt
            completionTokens = spending.usage.completion
            cost = spending.knownCost
            self.currency = cost == nil ? nil : currency ?? Price.standardCurrency
        }
    }

    // MARK: Writing

    init(
        _ whole: WholeConversation,
        _ store: ConversationStore,
        _ prices: Configuration
    ) throws {
        var whole = whole
        try store.fetchFiles(of: &whole.turns)
        let conversation = whole.conversation
        id = conversation.id
        title = conversation.title
        model = conversation.model
        script = conversation.script
        owner = conversation.owner
        server = conversation.server.isEmpty ? nil : conversation.server
        system = conversation.system.isEmpty ? nil : conversation.system
        created = conversation.created
        changed = conversation.changed
        head = conversation.head
        spending = Spent(Spending(whole, prices), currency: prices.currency)
        turns = try whole.turns.map { turn in
            var made = Turn(turn, try store.notes(of: turn.id))
            made.cost = Spending(turn, of: conversation, prices).knownCost
            return made
        }
    }

    private static func encoder(_ others: JSONEncoder.OutputFormatting = []) -> JSONEncoder {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = others.union([.sortedKeys, .withoutEscapingSlashes])
        return encoder
    }

    /// One line, without its end.
    var line: String {
        get throws { String(decoding: try Self.encoder().encode(self), as: UTF8.self) }
    }

    /// Indented lines.
    var text: String {
        get throws {
            String(decoding: try Self.encoder(.prettyPrinted).encode(self), as: UTF8.self) + "\n"
        }
    }

    /// What a list says of a conversation.
    private struct Entry: Encodable {
        let id: String
        let title: String
        let model: String
        let script: String?
        let created: Double
        let changed: Double
        let spending: Spent?
        var excerpt: String?

        init(
            _ conversation: Conversation,
            _ spending: Spent? = nil,
            excerpt: String? = nil
        ) {
            self.spending = spending
            id = conversation.id
            title = conversation.title
            model = conversation.model
            script = conversation.script
            created = conversation.created
            changed = conversation.changed
            self.excerpt = excerpt
        }
    }

    /// A line for each conversation, with what it has used.
    static func lines(
        of all: [Conversation],
        _ spendings: [String: Spending],
        currency: String?
    ) throws -> String {
        try lines(
            all.map { conversation in
                let spending = spendings[conversation.id]
                return Entry(
                    conversation,
                    spending.flatMap { Spent($0, currency: currency) }
                )
            }
        )
    }

    /// A line for each finding.
    static func lines(of found: [FoundConversation]) throws -> String {
        try lines(found.map { Entry($0.conversation, excerpt: $0.excerpt) })
    }

    private static func lines(_ entries: [Entry]) throws -> String {
        let encoder = encoder()
        return try entries.reduce(into: "") { text, entry in
            text += String(decoding: try encoder.encode(entry), as: UTF8.self) + "\n"
        }
    }

    // MARK: Reading

    /// The conversation of a line.
    ///
    /// - Throws: `CommandFailure` that names the line if it is not one.
    static func whole(_ line: Data, _ place: String) throws -> WholeConversation {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        guard let read = try? decoder.decode(ConversationDocument.self, from: line),
            let whole = read.whole
        else {
            throw CommandFailure(
                "\(place) is no conversation: import what amaru history export --json has written. "
                    + "The lines before it were imported."
            )
        }
        return whole
    }

    private var whole: WholeConversation? {
        guard id.count == 10, Conversation.isID(id) else { return nil }
        var conversation = Conversation(id: id, title: title, model: model, at: created)
        conversation.script = script
        conversation.owner = owner
        conversation.server = server ?? ""
        conversation.system = system ?? ""
        conversation.changed = changed
        conversation.head = head
        let stored = turns.compactMap(\.stored)
        var whole = WholeConversation(conversation: conversation, turns: stored)
        for turn in turns { whole.notes[turn.id] = turn.log }
        return stored.count == turns.count && whole.isTree ? whole : nil
    }
}

extension ConversationDocument.Turn {
    fileprivate init(_ turn: StoredTurn, _ notes: [StoredEvent]) {
        id = turn.id
        parent = turn.parent
        question = turn.question
        answer = turn.answer
        state = turn.state.rawValue
        reason = turn.reason.isEmpty ? nil : turn.reason
        model = turn.model.isEmpty ? nil : turn.model
        started = turn.started
        ended = turn.ended
        server = turn.server.isEmpty ? nil : turn.server
        promptTokens = turn.promptTokens
        completionTokens = turn.completionTokens
        let files = turn.files.map { file in
            ConversationDocument.File(
                name: file.name,
                mediaType: file.mediaType,
                size: file.size,
                data: file.bytes.map { Data($0) }
            )
        }
        attachments = files.isEmpty ? nil : files
        let others = notes.map {
            ConversationDocument.Event(seq: $0.seq, at: $0.time, kind: $0.kind, data: $0.data)
        }
        events = others.isEmpty ? nil : others
    }

    fileprivate var stored: StoredTurn? {
        guard let state = StoredTurn.State(rawValue: state) else { return nil }
        var turn = StoredTurn(
            id: id,
            parent: parent,
            question: question,
            model: model ?? "",
            at: started
        )
        turn.answer = answer
        turn.server = server ?? ""
        turn.files = (attachments ?? []).map { file in
            StoredFile(
                name: file.name,
                mediaType: file.mediaType,
                size: file.size,
                bytes: file.data.map { [UInt8]($0) }
            )
        }
        // Nobody goes on with it here.
        turn.state = state == .running ? .interrupted : state
        turn.reason = reason ?? ""
        turn.ended = ended
        turn.promptTokens = promptTokens
        turn.completionTokens = completionTokens
        return turn
    }

    fileprivate var log: [StoredEvent] {
        (events ?? []).map {
            StoredEvent(seq: $0.seq, kind: $0.kind, data: $0.data, time: $0.at)
        }
    }
}
