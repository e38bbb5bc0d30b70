// A connection to an SQLite database: statements, values, transactions.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import CSQLite

/// A connection, for one thread at a time.
///
/// Statements are prepared once and kept by their text, so that each text should be a literal.
final class Database: SQLConnection {
    enum Access {
        /// Reads and writes a file that is there.
        case write
        /// Reads.
        case read
        /// Reads a file that nothing changes, in a folder where nothing can be written.
        case readFixed
    }

    /// How long a call waits for another process, in milliseconds.
    private static let patience: Int32 = 5000

    /// Whether no file is written any more.
    static let isAbandoned = Lock(false)

    let path: String
    private let connection: OpaquePointer
    private var statements: [String: OpaquePointer] = [:]

    /// Opens a file.
    init(_ path: String, for access: Access) throws(StoreError) {
        var opened: OpaquePointer?
        let flags =
            switch access {
            case .write: SQLITE_OPEN_READWRITE
            case .read: SQLITE_OPEN_READONLY
            case .readFixed: SQLITE_OPEN_READONLY | SQLITE_OPEN_URI
            }
        let name = access == .readFixed ? "file:\(Self.escaped(path))?immutable=1" : path
        // Its own locking of each call is not needed, as the caller sees to that.
        let result = sqlite3_open_v2(name, &opened, flags | SQLITE_OPEN_NOMUTEX, nil)
        guard result == SQLITE_OK, let opened else {
            defer { sqlite3_close_v2(opened) }
            throw StoreError(path, opened, result)
        }
        self.path = path
        connection = opened
        sqlite3_busy_timeout(opened, Self.patience)
    }

    deinit {
        for statement in statements.values { sqlite3_finalize(statement) }
        sqlite3_close_v2(connection)
    }

    /// A path within a URI.
    private static func escaped(_ path: String) -> String {
        path.utf8.reduce(into: "") { text, byte in
            let isPlain = byte != 0x25 && byte != 0x3F && byte != 0x23 && (0x21..<0x7F) ~= byte
            text += isPlain ? String(UnicodeScalar(byte)) : "%" + Self.hex(byte)
        }
    }

    private static func hex(_ byte: UInt8) -> String {
        (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }

    /// The number of rows that the last statement has changed.
    var changes: Int { Int(sqlite3_changes(connection)) }

    // MARK: Statements

    /// Runs statements that return nothing, without values; each transaction begins and ends by it.
    func script(_ sql: String) throws(StoreError) {
        guard !Self.isAbandoned.withLock({ $0 }) else {
            throw StoreError(path, connection, SQLITE_ABORT)
        }
        try check(sqlite3_exec(connection, sql, nil, nil, nil))
    }

    /// Calls `body` for each row.
    func each(
        _ sql: String,
        _ values: [SQLValue],
        _ body: (any Row) throws(StoreError) -> Void
    ) throws(StoreError) {
        let statement = try prepared(sql)
        defer {
            sqlite3_reset(statement)
            sqlite3_clear_bindings(statement)
        }
        for (index, value) in values.enumerated() {
            try check(Self.bind(value, to: statement, at: Int32(index + 1)))
        }
        while true {
            let result = sqlite3_step(statement)
            if result == SQLITE_DONE { return }
            guard result == SQLITE_ROW else { throw StoreError(path, connection, result) }
            try body(SQLiteRow(statement: statement))
        }
    }

    private func prepared(_ sql: String) throws(StoreError) -> OpaquePointer {
        if let statement = statements[sql] { return statement }
        var made: OpaquePointer?
        try check(sqlite3_prepare_v2(connection, sql, -1, &made, nil))
        guard let made else { preconditionFailure("the statements of this package are not empty") }
        statements[sql] = made
        return made
    }

    private static func bind(
        _ value: SQLValue,
        to statement: OpaquePointer,
        at position: Int32
    ) -> Int32 {
        switch value {
        case .null: return sqlite3_bind_null(statement, position)
        case .integer(let number): return sqlite3_bind_int64(statement, position, number)
        case .real(let number): return sqlite3_bind_double(statement, position, number)
        case .text(var text):
            return text.withUTF8 { bytes in
                bytes.withMemoryRebound(to: CChar.self) { characters in
                    // An empty text may have no address, which would be bound as null.
                    guard let start = characters.baseAddress else {
                        return amaru_sqlite_bind_text(statement, position, "", 0)
                    }
                    let count = sqlite3_uint64(characters.count)
                    return amaru_sqlite_bind_text(statement, position, start, count)
                }
            }
        case .blob(let bytes):
            return bytes.withUnsafeBytes { bytes in
                // Without an address it would be bound as null.
                guard let start = bytes.baseAddress else {
                    return sqlite3_bind_zeroblob(statement, position, 0)
                }
                let count = sqlite3_uint64(bytes.count)
                return amaru_sqlite_bind_blob(statement, position, start, count)
            }
        }
    }

    private func check(_ result: Int32) throws(StoreError) {
        guard result != SQLITE_OK else { return }
        throw StoreError(path, connection, result)
    }

    // MARK: Transactions

    /// Runs `body` in a transaction, which is undone if it throws.
    ///
    /// The lock for writing is taken at once: two that read first could not both write.
    func transaction<Value>(
        _ body: () throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        try script("BEGIN IMMEDIATE")
        do {
            let value = try body()
            try script("COMMIT")
            return value
        } catch {
            // After a full disk SQLite may have undone it itself.
            if sqlite3_get_autocommit(connection) == 0 { try? script("ROLLBACK") }
            throw error
        }
    }
}

private struct SQLiteRow: Row {
    let statement: OpaquePointer

    func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(statement, column) }
    func real(_ column: Int32) -> Double { sqlite3_column_double(statement, column) }
    func isNull(_ column: Int32) -> Bool { sqlite3_column_type(statement, column) == SQLITE_NULL }

    func text(_ column: Int32) -> String {
        guard let start = sqlite3_column_text(statement, column) else { return "" }
        let count = Int(sqlite3_column_bytes(statement, column))
        return String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    }

    func bytes(_ column: Int32) -> [UInt8] {
        guard let start = sqlite3_column_blob(statement, column) else { return [] }
        let count = Int(sqlite3_column_bytes(statement, column))
        return Array(UnsafeRawBufferPointer(start: start, count: count))
    }
}
