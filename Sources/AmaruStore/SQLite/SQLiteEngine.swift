// A store in an SQLite file: opened, repaired after a crash, searched.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// What SQLite does its own way; for one thread at a time.
final class SQLiteEngine: StoreEngine {
    var connection: any SQLConnection { database }
    private let database: Database
    private let path: String
    private let writers: WriterLocks

    /// Uses a database to write.
    convenience init(_ path: String, _ database: Database) throws(StoreError) {
        self.init(toRead: path, database)
        // What is lost when the machine fails is the last seconds; nothing when a process does.
        try database.script("PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON")
        try database.script("PRAGMA secure_delete = ON")
    }

    /// Uses a database to read.
    init(toRead path: String, _ database: Database) {
        self.path = path
        self.database = database
        writers = WriterLocks(folder: StoreFile(path: path).folder)
    }

    static func opened(_ path: String) throws(StoreError) -> Database {
        var tries = 0
        while true {
            do {
                let database = try Database(path, for: .write)
                try Schema.prepare(database)
                return database
            } catch let error where error.code == .busy && tries < 100 {
                // Changing the journal does not wait for another process that does so too.
                tries += 1
                usleep(20_000)
            }
        }
    }

    static func openedToRead(_ path: String) throws(StoreError) -> Database {
        do {
            return try checked(try Database(path, for: .read))
        } catch let error where error.code == .unwritable || error.code == .full {
            // Its journal cannot be made where nothing can be written, and then nobody writes.
            return try checked(try Database(path, for: .readFixed))
        }
    }

    private static func checked(_ database: Database) throws(StoreError) -> Database {
        let found = try database.number("PRAGMA user_version")
        try Schema.refuse(found, database)
        if let views = Schema.views[Int(found)] { try database.script(views) }
        return database
    }

    // MARK: Turns that their process has left open

    /// Takes the lock that says this process writes; kept until the store is closed.
    func becomeWriter() throws(StoreError) -> String {
        do { return try writers.take() } catch {
            throw StoreError(code: .unwritable, number: error.code, path: path, detail: "\(error)")
        }
    }

    func resign() { writers.release() }

    func finishInterrupted() throws(StoreError) {
        let found = try database.rows(
            "SELECT DISTINCT writer FROM turn WHERE state = 'running'",
            as: { $0.text(0) }
        )
        for writer in found {
            try writers.ifGone(writer) { () throws(StoreError) in
                try database.transaction { () throws(StoreError) in
                    try database.run("\(interruption) writer = ?", .text(writer))
                }
            }
        }
    }

    let answerFromLog = """
        coalesce((SELECT group_concat(data, '') FROM (
            SELECT CASE kind WHEN 'display' THEN data || char(10) ELSE data END AS data
            FROM event WHERE event.turn = turn.id AND kind IN ('text', 'display') ORDER BY seq
        )), '')
        """

    let isOpen = "state = 'running'"

    // MARK: Search

    func search(
        _ words: [String],
        in scope: ConversationScope?,
        _ columns: String,
        atMost count: Int
    ) throws(StoreError) -> [FoundConversation] {
        // A quoted string, in which nothing is an operator.
        let terms = words.map { "\"\($0.replacing("\"", with: "\"\""))\"*" }
        let text = "t.question || char(10) || t.answer"
        let start = "max(1, instr(lower(\(text)), lower(?1)) - 30)"
        let part = "trim(substr(\(text), \(start), 80), char(10))"
        // The time that `snippet` takes grows with the square of what it finds.
        let excerpt = """
            CASE WHEN length(t.question) + length(t.answer) < 2000
            THEN snippet(search, -1, '', '', '…', 12)
            ELSE \(part) END
            """
        let found = try database.rows(
            """
            SELECT \(columns), \(excerpt) FROM search
            JOIN turn t ON t.id = search.rowid JOIN conversation c ON c.id = t.conversation
            WHERE search MATCH ?2 \(ConversationStore.within(scope)) ORDER BY rank LIMIT ?
            """,
            [.text(words.first ?? ""), .text(terms.joined(separator: " "))]
                + ConversationStore.values(scope) + [SQLValue(count)],
            as: ConversationStore.finding
        )
        guard found.isEmpty else { return found }
        return try scan(text, "LIKE", part, for: words, in: scope, columns, atMost: count)
    }

    // MARK: Removal

    func forget() throws(StoreError) {
        // The index keeps the words of what was removed until its parts are merged.
        try database.run("INSERT INTO search (search) VALUES ('optimize')")
    }

    func compact() {
        // Fails, and can wait, while another process reads.
        try? database.script("PRAGMA wal_checkpoint(TRUNCATE)")
    }
}
