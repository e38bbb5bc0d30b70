// Statements and rows, whatever the database.
// SPDX-License-Identifier: Apache-2.0

/// A connection to a database, for one thread at a time.
///
/// Values stand for the `?` of a statement, whose text should be a literal: it may be kept.
protocol SQLConnection: AnyObject {
    /// The number of rows that the last statement has changed.
    var changes: Int { get }
    /// Runs statements that return nothing, without values.
    func script(_ sql: String) throws(StoreError)
    /// Calls `body` for each row.
    func each(
        _ sql: String,
        _ values: [SQLValue],
        _ body: (any Row) throws(StoreError) -> Void
    ) throws(StoreError)
    /// Runs `body` in a transaction, which is undone if it throws.
    func transaction<Value>(
        _ body: () throws(StoreError) -> Value
    ) throws(StoreError) -> Value
}

extension SQLConnection {
    /// Runs one statement to its end.
    func run(_ sql: String, _ values: SQLValue...) throws(StoreError) {
        try each(sql, values) { (_) throws(StoreError) in }
    }

    /// Returns what `body` makes of each row.
    func rows<Value>(
        _ sql: String,
        _ values: SQLValue...,
        as body: (any Row) -> Value
    ) throws(StoreError) -> [Value] {
        try rows(sql, values, as: body)
    }

    /// Returns what `body` makes of each row.
    func rows<Value>(
        _ sql: String,
        _ values: [SQLValue],
        as body: (any Row) -> Value
    ) throws(StoreError) -> [Value] {
        var found: [Value] = []
        try each(sql, values) { (row) throws(StoreError) in found.append(body(row)) }
        return found
    }

    /// Returns the first column of the first row.
    func number(_ sql: String, _ values: SQLValue...) throws(StoreError) -> Int64 {
        var found: Int64 = 0
        try each(sql, values) { (row) throws(StoreError) in found = row.integer(0) }
        return found
    }
}

/// A row of a result; valid until the next one.
protocol Row {
    func integer(_ column: Int32) -> Int64
    func real(_ column: Int32) -> Double
    func text(_ column: Int32) -> String
    func bytes(_ column: Int32) -> [UInt8]
    func isNull(_ column: Int32) -> Bool
}

extension Row {
    func optionalText(_ column: Int32) -> String? { isNull(column) ? nil : text(column) }
    func optionalReal(_ column: Int32) -> Double? { isNull(column) ? nil : real(column) }
    func optionalInteger(_ column: Int32) -> Int64? { isNull(column) ? nil : integer(column) }
}
