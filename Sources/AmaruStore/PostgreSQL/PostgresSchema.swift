// The tables of a store in PostgreSQL.
// SPDX-License-Identifier: Apache-2.0

/// What the schema `amaru` of the database holds, version by version.
///
/// The tables are those of ``Schema``. Beside them `replica` has the leases of the servers that
/// answer, by the database's clock, and `stop` of a turn asks the one that answers it to stop.
/// Triggers notify `amaru_turn`: `e` and the number of a turn whose log has grown, `t` one that has
/// changed, `d` one that was removed.
enum PostgresSchema {
    static var version: Int64 { Int64(migrations.count) }

    /// What leads from each version to the next one.
    static let migrations = [first]

    /// "amru", which servers that start at once lock.
    private static let lock = Schema.application

    private static let first = """
        CREATE TABLE schema_version (version INTEGER NOT NULL);
        INSERT INTO schema_version VALUES (1);

        CREATE TABLE conversation (
            id TEXT PRIMARY KEY,
            owner TEXT,
            title TEXT NOT NULL,
            model TEXT NOT NULL,
            script TEXT,
            created DOUBLE PRECISION NOT NULL,
            changed DOUBLE PRECISION NOT NULL,
            head BIGINT,
            server TEXT NOT NULL,
            system TEXT NOT NULL
        );
        CREATE INDEX conversation_changed ON conversation (changed);

        CREATE TABLE turn (
            id BIGINT PRIMARY KEY,
            conversation TEXT NOT NULL REFERENCES conversation (id) ON DELETE CASCADE,
            parent BIGINT REFERENCES turn (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
            request TEXT UNIQUE,
            writer TEXT,
            stop BOOLEAN NOT NULL DEFAULT false,
            state TEXT NOT NULL
                CHECK (state IN ('running', 'finished', 'stopped', 'interrupted', 'failed')),
            reason TEXT NOT NULL DEFAULT '',
            model TEXT NOT NULL,
            server TEXT NOT NULL DEFAULT '',
            prompt_tokens BIGINT,
            completion_tokens BIGINT,
            started DOUBLE PRECISION NOT NULL,
            ended DOUBLE PRECISION,
            question TEXT NOT NULL,
            answer TEXT NOT NULL DEFAULT ''
        );
        CREATE INDEX turn_conversation ON turn (conversation);
        CREATE INDEX turn_parent ON turn (parent);
        CREATE INDEX turn_running ON turn (writer) WHERE state = 'running';
        CREATE INDEX turn_stopped ON turn (writer) WHERE stop;

        CREATE TABLE event (
            turn BIGINT NOT NULL REFERENCES turn (id) ON DELETE CASCADE,
            seq BIGINT NOT NULL,
            at DOUBLE PRECISION NOT NULL,
            kind TEXT NOT NULL,
            data TEXT NOT NULL,
            PRIMARY KEY (turn, seq)
        );

        CREATE TABLE file (
            id BIGINT PRIMARY KEY,
            name TEXT NOT NULL,
            media_type TEXT NOT NULL,
            size BIGINT NOT NULL,
            bytes BYTEA
        );
        CREATE TABLE attachment (
            turn BIGINT NOT NULL REFERENCES turn (id) ON DELETE CASCADE,
            number INTEGER NOT NULL,
            file BIGINT NOT NULL REFERENCES file (id),
            PRIMARY KEY (turn, number)
        );
        CREATE INDEX attachment_file ON attachment (file);

        CREATE TABLE replica (
            name TEXT PRIMARY KEY,
            expires TIMESTAMPTZ NOT NULL
        );

        CREATE FUNCTION notify_turn() RETURNS trigger LANGUAGE plpgsql AS $body$
        BEGIN
            IF TG_TABLE_NAME = 'event' THEN
                PERFORM pg_notify('amaru_turn', 'e' || NEW.turn);
            ELSIF TG_OP = 'DELETE' THEN
                PERFORM pg_notify('amaru_turn', 'd' || OLD.id);
            ELSE
                PERFORM pg_notify('amaru_turn', 't' || NEW.id);
            END IF;
            RETURN NULL;
        END
        $body$;
        CREATE TRIGGER event_added AFTER INSERT ON event
            FOR EACH ROW EXECUTE FUNCTION notify_turn();
        CREATE TRIGGER turn_changed AFTER UPDATE OF state, stop ON turn
            FOR EACH ROW EXECUTE FUNCTION notify_turn();
        CREATE TRIGGER turn_removed AFTER DELETE ON turn
            FOR EACH ROW EXECUTE FUNCTION notify_turn();
        """

    /// Brings a database up to the current version, and refuses one that is not the store's.
    static func prepare(
        _ database: PostgresConnection,
        at place: PostgresPlace
    ) throws(StoreError) {
        if try version(of: database, place) == version { return }
        try database.transaction { () throws(StoreError) in
            try database.run("SELECT pg_advisory_xact_lock(\(lock))")
            // Another server may have been faster.
            let found = try version(of: database, place)
            if found == 0 { try makeSchema(database, place) }
            for number in found..<max(found, version) {
                try database.script(migrations[Int(number)])
                try database.script("UPDATE schema_version SET version = \(number + 1)")
            }
        }
    }

    private static let tables = """
        SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE nspname = 'amaru'
        """

    /// The version of the tables; 0 if the schema has no tables.
    private static func version(
        of database: PostgresConnection,
        _ place: PostgresPlace
    ) throws(StoreError) -> Int64 {
        // From the catalogue's tables: to_regclass() may not know yet what was made under the lock.
        let isThere = try database.number(tables + " AND relname = 'schema_version'") == 1
        guard isThere else { return 0 }
        let found = try database.number("SELECT max(version) FROM schema_version")
        guard (0...version).contains(found) else {
            throw place.error(.newer, "its version is \(found), this one knows \(version)")
        }
        let names = "'conversation', 'turn', 'event', 'file', 'attachment', 'replica'"
        guard try database.number(tables + " AND relname IN (\(names))") == 6 else {
            throw place.error(.foreign, "")
        }
        return found
    }

    private static func makeSchema(
        _ database: PostgresConnection,
        _ place: PostgresPlace
    ) throws(StoreError) {
        let encoding = try database.rows("SHOW server_encoding", as: { $0.text(0) }).first ?? ""
        guard encoding == "UTF8" else {
            throw place.error(.other, "the encoding of the database is \(encoding), not UTF8")
        }
        guard try database.number(tables) == 0 else { throw place.error(.foreign, "") }
        // Who may not make one may have been given one.
        if try database.number("SELECT count(*) FROM pg_namespace WHERE nspname = 'amaru'") == 0 {
            try database.script("CREATE SCHEMA amaru")
        }
    }
}
