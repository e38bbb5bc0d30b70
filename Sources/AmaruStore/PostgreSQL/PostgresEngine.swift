// A store in a PostgreSQL database that several servers share.
// SPDX-License-Identifier: Apache-2.0

/// What PostgreSQL does its own way; for one thread at a time.
final class PostgresEngine: StoreEngine {
    /// How long a server counts as alive without having said so, in seconds.
    static let lease = 10

    var connection: any SQLConnection { database }
    let database: PostgresConnection
    private let name: String

    /// Connects.
    ///
    /// - `name`: What this server is called among those that share the database.
    init(_ place: PostgresPlace, as name: String) throws(StoreError) {
        database = try PostgresConnection(place)
        try PostgresSchema.prepare(database, at: place)
        self.name = name
    }

    let answerFromLog = """
        coalesce((
            SELECT string_agg(
                CASE kind WHEN 'display' THEN data || chr(10) ELSE data END, '' ORDER BY seq
            ) FROM event WHERE event.turn = turn.id AND kind IN ('text', 'display')
        ), '')
        """

    /// Another server marks a turn whose own one it has not heard of, which may be back by now.
    let isOpen = "state IN ('running', 'interrupted')"

    // MARK: Leases

    func becomeWriter() throws(StoreError) -> String {
        try database.run(
            """
            INSERT INTO replica (name, expires)
            VALUES (?, clock_timestamp() + interval '\(Self.lease) s')
            ON CONFLICT (name) DO UPDATE SET expires = excluded.expires
            """,
            .text(name)
        )
        return name
    }

    func resign() { try? database.run("DELETE FROM replica WHERE name = ?", .text(name)) }

    func finishInterrupted() throws(StoreError) {
        // While the database was down no lease could be renewed.
        try database.run(
            """
            \(interruption) NOT EXISTS (
                SELECT 1 FROM replica WHERE name = writer AND expires > clock_timestamp()
            ) AND pg_postmaster_start_time() < clock_timestamp() - interval '\(Self.lease) s'
            """
        )
    }

    /// Removes what is left of servers, and conversations in which nothing was ever said.
    func sweep() throws(StoreError) {
        try database.script(
            """
            DELETE FROM replica WHERE expires < clock_timestamp() - interval '1 day';
            DELETE FROM conversation WHERE head IS NULL
                AND changed < extract(epoch FROM clock_timestamp()) - 86400
                AND NOT EXISTS (SELECT 1 FROM turn WHERE conversation = conversation.id)
            """
        )
    }

    // MARK: Search and removal

    func search(
        _ words: [String],
        in scope: ConversationScope?,
        _ columns: String,
        atMost count: Int
    ) throws(StoreError) -> [FoundConversation] {
        let text = "t.question || chr(10) || t.answer"
        let start = "greatest(1, strpos(lower(\(text)), lower(?1)) - 30)"
        let excerpt = "btrim(substr(\(text), \(start), 80), chr(10))"
        return try scan(text, "ILIKE", excerpt, for: words, in: scope, columns, atMost: count)
    }

    func forget() throws(StoreError) {
        try database.run(
            "DELETE FROM file WHERE NOT EXISTS (SELECT 1 FROM attachment WHERE file = file.id)"
        )
    }

    func compact() {}
}

extension ConversationStore {
    /// Connects to a database that several servers share.
    package convenience init(
        _ place: PostgresPlace,
        as name: String
    ) throws(StoreError) {
        self.init(try PostgresEngine(place, as: name))
    }
}
