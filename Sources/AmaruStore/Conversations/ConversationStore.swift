// The store of conversations: opened, created, repaired after a crash.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import CSQLite

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// All conversations of a user, in one SQLite file; for one thread at a time.
///
/// Any number of processes may use the file at once. Nothing of it is changed when it is damaged,
/// or was written by a newer version or another program.
package final class ConversationStore {
    let database: Database
    let path: String
    /// Whether only reading is possible, as the file or its folder cannot be written.
    package let isReadOnly: Bool
    private let writers: WriterLocks

    /// Opens the store to write, and creates it if it is missing.
    package convenience init(creating path: String) throws(StoreError) {
        try StoreFile(path: path).make()
        try self.init(path, try Self.opened(path), isReadOnly: false)
        // Not before it is known to be a store: another program's file stays as it is.
        StoreFile(path: path).restrict()
        try finishInterrupted()
    }

    /// Opens the store to read or change what it has; nil if the file is missing.
    package static func existing(at path: String) throws(StoreError) -> ConversationStore? {
        guard StoreFile(path: path).exists else { return nil }
        do {
            let store = try ConversationStore(path, try opened(path), isReadOnly: false)
            try store.finishInterrupted()
            return store
        } catch let error where error.code == .unwritable || error.code == .full {
            return try toRead(at: path)
        }
    }

    /// Opens the store to read what it has.
    static func toRead(at path: String) throws(StoreError) -> ConversationStore {
        try ConversationStore(path, try openedToRead(path), isReadOnly: true)
    }

    private init(_ path: String, _ database: Database, isReadOnly: Bool) throws(StoreError) {
        self.path = path
        self.database = database
        self.isReadOnly = isReadOnly
        writers = WriterLocks(folder: StoreFile(path: path).folder)
        if !isReadOnly {
            // What is lost when the machine fails is the last seconds; nothing when a process does.
            try database.script("PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON")
            try database.script("PRAGMA secure_delete = ON")
        }
    }

    private static func opened(_ path: String) throws(StoreError) -> Database {
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

    private static func openedToRead(_ path: String) throws(StoreError) -> Database {
        do {
            return try checked(try Database(path, for: .read))
        } catch let error where error.code == .unwritable {
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

    /// Gives up the lock of `becomeWriter()`; no turn of this process is open any more.
    func resign() { writers.release() }

    /// Ends the turns whose processes are gone: what they had of the answer is kept, and marked.
    package func finishInterrupted() throws(StoreError) {
        let found = try database.rows(
            "SELECT DISTINCT writer FROM turn WHERE state = 'running'",
            as: { $0.text(0) }
        )
        for writer in found {
            try writers.ifGone(writer) { () throws(StoreError) in
                try database.transaction { () throws(StoreError) in
                    try interrupt(turnsOf: writer)
                }
            }
        }
    }

    private func interrupt(turnsOf writer: String) throws(StoreError) {
        try database.run(
            """
            UPDATE turn SET state = 'interrupted',
                ended = coalesce((SELECT max(at) FROM event WHERE turn = turn.id), started),
                answer = \(Self.answerFromLog)
            WHERE state = 'running' AND writer = ?
            """,
            .text(writer)
        )
    }

    /// The answer as far as it is in the log.
    static let answerFromLog = """
        coalesce((SELECT group_concat(data, '') FROM (
            SELECT CASE kind WHEN 'display' THEN data || char(10) ELSE data END AS data
            FROM event WHERE event.turn = turn.id AND kind IN ('text', 'display') ORDER BY seq
        )), '')
        """
}

/// Locks that the system drops when a process ends, by the writers' names.
final class WriterLocks {
    private let folder: String
    private var own: (name: String, lock: FileLock)?

    init(folder: String) { self.folder = "\(folder)/writers" }

    deinit { release() }

    func release() {
        own?.lock.removeFile()
        own = nil
    }

    /// The name of this writer, whose lock is held from now on.
    func take() throws(PosixError) -> String {
        if let own { return own.name }
        guard mkdir(folder, 0o700) == 0 || errno == EEXIST else {
            throw PosixError("create the folder \(folder)")
        }
        let name = Conversation.newID()
        do {
            guard let lock = try FileLock.acquireIfFree(at: "\(folder)/\(name)") else {
                throw PosixError("lock \(folder)/\(name)", code: EWOULDBLOCK)
            }
            own = (name, lock)
        } catch let error as PosixError {
            throw error
        } catch {
            throw PosixError("lock \(folder)/\(name)")
        }
        return name
    }

    /// Runs `body` if the process of a writer has ended, and only in one process.
    func ifGone(_ name: String, _ body: () throws(StoreError) -> Void) throws(StoreError) {
        guard name != own?.name, mkdir(folder, 0o700) == 0 || errno == EEXIST,
            let lock = try? FileLock.acquireIfFree(at: "\(folder)/\(name)")
        else { return }
        defer { lock.removeFile() }
        try body()
    }
}
