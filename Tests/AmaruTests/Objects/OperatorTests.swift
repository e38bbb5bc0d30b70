// Operators and comparisons of Python objects.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import Testing

@Suite("Operators are throwing functions", .python)
struct OperatorTests {
    @Test("Arithmetic, with a Swift value on either side")
    func arithmetic() async throws {
        try await PythonActor.run {
            let seven = try PythonObject(7)
            #expect(try Int(seven + 2) == 9)
            #expect(try Int(2 - seven) == -5)
            #expect(try Int(seven * seven) == 49)
            #expect(try Double(seven / 2) == 3.5)
            #expect(try Int(seven % 4) == 3)
            #expect(try Int(100 % seven) == 2)
            #expect(try Int(-seven) == -7)
            #expect(try Int(~seven) == -8)
            #expect(try Int(seven & 5) == 5)
            #expect(try Int(seven | 8) == 15)
            #expect(try Int(seven ^ 1) == 6)
            #expect(try Int(seven << 2) == 28)
            #expect(try Int(seven >> 1) == 3)
            #expect(try Int(Python.pow(seven, 2)) == 49)
            #expect(try Int(Python.floordiv(seven, 2)) == 3)
            #expect(try [Int](Python.divmod(seven, 2)) == [3, 1])
            #expect(try Int(Python.abs(-seven)) == 7)
            #expect(try String("ab" + PythonObject("cd")) == "abcd")
            let power: Int = try Python.pow(seven, 2)
            let whole: Int = try Python.floordiv(-15, seven)
            let both: [Int] = try Python.divmod(seven, 2)
            #expect(power == 49 && whole == -3 && both == [3, 1])
            #expect(throws: PythonConversionError.self) { try Python.pow(2, -seven) as Int }
        }
    }

    @Test("Assignment in place changes the object where it can, else makes another")
    func inPlace() async throws {
        try await PythonActor.run {
            let list = try PythonObject([1])
            var same = list
            try same += [2]
            #expect(same.isIdentical(to: list))
            #expect(try [Int](list) == [1, 2])

            let one = try PythonObject(1000)
            var other = one
            try other += 1
            try other -= 2
            try other *= 3
            try other /= 2
            try other %= 1000
            #expect(try Double(other) == 498.5)
            #expect(try Int(one) == 1000)
        }
    }

    @Test("Comparisons")
    func comparisons() async throws {
        try await PythonActor.run {
            let two = try PythonObject(2)
            #expect(try two == 2 && two == 2.0 && two != "2")
            #expect(try two < 3 && two <= 2 && two > 1.5 && two >= two)
            #expect(try !(two == nil as Int?))
            let compared = try Python.compare(two, .less, 3)
            #expect(try Python.repr(compared) == "True")
        }
    }

    @Test("What an operator raises is thrown")
    func failures() async throws {
        try await PythonActor.run {
            let text = try PythonObject("text")
            let zero = try PythonObject(0)
            #expect(throws: PythonException.self) { try text + 1 }
            #expect(throws: PythonException.self) { try 1 / zero }
            #expect(throws: PythonException.self) { _ = try text < 1 }
            #expect(throws: PythonException.self) { try -text }
            var unchanged = text
            #expect(throws: PythonException.self) { try unchanged += 1 as Int }
            #expect(unchanged.isIdentical(to: text))
        }
    }

    @Test("A comparison without a truth value throws, and can be had as an object")
    func truthless() async throws {
        let value = try await runAlone(
            """
            class Vague:
                def __eq__(self, other): return self
                def __bool__(self): raise ValueError('no truth')
            Vague()
            """
        )
        try await PythonActor.run {
            #expect(throws: PythonException.self) { _ = try value == 1 }
            let result = try Python.compare(value, .equal, 1)
            #expect(result.isIdentical(to: value))
        }
    }
}
