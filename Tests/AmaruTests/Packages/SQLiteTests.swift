// SPDX-License-Identifier: Apache-2.0

import Amaru
import Foundation
import Synchronization
import Testing

@Suite("sqlite3", .python, .timeLimit(.minutes(5)))
struct SQLiteTests {
    struct Word: Equatable {
        let text: String
        let length: Int
    }

    /// A database in memory with a table of words.
    @PythonActor
    private static func words(_ words: [String]) throws -> PythonObject {
        let connection: PythonObject = try Python.import("sqlite3").connect(":memory:")
        try connection.execute("CREATE TABLE words (text TEXT NOT NULL UNIQUE, length INT)")
        try connection.executemany(
            "INSERT INTO words VALUES (?, ?)",
            words.map { PythonTuple($0, $0.count) }
        )
        try connection.commit()
        return connection
    }

    @Test("Rows go in from Swift's values and come out as them")
    func rows() async throws {
        try await PythonActor.run {
            let connection = try Self.words(["condor", "puma", "ñandú"])
            let cursor: PythonObject = try connection.execute(
                "SELECT text, length FROM words WHERE length > ? ORDER BY text",
                [4]
            )
            var words: [Word] = []
            let rows = try cursor.makeIterator()
            while let row = try rows.next() {
                words.append(Word(text: try String(row[0]), length: try Int(row[1])))
            }
            #expect(words == [Word(text: "condor", length: 6), Word(text: "ñandú", length: 5)])
            let one: [Int] = try connection.execute("SELECT count(*) FROM words").fetchone()
            #expect(one == [3])
            let named: [PythonObject] = try connection.execute(
                "SELECT text FROM words WHERE length = :n",
                ["n": 4]
            ).fetchall()
            #expect(try named.map { try String($0[0]) } == ["puma"])
            try connection.close()
        }
    }

