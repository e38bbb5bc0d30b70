// SPDX-License-Identifier: Apache-2.0

import Amaru
import Testing

/// What the page "numpy and pandas" says of tables.
@Suite("pandas", .packages, .timeLimit(.minutes(5)))
struct PandasTests {
    @Test("Tables are made of Swift's collections, computed with, and read back")
    func tables() async throws {
        try await PythonActor.run {
            let pd = try Python.import("pandas")
            let table: PythonObject = try pd.DataFrame(["name": ["Ada", "Bob"], "age": [36, 41]])
            let marked: PythonObject = try table.assign(old: table["age"] .> 40)
            #expect(try [Bool](marked["old"]) == [false, true])
            let total: Int = try marked["age"].sum()
            #expect(total == 77)
            let names: [String] = try table["name"].tolist()
            #expect(names == ["Ada", "Bob"])
            #expect(try [String](table["name"]) == names)
            #expect(try table[table["age"] .> 40]["name"].tolist() == ["Bob"])
        }
    }

    @Test("Columns of numbers become arrays of Swift, exactly or not at all")
    func columns() async throws {
        try await PythonActor.run {
            let pd = try Python.import("pandas")
            let table: PythonObject = try pd.DataFrame(["n": [1, 2, 3], "x": [0.5, 1.5, 2.5]])
            #expect(try [Double](table["x"]) == [0.5, 1.5, 2.5])
            #expect(try [Int](table["n"]) == [1, 2, 3])
            #expect(try [Double](table["n"].astype("float64")) == [1, 2, 3])
            #expect(throws: PythonConversionError.self) { try [Double](table["n"]) }
            let (sum, mean): (Int, Double) = (try table["n"].sum(), try table["x"].mean())
            #expect(sum == 6 && mean == 1.5)
            #expect(try [[Double]](table[["x"]].to_numpy()) == [[0.5], [1.5], [2.5]])
        }
    }

    @Test("A closure is applied to a column and to rows, and its error comes out")
    func apply() async throws {
        struct Refused: Error, Equatable { let age: Int }
        try await PythonActor.run {
            let pd = try Python.import("pandas")
            let table: PythonObject = try pd.DataFrame(["age": [36, 41]])
            let doubled: PythonObject = try table["age"].apply(
                PythonFunction { (age: Int) in 2 * age }
            )
            #expect(try [Int](doubled) == [72, 82])
            let halved: PythonObject = try table.apply(
                PythonFunction { (row: PythonObject) throws -> Double in
                    try PythonActor.runBlocking { Double(try row["age"] as Int) / 2 }
                },
                axis: 1
            )
            #expect(try [Double](halved) == [18, 20.5])
            #expect(throws: Refused(age: 36)) {
                try table["age"].apply(
                    PythonFunction { (age: Int) throws -> Int in throw Refused(age: age) }
                ) as PythonObject
            }
        }
    }

    @Test("What looks at the frames of its caller runs in a namespace")
    func namespace() async throws {
        try await PythonActor.run {
            let pd = try Python.import("pandas")
            let namespace = try PythonNamespace()
            try namespace.set("table", to: pd.DataFrame(["age": [36, 12]]) as PythonObject)
            try namespace.exec(
                "table['old'] = table['age'] > 30; adults = table.query('age > 17')"
            )
            #expect(try [Int](namespace["adults"]["age"]) == [36])
            #expect(try [Bool](namespace["table"]["old"]) == [true, false])
        }
    }
}
