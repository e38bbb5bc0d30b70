// What the store holds: lists, single conversations, searches.
// SPDX-License-Identifier: Apache-2.0

/// The tokens that one model of one server has used in a conversation.
package struct UsedTokens: Sendable, Equatable {
    package let conversation: String
    package let server: String
    package let model: String
    package let turns: Int
    package let prompt: Int
    package let completion: Int
}

/// A turn that a search has found.
package struct FoundConversation: Sendable, Equatable {
    package let conversation: Conversation
    /// The words around the first place.
    package let excerpt: String
}

extension ConversationStore {
    private static let columns = "id, title, model, script, created, changed"

    private static func conversation(_ row: any Row) -> Conversation {
        Conversation(
            id: row.text(0),
            title: row.text(1),
            model: row.text(2),
            script: row.optionalText(3),
            created: row.real(4),
            changed: row.real(5)
        )
    }

    /// The conversations that were changed last, the newest last.
    ///
    /// System prompt, server and head are left out.
    package func list(atMost count: Int? = nil) throws(StoreError) -> [Conversation] {
        try database.rows(
            """
            SELECT * FROM (SELECT \(Self.columns) FROM conversation ORDER BY changed DESC LIMIT ?)
            ORDER BY changed
            """,
            SQLValue(count ?? -1),
            as: Self.conversation
        )
    }

    /// The conversations in a scope that were changed last before a time, the newest first; without
    /// those in which nothing was said.
    package func list(
        in scope: ConversationScope,
        before time: Double?,
        atMost count: Int
    ) throws(StoreError) -> [Conversation] {
        try database.rows(
            """
            SELECT \(Self.columns) FROM conversation
            WHERE owner IS ? AND script IS ? AND changed < ?
                AND EXISTS (SELECT 1 FROM turn WHERE turn.conversation = conversation.id)
            ORDER BY changed DESC LIMIT ?
            """,
            Self.values(scope) + [.real(time ?? .infinity), SQLValue(count)],
            as: Self.conversation
        )
    }

    /// The conversation that a turn is in; nil if the turn does not exist.
    package func conversation(of turn: Int64) throws(StoreError) -> String? {
        try database.rows(
            "SELECT conversation FROM turn WHERE id = ?",
            .integer(turn),
            as: { $0.text(0) }
        ).first
    }

    /// The tokens of all conversations, as far as servers have counted them.
    package func usage() throws(StoreError) -> [UsedTokens] {
        // As floating-point numbers, which cannot overflow.
        try database.rows(
            """
            SELECT c.id, CASE t.server WHEN '' THEN c.server ELSE t.server END AS place, t.model,
                count(*), total(t.prompt_tokens), total(t.completion_tokens)
            FROM turn t JOIN conversation c ON c.id = t.conversation
            WHERE t.prompt_tokens IS NOT NULL OR t.completion_tokens IS NOT NULL
            GROUP BY c.id, place, t.model
            """,
            as: { row in
                UsedTokens(
                    conversation: row.text(0),
                    server: row.text(1),
                    model: row.text(2),
                    turns: Int(row.integer(3)),
                    prompt: Int(max(0, min(row.real(4), 1e15))),
                    completion: Int(max(0, min(row.real(5), 1e15)))
                )
            }
        )
    }

