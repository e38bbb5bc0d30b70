// A connection to a PostgreSQL database: statements, values, transactions, notifications.
// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A connection, for one thread at a time; one that has failed is not used again.
final class PostgresConnection: SQLConnection {
    /// How long a statement may take, in milliseconds: by the server's clock, and by this one for a
    /// server that does not even say that it has given up.
    private static let (patience, lastPatience) = (10_000, 15_000)

    private let library: LibPQ
    private let place: PostgresPlace
    private let connection: OpaquePointer
    private var statements: [String: String] = [:]
    private(set) var changes = 0

    /// Connects, within seconds.
    init(_ place: PostgresPlace) throws(StoreError) {
        library = try LibPQ.load()
        self.place = place
        // What the URL says of the first ones goes before them.
        let names = Self.copies([
            "connect_timeout", "keepalives_idle", "keepalives_interval", "keepalives_count",
            "tcp_user_timeout", "fallback_application_name", "password", "dbname",
            "client_encoding",
        ])
        // libpq ignores an empty password.
        let password = place.password ?? ""
        let values = Self.copies([
            "5", "10", "5", "3", "15000", "amaru", password, place.url, "UTF8",
        ])
        defer { for word in names + values { free(UnsafeMutablePointer(mutating: word)) } }
        guard let made = library.connect(names, values, 1) else {
            throw place.error(.gone, "no memory")
        }
        connection = made
        // What the server says of itself would go to standard error.
        _ = library.setNoticeProcessor(made, { _, _ in }, nil)
        guard library.status(made) == 0, library.setNonblocking(made, 1) == 0 else {
            // The object is not complete until here, and so not destroyed by itself.
            throw lost()
        }
        try script(
            """
            SET search_path = amaru; SET client_min_messages = warning;
            SET standard_conforming_strings = on; SET bytea_output = hex;
            SET statement_timeout = \(Self.patience);
            SET idle_in_transaction_session_timeout = \(Self.patience)
            """
        )
    }

    deinit { library.finish(connection) }

    private static func copies(_ words: [String]) -> [UnsafePointer<CChar>?] {
        words.map { UnsafePointer(strdup($0)) } + [nil]
    }

    private func lost() -> StoreError {
        let words = library.errorMessage(connection).map { String(cString: $0) } ?? ""
        return place.error(.gone, words)
    }

    // MARK: Statements

    func script(_ sql: String) throws(StoreError) {
        try finish(library.sendScript(connection, sql)) { (_) throws(StoreError) in }
    }

    func each(
        _ sql: String,
        _ values: [SQLValue],
        _ body: (any Row) throws(StoreError) -> Void
    ) throws(StoreError) {
        let sql = translated(sql)
        let bound = values.map(Self.bound)
        defer { for value in bound { free(value.start) } }
        let sent = library.sendQuery(
            connection,
            sql,
            CInt(bound.count),
            bound.map(\.type),
            bound.map { $0.start.map { UnsafePointer($0) } },
            bound.map(\.length),
            bound.map { $0.isBinary ? 1 : 0 },
            0
        )
        try finish(sent, body)
    }

    /// With `$1` and so on in place of `?`, and what PostgreSQL calls a comparison with null.
    private func translated(_ sql: String) -> String {
        if let known = statements[sql] { return known }
        var number = 0
        var made = ""
        let parts = sql.replacing(" IS ?", with: " IS NOT DISTINCT FROM ?")
            .split(separator: "?", omittingEmptySubsequences: false)
        for part in parts {
            if number > 0, part.first?.isNumber != true { made += "\(number)" }
            made += part
            number += 1
            if number < parts.count { made += "$" }
        }
        statements[sql] = made
        return made
    }

    /// A value as libpq takes it; its memory is the caller's.
    private typealias Bound = (
        type: UInt32, start: UnsafeMutablePointer<CChar>?, length: CInt, isBinary: Bool
    )

    private static func bound(_ value: SQLValue) -> Bound {
        switch value {
        case .null: return (0, nil, 0, false)
        case .integer(let number): return (20, strdup("\(number)"), 0, false)
        case .real(let number):
            let text = number.isFinite ? "\(number)" : number < 0 ? "-Infinity" : "Infinity"
            return (701, strdup(text), 0, false)
        case .text(let text):
            // NUL is in no text of PostgreSQL.
            let kept = text.utf8.contains(0) ? text.replacing("\0", with: "\u{FFFD}") : text
            return (25, strdup(kept), 0, false)
        case .blob(let bytes):
            // One byte more, since no bytes at all would be bound as null.
            let copy = malloc(bytes.count + 1)
            bytes.withUnsafeBytes { bytes in
                if let copy, let start = bytes.baseAddress { memcpy(copy, start, bytes.count) }
            }
            let start = copy?.assumingMemoryBound(to: CChar.self)
            return (17, start, CInt(clamping: bytes.count), true)
        }
    }

