// The tables of the store, and how older ones become the current ones.
// SPDX-License-Identifier: Apache-2.0

/// What the file holds, version by version.
///
/// A conversation is a tree of turns: a turn's parent is the one that it follows, and the
/// conversation's head the one that the next would follow. While a turn is open, its log grows in
/// `event`, numbered from 0; `answer` is filled in, and the turn found by the search, when it ends.
enum Schema {
    /// "amru", which tells the file from databases of other programs.
    static let application: Int64 = 0x616D_7275
    static var version: Int64 { Int64(migrations.count) }

    /// What leads from each version to the next one.
    static let migrations = [first, second]

    /// What an older file, which cannot be changed, is read through.
    static let views = [
        1: """
        PRAGMA temp_store = MEMORY;
        CREATE TEMP VIEW turn AS SELECT *, '' AS server FROM main.turn;
        CREATE TEMP TABLE file (id, name, media_type, size, bytes);
        CREATE TEMP TABLE attachment (turn, number, file);
        """
    ]

    private static let first = """
        CREATE TABLE conversation (
            id TEXT PRIMARY KEY NOT NULL,
            owner TEXT,
            title TEXT NOT NULL,
            model TEXT NOT NULL,
            script TEXT,
            created REAL NOT NULL,
            changed REAL NOT NULL,
            head INTEGER,
            server TEXT NOT NULL,
            system TEXT NOT NULL
        );
        CREATE INDEX conversation_changed ON conversation (changed);

        CREATE TABLE turn (
            id INTEGER PRIMARY KEY,
            conversation TEXT NOT NULL REFERENCES conversation (id) ON DELETE CASCADE,
            parent INTEGER REFERENCES turn (id) DEFERRABLE INITIALLY DEFERRED,
            request TEXT UNIQUE,
            writer TEXT,
            state TEXT NOT NULL
                CHECK (state IN ('running', 'finished', 'stopped', 'interrupted', 'failed')),
            reason TEXT NOT NULL DEFAULT '',
            model TEXT NOT NULL,
            prompt_tokens INTEGER,
            completion_tokens INTEGER,
            started REAL NOT NULL,
            ended REAL,
            question TEXT NOT NULL,
            answer TEXT NOT NULL DEFAULT ''
        );
        CREATE INDEX turn_conversation ON turn (conversation);
        CREATE INDEX turn_parent ON turn (parent);
        CREATE INDEX turn_running ON turn (writer) WHERE state = 'running';

        CREATE TABLE event (
            turn INTEGER NOT NULL REFERENCES turn (id) ON DELETE CASCADE,
            seq INTEGER NOT NULL,
            at REAL NOT NULL,
            kind TEXT NOT NULL,
            data TEXT NOT NULL,
            PRIMARY KEY (turn, seq)
        ) WITHOUT ROWID;

        CREATE VIRTUAL TABLE search USING fts5 (
            question, answer, content = 'turn', content_rowid = 'id',
            tokenize = 'unicode61 remove_diacritics 2'
        );
        CREATE TRIGGER turn_added AFTER INSERT ON turn WHEN new.state <> 'running' BEGIN
            INSERT INTO search (rowid, question, answer)
            VALUES (new.id, new.question, new.answer);
        END;
        CREATE TRIGGER turn_ended AFTER UPDATE OF state ON turn
        WHEN old.state = 'running' AND new.state <> 'running' BEGIN
            INSERT INTO search (rowid, question, answer)
            VALUES (new.id, new.question, new.answer);
        END;
        CREATE TRIGGER turn_removed AFTER DELETE ON turn WHEN old.state <> 'running' BEGIN
            INSERT INTO search (search, rowid, question, answer)
            VALUES ('delete', old.id, old.question, old.answer);
        END;
        """

    /// Files that go with a question, and the server that each question went to.
    private static let second = """
        ALTER TABLE turn ADD COLUMN server TEXT NOT NULL DEFAULT '';

        CREATE TABLE file (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL,
            media_type TEXT NOT NULL,
            size INTEGER NOT NULL,
            bytes BLOB
        );
        CREATE TABLE attachment (
            turn INTEGER NOT NULL REFERENCES turn (id) ON DELETE CASCADE,
            number INTEGER NOT NULL,
            file INTEGER NOT NULL REFERENCES file (id),
            PRIMARY KEY (turn, number)
        ) WITHOUT ROWID;
        CREATE INDEX attachment_file ON attachment (file);
        CREATE TRIGGER attachment_removed AFTER DELETE ON attachment
        WHEN NOT EXISTS (SELECT 1 FROM attachment WHERE file = old.file) BEGIN
            DELETE FROM file WHERE id = old.file;
        END;
        """
}

extension Schema {
    /// Brings a database up to the current version, and refuses one that is not the store's.
    static func prepare(_ database: Database) throws(StoreError) {
        let found = try database.number("PRAGMA user_version")
        if found == version, try isOurs(database) { return }
        try refuse(found, database)
        // Outside a transaction, and kept by the file.
        try database.script("PRAGMA journal_mode = WAL")
        try database.transaction { () throws(StoreError) in
            // Another process may have been faster.
            let found = try database.number("PRAGMA user_version")
            try refuse(found, database)
            for number in found..<max(found, version) {
                try database.script(migrations[Int(number)])
                try database.script("PRAGMA user_version = \(number + 1)")
            }
            try database.script("PRAGMA application_id = \(application)")
        }
    }

    /// Refuses a database that cannot be read with the tables of this version.
    static func refuse(_ found: Int64, _ database: Database) throws(StoreError) {
        let isEmpty = try isMissing(database)
        let isOurs = try isOurs(database)
        guard isOurs || found == 0 && isEmpty else {
            throw StoreError(code: .foreign, number: 0, path: database.path, detail: "")
        }
        guard found <= version else {
            let detail = "its version is \(found), this one knows \(version)"
            throw StoreError(code: .newer, number: 0, path: database.path, detail: detail)
        }
    }

    /// Whether a database has no tables at all.
    static func isMissing(_ database: Database) throws(StoreError) -> Bool {
        try database.number("SELECT count(*) FROM sqlite_schema") == 0
    }

    private static func isOurs(_ database: Database) throws(StoreError) -> Bool {
        try database.number("PRAGMA application_id") == application
    }
}
