// The store of conversations.
// SPDX-License-Identifier: Apache-2.0

import Amaru

/// All conversations of a user, in one SQLite file, or of many users, in a PostgreSQL database; for
/// one thread at a time.
///
/// Any number of processes may use it at once. Nothing of it is changed when it is damaged, or was
/// written by a newer version or another program.
package final class ConversationStore {
    let engine: any StoreEngine
    var database: any SQLConnection { engine.connection }
    /// Whether only reading is possible, as the file or its folder cannot be written.
    package let isReadOnly: Bool

    init(_ engine: any StoreEngine, isReadOnly: Bool = false) {
        self.engine = engine
        self.isReadOnly = isReadOnly
    }

    /// Opens the file of a store to write, and creates it if it is missing.
    package convenience init(creating path: String) throws(StoreError) {
        try StoreFile(path: path).make()
        self.init(try SQLiteEngine(path, try SQLiteEngine.opened(path)))
        // Not before it is known to be a store: another program's file stays as it is.
        StoreFile(path: path).restrict()
        try finishInterrupted()
    }

    /// Opens the file of a store to read or change what it has; nil if the file is missing, or
    /// nothing could ever be written to it.
    package static func existing(at path: String) throws(StoreError) -> ConversationStore? {
        guard StoreFile(path: path).exists else { return nil }
        do {
            let store = ConversationStore(
                try SQLiteEngine(path, try SQLiteEngine.opened(path))
            )
            try store.finishInterrupted()
            return store
        } catch let error where error.code == .unwritable || error.code == .full {
            return try toRead(at: path)
        }
    }

    /// Opens the file of a store to read what it has; nil if the disk had no room for its tables.
    static func toRead(at path: String) throws(StoreError) -> ConversationStore? {
        let database = try SQLiteEngine.openedToRead(path)
        guard try !Schema.isMissing(database) else { return nil }
        return ConversationStore(SQLiteEngine(toRead: path, database), isReadOnly: true)
    }

    /// Ends the turns whose processes are gone: what they had of the answer is kept, and marked.
    package func finishInterrupted() throws(StoreError) { try engine.finishInterrupted() }

    /// Writes no file any more, of whatever store: their descriptors may be other files' by now.
    package static func abandonFiles() { Database.isAbandoned.withLock { $0 = true } }

    /// Gives up the sign that this process writes; no turn of it is open any more.
    func resign() { engine.resign() }
}