    private func finish(
        _ sent: CInt,
        _ body: (any Row) throws(StoreError) -> Void
    ) throws(StoreError) {
        guard sent == 1 else { throw lost() }
        let deadline = ContinuousClock.now + .milliseconds(Self.lastPatience)
        while true {
            let rest = library.flush(connection)
            guard rest >= 0 else { throw lost() }
            if rest == 0 { break }
            // What the server says meanwhile is taken, or both would wait for each other.
            try take(POLLIN | POLLOUT, until: deadline)
        }
        var failure: StoreError?
        while let result = try nextResult(until: deadline) {
            defer { library.clear(result) }
            guard (0...2).contains(library.resultStatus(result)) else {
                failure = failure ?? error(of: result)
                continue
            }
            changes = library.changes(result).flatMap { Int(String(cString: $0)) } ?? 0
            do throws(StoreError) {
                for row in 0..<library.rowCount(result) where failure == nil {
                    try body(PostgresRow(library: library, result: result, row: row))
                }
            } catch { failure = error }
        }
        if let failure { throw failure }
    }

    private func nextResult(
        until deadline: ContinuousClock.Instant
    ) throws(StoreError) -> OpaquePointer? {
        while library.isBusy(connection) == 1 { try take(POLLIN, until: deadline) }
        return library.result(connection)
    }

    /// Waits for the server, and reads what is there.
    private func take(_ events: Int32, until deadline: ContinuousClock.Instant) throws(StoreError) {
        guard wait(for: events, ContinuousClock.now.duration(to: deadline)) else {
            throw place.error(.gone, "it does not answer")
        }
        guard library.consumeInput(connection) == 1 else { throw lost() }
    }

    /// Returns whether anything has happened within a time.
    private func wait(for events: Int32, _ time: Duration) -> Bool {
        var descriptor = pollfd(fd: library.socket(connection), events: Int16(events), revents: 0)
        return poll(&descriptor, 1, Int32(clamping: max(0, Int64(time / .milliseconds(1))))) != 0
    }

    private func error(of result: OpaquePointer) -> StoreError {
        guard library.status(connection) == 0 else { return lost() }
        let state = field("C", of: result)
        let code: StoreError.Code =
            switch state.prefix(2) {
            // It took too long, or somebody else was there at the same time.
            case _ where state == "57014" || state == "55P03": .busy
            case "40": .busy
            // It ends or begins, has no room, or is one that only reads.
            case "08", "53", "57", "58": .gone
            case _ where state == "25006": .gone
            // A right was taken away, or a table is another one: until that is put right.
            case "42": .gone
            default: .other
            }
        return place.error(code, "\(field("M", of: result)) (SQLSTATE \(state))")
    }

    private func field(_ name: Unicode.Scalar, of result: OpaquePointer) -> String {
        library.errorField(result, CInt(name.value)).map { String(cString: $0) } ?? ""
    }

    // MARK: Transactions

    func transaction<Value>(
        _ body: () throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        try script("BEGIN")
        do {
            let value = try body()
            try script("COMMIT")
            return value
        } catch {
            if error.code != .gone { try script("ROLLBACK") }
            throw error
        }
    }

    // MARK: Notifications

    /// What was notified since the last call, or the first that comes within a time.
    func notifications(within time: Duration) throws(StoreError) -> [String] {
        let found = takeNotifications()
        guard found.isEmpty, wait(for: POLLIN, time) else { return found }
        guard library.consumeInput(connection) == 1 else { throw lost() }
        return takeNotifications()
    }

    private func takeNotifications() -> [String] {
        var found: [String] = []
        while let taken = library.notification(connection) {
            let payload = taken.assumingMemoryBound(to: LibPQ.Notification.self).pointee.payload
            found.append(payload.map { String(cString: $0) } ?? "")
            library.free(taken)
        }
        return found
    }
}

private struct PostgresRow: Row {
    let library: LibPQ
    let result: OpaquePointer
    let row: CInt

    private func bytes(of column: Int32) -> UnsafeRawBufferPointer {
        let count = library.length(result, row, column)
        return UnsafeRawBufferPointer(
            start: library.value(result, row, column),
            count: Int(max(0, count))
        )
    }

    func isNull(_ column: Int32) -> Bool { library.isNull(result, row, column) == 1 }
    func text(_ column: Int32) -> String { String(decoding: bytes(of: column), as: UTF8.self) }
    func integer(_ column: Int32) -> Int64 { Int64(text(column)) ?? 0 }
    func real(_ column: Int32) -> Double { Double(text(column)) ?? 0 }

    /// As `\x`, and two digits for each byte.
    func bytes(_ column: Int32) -> [UInt8] {
        let digits = bytes(of: column).dropFirst(2)
        func value(_ digit: UInt8) -> UInt8 { digit < 0x3A ? digit & 15 : (digit & 7) + 9 }
        return stride(from: digits.startIndex, to: digits.endIndex - 1, by: 2).map {
            value(digits[$0]) << 4 | value(digits[$0 + 1])
        }
    }
}
