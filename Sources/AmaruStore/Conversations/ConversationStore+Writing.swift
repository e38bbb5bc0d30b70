// What changes the store.
// SPDX-License-Identifier: Apache-2.0

extension ConversationStore {
    /// Adds a turn that begins now, and its conversation if that is new.
    package func begin(
        _ turn: StoredTurn,
        in conversation: Conversation
    ) throws(StoreError) {
        let writer = try engine.becomeWriter()
        try database.transaction { () throws(StoreError) in
            try add(conversation)
            // The one before may not have been kept.
            var first = turn
            if let parent = turn.parent, try !has(parent) {
                first = turn.moved(to: turn.id, below: nil)
                first.request = turn.request
            }
            try add(first, to: conversation.id, writer: writer)
            try moveHead(of: conversation.id, to: turn.id, at: turn.started)
        }
    }

    /// Adds to the log of a turn.
    package func append(_ events: [StoredEvent], to turn: Int64) throws(StoreError) {
        try database.transaction { () throws(StoreError) in try insert(events, turn) }
    }

    /// Ends a turn, whose answer is what its log holds.
    package func end(
        _ turn: Int64,
        as state: StoredTurn.State,
        reason: String,
        model: String,
        usage: (prompt: Int, completion: Int)?,
        at time: Double
    ) throws(StoreError) {
        try database.transaction { () throws(StoreError) in
            try database.run(
                """
                UPDATE turn SET state = ?, reason = ?, model = ?, prompt_tokens = ?,
                    completion_tokens = ?, ended = ?, answer = \(engine.answerFromLog)
                WHERE id = ? AND \(engine.isOpen)
                """,
                .text(state.rawValue),
                .text(reason),
                .text(model),
                SQLValue(usage?.prompt),
                SQLValue(usage?.completion),
                .real(time),
                .integer(turn)
            )
            try database.run(
                """
                UPDATE conversation SET changed = ?, model = ?
                WHERE id = (SELECT conversation FROM turn WHERE id = ?)
                """,
                .real(time),
                .text(model),
                .integer(turn)
            )
        }
    }

    /// Says which turn the next one follows, if that turn was kept.
    package func setHead(
        of conversation: String,
        to turn: Int64?,
        at time: Double
    ) throws(StoreError) {
        try database.transaction { () throws(StoreError) in
            if let turn, try !has(turn) { return }
            try moveHead(of: conversation, to: turn, at: time)
        }
    }

    /// Renames a conversation.
    package func setTitle(of conversation: String, to title: String) throws(StoreError) {
        try database.run(
            "UPDATE conversation SET title = ? WHERE id = ?",
            .text(title),
            .text(conversation)
        )
    }

    /// Changes the system prompt that a conversation goes on with.
    package func setSystem(of conversation: String, to system: String) throws(StoreError) {
        try database.run(
            "UPDATE conversation SET system = ? WHERE id = ?",
            .text(system),
            .text(conversation)
        )
    }

    /// Removes conversations for good: nothing of their text is left in the file.
    ///
    /// - Returns: The number that was there.
    @discardableResult
    package func delete(_ identifiers: [String]) throws(StoreError) -> Int {
        let count = try database.transaction { () throws(StoreError) in
            var count = 0
            for id in identifiers {
                try database.run("DELETE FROM conversation WHERE id = ?", .text(id))
                count += database.changes
            }
            if count > 0 { try engine.forget() }
            return count
        }
        engine.compact()
        return count
    }

    /// Removes all conversations; returns how many there were.
    package func deleteAll() throws(StoreError) -> Int {
        let all = try database.rows("SELECT id FROM conversation", as: { $0.text(0) })
        return try delete(all)
    }

    /// Adds a conversation that comes from elsewhere, unless there is one of its name.
    ///
    /// - Returns: Whether it was added.
    package func insert(_ whole: WholeConversation) throws(StoreError) -> Bool {
        try database.transaction { () throws(StoreError) in
            let id = whole.conversation.id
            let known = "SELECT count(*) FROM conversation WHERE id = ?"
            guard try database.number(known, .text(id)) == 0 else { return false }
            var whole = whole
            whole.freeIDs(isTaken: isTaken)
            try add(whole.conversation)
            for turn in whole.turns {
                try add(turn, to: id, writer: nil)
                try insert(whole.notes[turn.id] ?? [], turn.id)
            }
            try moveHead(of: id, to: whole.conversation.head, at: whole.conversation.changed)
            return true
        }
    }

    private func isTaken(_ turn: Int64) -> Bool { (try? has(turn)) != false }

    private func has(_ turn: Int64) throws(StoreError) -> Bool {
        try database.number("SELECT count(*) FROM turn WHERE id = ?", .integer(turn)) != 0
    }

    /// Writes something that changes nothing.
    ///
    /// - Throws: Why nothing can be written.
    func probe() throws(StoreError) {
        try database.run(
            """
            UPDATE conversation SET changed = changed
            WHERE id = (SELECT id FROM conversation LIMIT 1)
            """
        )
    }

    // MARK: Parts of transactions

    /// Adds a conversation; one that is there gets its server.
    package func add(_ conversation: Conversation) throws(StoreError) {
        try database.run(
            """
            INSERT INTO conversation (id, title, model, script, created, changed, server, system,
                owner)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET server = excluded.server
            """,
            .text(conversation.id),
            .text(conversation.title),
            .text(conversation.model),
            SQLValue(conversation.script),
            .real(conversation.created),
            .real(conversation.changed),
            .text(conversation.server),
            .text(conversation.system),
            SQLValue(conversation.owner)
        )
    }

    func add(
        _ turn: StoredTurn,
        to conversation: String,
        writer: String?
    ) throws(StoreError) {
        try database.run(
            """
            INSERT INTO turn (id, conversation, parent, writer, state, reason, model,
                prompt_tokens, completion_tokens, started, ended, question, answer, request,
                server)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            .integer(turn.id),
            .text(conversation),
            SQLValue(turn.parent),
            SQLValue(writer),
            .text(turn.state.rawValue),
            .text(turn.reason),
            .text(turn.model),
            SQLValue(turn.promptTokens),
            SQLValue(turn.completionTokens),
            .real(turn.started),
            SQLValue(turn.ended),
            .text(turn.question),
            .text(turn.answer),
            SQLValue(turn.request),
            .text(turn.server)
        )
        try add(turn.files, to: turn.id)
    }

    private func insert(_ events: [StoredEvent], _ turn: Int64) throws(StoreError) {
        for event in events {
            // The turn may have been removed, also by another process.
            try database.run(
                """
                INSERT INTO event (turn, seq, at, kind, data) SELECT ?, ?, ?, ?, ?
                WHERE EXISTS (SELECT 1 FROM turn WHERE id = ?1) ON CONFLICT DO NOTHING
                """,
                .integer(turn),
                .integer(Int64(event.seq)),
                .real(event.time),
                .text(event.kind),
                .text(event.data)
            )
        }
    }

    func moveHead(
        of conversation: String,
        to turn: Int64?,
        at time: Double
    ) throws(StoreError) {
        try database.run(
            "UPDATE conversation SET head = ?, changed = ? WHERE id = ?",
            SQLValue(turn),
            .real(time),
            .text(conversation)
        )
    }
}