    @Test("Values of each storage class keep their type")
    func storageClasses() async throws {
        try await PythonActor.run {
            let connection: PythonObject = try Python.import("sqlite3").connect(":memory:")
            let row: PythonObject = try connection.execute(
                "SELECT ?, ?, ?, ?, ?",
                PythonTuple(Int64.max, 2.5, "a\u{301}", Data([0, 255]), nil as Int?)
            ).fetchone()
            #expect(try Int64(row[0]) == .max)
            #expect(try Double(row[1]) == 2.5)
            #expect(try String(row[2]) == "a\u{301}")
            #expect(try Data(row[3]) == Data([0, 255]))
            let nothing: PythonObject = try row[4]
            #expect(nothing.isNone)
            #expect(throws: PythonException.self) {
                try connection.execute("SELECT ?", PythonTuple(UInt64.max))
            }
        }
    }

    @Test("Memory of Swift is a blob, and a blob in the database is read and written in place")
    func blobs() async throws {
        try await PythonActor.run {
            let connection: PythonObject = try Python.import("sqlite3").connect(":memory:")
            try connection.execute("CREATE TABLE files (data BLOB)")
            let samples = (0..<1000).map(Double.init)
            try connection.execute("INSERT INTO files VALUES (?)", [PythonBuffer(samples)])
            let row: PythonObject = try connection.execute("SELECT data FROM files").fetchone()
            let view: PythonObject = try Python.builtin("memoryview")(row[0] as PythonObject)
            let numbers: PythonObject = try view.cast("d")
            #expect(try [Double](copyingBufferOf: numbers) == samples)
            try connection.close()
        }
    }

    @Test("A Swift closure is an SQL function, also one that keeps a state")
    func functions() async throws {
        let calls = Counter()
        try await Python.register(
            PythonModule("sqlite_functions") {
                PythonFunction("vowels") { (text: String) in
                    calls.increment()
                    return text.filter { "aeiou".contains($0) }.count
                }
            }
        )
        try await PythonActor.run {
            let connection = try Self.words(["condor", "puma", "vicuna"])
            let vowels: PythonObject = try Python.import("sqlite_functions").vowels
            try connection.create_function("vowels", 1, vowels, deterministic: true)
            let rows: [PythonObject] = try connection.execute(
                "SELECT text FROM words WHERE vowels(text) = 2 ORDER BY text"
            ).fetchall()
            #expect(try rows.map { try String($0[0]) } == ["condor", "puma"])
            #expect(calls.value == 3)
        }
    }

    @Test("An error in that closure ends the statement with sqlite3's error, and nothing else")
    func failingFunction() async throws {
        struct Refused: Error {}
        try await Python.register(
            PythonModule("sqlite_failing") {
                PythonFunction("fail") { (text: String) throws -> Int in throw Refused() }
            }
        )
        try await PythonActor.run {
            let connection = try Self.words(["puma"])
            let fail: PythonObject = try Python.import("sqlite_failing").fail
            try connection.create_function("fail", 1, fail)
            do {
                try connection.execute("SELECT fail(text) FROM words").fetchall()
                Issue.record("the statement ended well")
            } catch let error as PythonException {
                #expect(error.typeName == "sqlite3.OperationalError")
                #expect(error.message == "user-defined function raised exception")
            }
            let one: [Int] = try connection.execute("SELECT 1").fetchone()
            #expect(one == [1])
        }
    }

    @Test("A progress handler in Swift breaks off a statement that would not end")
    func progress() async throws {
        let steps = Counter()
        try await Python.register(
            PythonModule("sqlite_progress") {
                PythonFunction("step") { () -> Int in
                    steps.increment()
                    return steps.value >= 10 ? 1 : 0
                }
            }
        )
        try await PythonActor.run {
            let connection: PythonObject = try Python.import("sqlite3").connect(":memory:")
            let step: PythonObject = try Python.import("sqlite_progress").step
            try connection.set_progress_handler(step, 1000)
            do {
                try connection.execute(
                    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
                        + "SELECT count(*) FROM n"
                ).fetchone()
                Issue.record("an endless statement ended")
            } catch let error as PythonException {
                #expect(error.typeName == "sqlite3.OperationalError")
                #expect(error.message == "interrupted")
            }
            #expect(steps.value == 10)
        }
    }

    @Test(
        "Errors have sqlite3's classes and can be told apart by their bases",
        arguments: [
            ("INSERT INTO words VALUES ('puma', 4)", "sqlite3.IntegrityError", "UNIQUE"),
            ("INSERT INTO words VALUES (NULL, 4)", "sqlite3.IntegrityError", "NOT NULL"),
            ("SELECT * FROM missing", "sqlite3.OperationalError", "no such table: missing"),
            ("SELEC 1", "sqlite3.OperationalError", "syntax error"),
            ("SELECT ?", "sqlite3.ProgrammingError", "Incorrect number of bindings"),
        ]
    )
    func errors(_ statement: String, _ type: String, _ text: String) async throws {
        try await PythonActor.run {
            let connection = try Self.words(["puma"])
            do {
                try connection.execute(statement)
                Issue.record("the statement ended well")
            } catch let error as PythonException {
                #expect(error.typeName == type)
                #expect(error.isInstance(of: "sqlite3.Error"))
                #expect(error.message.contains(text), "\(error.message)")
            }
        }
    }

    @Test("A connection as a context manager commits, and rolls back what failed")
    func transactions() async throws {
        try await PythonActor.run {
            let connection = try Self.words(["puma"])
            let namespace = try PythonObject(["connection": connection])
            try Python.exec(
                """
                with connection:
                    connection.execute("INSERT INTO words VALUES ('condor', 6)")
                """,
                globals: namespace
            )
            #expect(throws: PythonException.self) {
                try Python.exec(
                    """
                    with connection:
                        connection.execute("INSERT INTO words VALUES ('llama', 5)")
                        connection.execute("INSERT INTO words VALUES ('puma', 4)")
                    """,
                    globals: namespace
                )
            }
            #expect(try Bool(connection.in_transaction) == false)
            let rows: [PythonObject] = try connection.execute(
                "SELECT text FROM words ORDER BY text"
            ).fetchall()
            #expect(try rows.map { try String($0[0]) } == ["condor", "puma"])
        }
    }
}
