// The files that went with a question.
// SPDX-License-Identifier: Apache-2.0

/// A file that the user has attached to a question.
///
/// Turns that were sent with the same file share it, so that it is on the disk once.
package struct StoredFile: Sendable, Equatable {
    /// The most that is kept of one file, and of all files of a turn.
    package static let bound = 20 << 20
    package static let whole = 40 << 20

    package var id: Int64
    package let name: String
    package let mediaType: String
    /// The number of bytes, also of a file that is not kept.
    package let size: Int
    /// Its contents; nil if they were not fetched, or not kept.
    package var bytes: [UInt8]?

    package init(
        id: Int64 = StoredTurn.newID(),
        name: String,
        mediaType: String,
        size: Int? = nil,
        bytes: [UInt8]?
    ) {
        self.id = id
        self.name = name
        self.mediaType = mediaType
        self.size = size ?? bytes?.count ?? 0
        self.bytes = bytes
    }
}

extension ConversationStore {
    /// Adds the files of a turn; what is over the bounds is kept by its name, type and size.
    func add(_ files: [StoredFile], to turn: Int64) throws(StoreError) {
        var rest = StoredFile.whole
        for (number, file) in files.enumerated() {
            var bytes = file.bytes
            if let count = bytes?.count, count > min(rest, StoredFile.bound) { bytes = nil }
            rest -= bytes?.count ?? 0
            try database.run(
                """
                INSERT INTO file (id, name, media_type, size, bytes) VALUES (?, ?, ?, ?, ?)
                ON CONFLICT (id) DO NOTHING
                """,
                .integer(file.id),
                .text(file.name),
                .text(file.mediaType),
                SQLValue(file.size),
                bytes.map { .blob($0) } ?? .null
            )
            try database.run(
                "INSERT INTO attachment (turn, number, file) VALUES (?, ?, ?)",
                .integer(turn),
                SQLValue(number),
                .integer(file.id)
            )
        }
    }

    /// The files of a conversation's turns, without what they hold.
    func files(of conversation: String) throws(StoreError) -> [Int64: [StoredFile]] {
        var found: [Int64: [StoredFile]] = [:]
        try database.each(
            """
            SELECT a.turn, f.id, f.name, f.media_type, f.size FROM attachment a
            JOIN file f ON f.id = a.file JOIN turn t ON t.id = a.turn
            WHERE t.conversation = ? ORDER BY a.turn, a.number
            """,
            [.text(conversation)]
        ) { (row) throws(StoreError) in
            let file = StoredFile(
                id: row.integer(1),
                name: row.text(2),
                mediaType: row.text(3),
                size: Int(row.integer(4)),
                bytes: nil
            )
            found[row.integer(0), default: []].append(file)
        }
        return found
    }

    /// Fetches what the files of some turns hold, as far as it was kept.
    package func fetchFiles(of turns: inout [StoredTurn]) throws(StoreError) {
        var known: [Int64: [UInt8]?] = [:]
        for index in turns.indices {
            for place in turns[index].files.indices {
                let id = turns[index].files[place].id
                if known[id] == nil { known[id] = .some(try bytes(of: id)) }
                turns[index].files[place].bytes = known[id] ?? nil
            }
        }
    }

    private func bytes(of file: Int64) throws(StoreError) -> [UInt8]? {
        try database.rows(
            "SELECT bytes FROM file WHERE id = ? AND bytes IS NOT NULL",
            .integer(file),
            as: { $0.bytes(0) }
        ).first
    }
}
