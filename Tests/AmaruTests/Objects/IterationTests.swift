// SPDX-License-Identifier: Apache-2.0

import Amaru
import Testing

@Suite("The algorithms of an iteration throw what its steps raise", .python)
struct IterationTests {
    private struct Refused: Error {}

    @Test("Each converts its elements, and consumes what it looks at")
    func algorithms() async throws {
        try await PythonActor.run {
            let numbers = try Python.eval("[1, 2, 3, 4]")
            #expect(try numbers.makeIterator().map { (x: Int) in x * 2 } == [2, 4, 6, 8])
            #expect(
                try numbers.makeIterator().compactMap { (x: Int) in x > 2 ? "\(x)" : nil }
                    == ["3", "4"]
            )
            #expect(try numbers.makeIterator().filter { (x: Int) in x % 2 == 0 } == [2, 4])
            #expect(try numbers.makeIterator().reduce(0) { (sum: Int, x: Int) in sum + x } == 10)
            let joined = try numbers.makeIterator().reduce(into: "") { (text, x: Int) in
                text += "\(x)"
            }
            #expect(joined == "1234")
            let iterator = try numbers.makeIterator()
            #expect(try iterator.first { (x: Int) in x > 1 } == 2)
            #expect(try iterator.map { (x: Int) in x } == [3, 4])
            #expect(try iterator.first { (_: Int) in true } == nil)
            let objects = try numbers.makeIterator().map { (x: PythonObject) in
                try (x / 2) as Double
            }
            #expect(objects == [0.5, 1, 1.5, 2])
            var seen: [Int] = []
            try numbers.makeIterator().forEach { (x: Int) in seen.append(x) }
            #expect(seen == [1, 2, 3, 4])
        }
    }

    @Test("A step that raises, an element of another type and a closure that throws end it")
    func failures() async throws {
        try await PythonActor.run {
            let failing = try Python.eval("(1 // (2 - x) for x in range(4))")
            let raised = #expect(throws: PythonException.self) {
                try failing.makeIterator().map { (x: Int) in x }
            }
            #expect(raised?.typeName == "ZeroDivisionError")
            let mixed = try Python.eval("[1, 'x']")
            let error = #expect(throws: PythonConversionError.self) {
                try mixed.makeIterator().map { (x: Int) in x }
            }
            #expect(error?.path == ["[1]"])
            #expect(throws: Refused.self) {
                try mixed.makeIterator().map { (_: PythonObject) in throw Refused() }
            }
            #expect(throws: PythonException.self) { try Python.eval("1").makeIterator() }
        }
    }
}
