// What is wrong with what conversations are kept in.
// SPDX-License-Identifier: Apache-2.0

import CSQLite

/// A failure of the store: what happened, to which file or database, and what to do.
package struct StoreError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: Sendable, Equatable {
        /// A newer version of the program has written the file.
        case newer
        /// The file is no database any more, or its pages contradict each other.
        case damaged
        /// The file is a database of another program.
        case foreign
        /// The file or its folder cannot be written.
        case unwritable
        /// The disk, or what the user may use of it, is full.
        case full
        /// Another process has kept the file locked for too long, or a statement took too long.
        case busy
        /// The database does not answer now; it may later.
        case gone
        /// The library for the database cannot be loaded.
        case noLibrary
        /// Anything else.
        case other
    }

    package let code: Code
    /// SQLite's extended result code, or `errno` where the system itself refused; else 0.
    package let number: Int32
    package let path: String
    /// What was tried or found, as SQLite or the system says it.
    package let detail: String

    package var description: String { "\(path) \(what): \(remedy)" }

    private var what: String {
        switch code {
        case .newer: "was written by a newer amaru (\(detail))"
        case .damaged: "is damaged (\(detail))"
        case .foreign where isServer: "has a schema amaru of another program"
        case .foreign: "is a database of another program"
        case .unwritable: "cannot be written (\(detail))"
        case .full: "cannot grow (\(detail))"
        case .busy where isServer: "takes too long (\(detail))"
        case .busy: "is in use by another process (\(detail))"
        case .gone: "cannot be reached (\(detail))"
        case .noLibrary: "cannot be loaded"
        case .other where isServer: "cannot be used (\(detail))"
        case .other: "cannot be used (\(detail), SQLite's code \(number))"
        }
    }

    /// Whether it is about a database that a server keeps.
    private var isServer: Bool { PostgresPlace.isURL(path) }

    /// What to do.
    package var remedy: String {
        switch code {
        case .newer where isServer: "use that version, or another database"
        case .foreign where isServer: "rename it, or use another database"
        case .busy where isServer: "see what else the database does"
        case .other where isServer: "check the database"
        case .gone: "check that it runs, and the URL"
        case .noLibrary: detail
        case .newer: "use that version, or name another folder with XDG_DATA_HOME"
        case .damaged: "move it away, and a new one is made; sqlite3's .recover may save its rows"
        case .foreign: "move it away, or name another folder with XDG_DATA_HOME"
        case .unwritable: "make it writable, or name another folder with XDG_DATA_HOME"
        case .full: "free some space"
        case .busy: "end that process, or try again later"
        case .other: "check the file and its folder"
        }
    }
}

extension StoreError {
    /// The error that a call of SQLite on a connection has left.
    init(_ path: String, _ connection: OpaquePointer?, _ result: Int32) {
        let extended = connection.map { sqlite3_extended_errcode($0) } ?? result
        let words = connection.map { sqlite3_errmsg($0) } ?? sqlite3_errstr(result)
        self.init(
            code: extended == Self.sharedMemory ? .full : Self.code(of: result),
            number: extended & 0xFF == result & 0xFF ? extended : result,
            path: path,
            detail: words.map { String(cString: $0) } ?? ""
        )
    }

    /// SQLITE_IOERR_SHMSIZE: no room for the memory that processes share.
    private static let sharedMemory = SQLITE_IOERR | 19 << 8

    private static func code(of result: Int32) -> Code {
        switch result & 0xFF {
        case SQLITE_NOTADB, SQLITE_CORRUPT: .damaged
        case SQLITE_READONLY, SQLITE_CANTOPEN, SQLITE_PERM, SQLITE_AUTH: .unwritable
        case SQLITE_FULL: .full
        case SQLITE_BUSY, SQLITE_LOCKED: .busy
        default: .other
        }
    }
}