    /// The identifiers that begin with a text, at most a few.
    package func identifiers(beginningWith text: String) throws(StoreError) -> [String] {
        // No wildcard of GLOB is in a text that can be an identifier.
        guard !text.isEmpty, text.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber) }) else {
            return []
        }
        return try database.rows(
            "SELECT id FROM conversation WHERE id GLOB ? || '*' ORDER BY id LIMIT 5",
            .text(text),
            as: { $0.text(0) }
        )
    }

    /// The conversation that was changed last, one in which every question failed without an answer
    /// only if there is no other; nil in an empty store.
    ///
    /// - `isBuiltIn`: Whether those of scripts are left out.
    package func latest(isBuiltIn: Bool) throws(StoreError) -> String? {
        let chosen = isBuiltIn ? "script IS NULL" : "true"
        let answered = """
            EXISTS (
                SELECT 1 FROM turn WHERE turn.conversation = conversation.id
                    AND (state <> 'failed' OR answer <> '')
            )
            """
        for condition in [answered, "true"] {
            let found = try database.rows(
                """
                SELECT id FROM conversation WHERE \(chosen) AND \(condition)
                ORDER BY changed DESC LIMIT 1
                """,
                as: { $0.text(0) }
            )
            if let id = found.first { return id }
        }
        return nil
    }

    /// A conversation with all of its turns in the order that they began; nil if it is missing.
    ///
    /// What attached files hold is fetched by `fetchFiles(of:)`.
    package func load(_ id: String) throws(StoreError) -> WholeConversation? {
        let found = try database.rows(
            """
            SELECT \(Self.columns), server, system, head, owner FROM conversation WHERE id = ?
            """,
            .text(id),
            as: { row in
                var conversation = Self.conversation(row)
                conversation.server = row.text(6)
                conversation.system = row.text(7)
                conversation.head = row.optionalInteger(8)
                conversation.owner = row.optionalText(9)
                return conversation
            }
        )
        guard let conversation = found.first else { return nil }
        let files = try files(of: id)
        let turns = try database.rows(
            """
            SELECT id, parent, question, model, started, state, reason, prompt_tokens,
                completion_tokens, ended, request, server,
                CASE state WHEN 'running' THEN \(engine.answerFromLog) ELSE answer END
            FROM turn WHERE conversation = ? ORDER BY started, id
            """,
            .text(id),
            as: { row in
                var turn = Self.turn(row)
                turn.files = files[turn.id] ?? []
                return turn
            }
        )
        return WholeConversation(conversation: conversation, turns: turns)
    }

    private static func turn(_ row: any Row) -> StoredTurn {
        var turn = StoredTurn(
            id: row.integer(0),
            parent: row.optionalInteger(1),
            question: row.text(2),
            model: row.text(3),
            at: row.real(4)
        )
        turn.state = StoredTurn.State(rawValue: row.text(5)) ?? .interrupted
        turn.reason = row.text(6)
        turn.promptTokens = row.optionalInteger(7).map(Int.init)
        turn.completionTokens = row.optionalInteger(8).map(Int.init)
        turn.ended = row.optionalReal(9)
        turn.request = row.optionalText(10)
        turn.server = row.text(11)
        turn.answer = row.text(12)
        return turn
    }

    /// The log of a turn, without the texts of its answer.
    package func notes(of turn: Int64) throws(StoreError) -> [StoredEvent] {
        try log(of: turn).filter { $0.kind != "text" }
    }

    /// The log of a turn from a number on.
    package func log(of turn: Int64, from seq: Int = 0) throws(StoreError) -> [StoredEvent] {
        try database.rows(
            "SELECT seq, kind, data, at FROM event WHERE turn = ? AND seq >= ? ORDER BY seq",
            .integer(turn),
            SQLValue(seq),
            as: { row in
                StoredEvent(
                    seq: Int(row.integer(0)),
                    kind: row.text(1),
                    data: row.text(2),
                    time: row.real(3)
                )
            }
        )
    }

    // MARK: Search

    /// The conversations in which all words occur in one turn, the best first.
    ///
    /// Words are found from their beginning on. Where none is, they are looked for anywhere in the
    /// texts: an index by words does not know the ones of languages that put no blanks between.
    ///
    /// - `scope`: The conversations to search; nil for all.
    package func search(
        _ words: [String],
        in scope: ConversationScope? = nil,
        atMost count: Int
    ) throws(StoreError) -> [FoundConversation] {
        let words = words.filter { !$0.isEmpty }
        guard !words.isEmpty else { return [] }
        let prefixed = Self.columns.split(separator: ", ").map { "c.\($0)" }
        let columns = prefixed.joined(separator: ", ")
        return Self.oncePerConversation(
            try engine.search(words, in: scope, columns, atMost: count)
        )
    }

    static func within(_ scope: ConversationScope?) -> String {
        scope == nil ? "" : "AND c.owner IS ? AND c.script IS ?"
    }

    static func values(_ scope: ConversationScope?) -> [SQLValue] {
        scope.map { [SQLValue($0.owner), SQLValue($0.script)] } ?? []
    }

    /// A word within a pattern of `LIKE`.
    static func escaped(_ word: String) -> String {
        word.replacing("\\", with: "\\\\").replacing("%", with: "\\%").replacing("_", with: "\\_")
    }

    static func finding(_ row: any Row) -> FoundConversation {
        FoundConversation(conversation: conversation(row), excerpt: row.text(6))
    }

    private static func oncePerConversation(_ all: [FoundConversation]) -> [FoundConversation] {
        var seen: Set<String> = []
        return all.filter { seen.insert($0.conversation.id).inserted }
    }
}
