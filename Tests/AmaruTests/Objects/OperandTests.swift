// Operators with a member, a call or an item beside another operand: whose they are.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import Testing

/// Each expression is written as one types it; its type says whose operator the compiler chose.
@Suite("An operand that is a member, a call or an item has Python's operators", .python)
struct OperandTests {
    @Test("Beside a literal")
    func literals() async throws {
        try await PythonActor.run {
            let o = try operands()
            #expect(try show(o.n + 2) == "object -5")
            #expect(try show(o.n - 2) == "object -9")
            #expect(try show(o.n * 2) == "object -14")
            #expect(try show(o.n / 2) == "object -3.5")
            #expect(try show(o.n % 3) == "object 2")
            #expect(try show(o.n & 3) == "object 1")
            #expect(try show(o.n | 8) == "object -7")
            #expect(try show(o.n ^ 1) == "object -8")
            #expect(try show(o.n << 1) == "object -14")
            #expect(try show(o.n >> 1) == "object -4")
            #expect(try show(o.big * 4) == "object 18446744073709551616")
            #expect(try show(o.s + "c") == "object 'abc'")
            #expect(try show(o.s * 2) == "object 'abab'")
            #expect(try show(o.list + [1.0]) == "object [1, 1.0]")
            #expect(try show(o.f(1) / 2) == "object -3.5")
            #expect(try show(o.f(1) % 3) == "object 2")
            #expect(try show(o.f() / 2) == "object -3.5")
            #expect(try show(o.f(1, "x") / 2) == "object -3.5")
            #expect(try show(o.f(1, k: 2) / 2) == "object -3.5")
            #expect(try show(o.f(1, k: "x") / 2) == "object -3.5")
            #expect(try show(o.d["n"] / 2) == "object -3.5")
            #expect(try show(o.d["n"] % 3) == "object 2")
            #expect(try show(o.list[0] / 2) == "object 0.5")
            #expect(try show(o / 2) == "object 'truediv'")
            #expect(try show(o(1) / 2) == "object -3.5")
        }
    }

    @Test("Beside a literal on the left")
    func literalsOnTheLeft() async throws {
        try await PythonActor.run {
            let o = try operands()
            #expect(try show(2 + o.n) == "object -5")
            #expect(try show(7 / o.n) == "object -1.0")
            #expect(try show(20 % o.n) == "object -1")
            #expect(try show(8 | o.n) == "object -7")
            #expect(try show("c" + o.s) == "object 'cab'")
            #expect(try show([1.0] + o.list) == "object [1.0, 1]")
            #expect(try show(7 / o.f(1)) == "object -1.0")
            #expect(try show(20 % o.f()) == "object -1")
            #expect(try show(7 / o.d["n"]) == "object -1.0")
            #expect(try show(20 % o.list[0]) == "object 0")
            #expect(try show(7 / o(1)) == "object -1.0")
        }
    }

    @Test("Beside another object, and in longer expressions")
    func objects() async throws {
        try await PythonActor.run {
            let o = try operands()
            #expect(try show(o.n / o.two) == "object -3.5")
            #expect(try show(o.f(1) / o.two) == "object -3.5")
            #expect(try show(o.f(1) % o.f(2)) == "object 0")
            #expect(try show(o.d["n"] / o.list[0]) == "object -7.0")
            #expect(try show(2 * o.n + 1) == "object -13")
            #expect(try show((o.n + 1) * (o.two - 1) / o.f(2)) == "object 0.8571428571428571")
            #expect(try show(-o.n) == "object 7")
            #expect(try show(o.echo(o.n / 2)) == "object -3.5")
            #expect(try show(o.echo(o.f(1) / 2)) == "object -3.5")
            #expect(try show(o.echo(k: o.f(1) / 2)) == "object -3.5")
            #expect(try show(o.echo(o.d["n"] / 2)) == "object -3.5")
        }
    }

    @Test("A member beside a Swift variable")
    func variables() async throws {
        let (i, x, s, a) = (2, 0.5, "c", [2])
        try await PythonActor.run {
            let o = try operands()
            #expect(try show(o.n / i) == "object -3.5")
            #expect(try show(o.n % i) == "object 1")
            #expect(try show(7 * i / o.n) == "object -2.0")
            #expect(try show(o.n * x) == "object -3.5")
            #expect(try show(o.s + s) == "object 'abc'")
            #expect(try show(s + o.s) == "object 'cab'")
            #expect(try show(o.list + a) == "object [1, 2]")
            #expect(try show(a + o.list) == "object [2, 1]")
        }
    }

    @Test("A result that is asked for as a Swift type is Python's, converted")
    func typed() async throws {
        try await PythonActor.run {
            let o = try operands()
            let n: PythonObject = try o.n
            let quotient: Double = try n / 2
            #expect(quotient == -3.5)
            let remainder: Int = try n % 3
            #expect(remainder == 2)
            let left: Int = try 20 % n
            #expect(left == -1)
            let both: Int = try n * n
            #expect(both == 49)
            let list: [Double] = try o.list + [0.5]
            #expect(list == [1, 0.5])
            let text: String = try o.s * 2
            #expect(text == "abab")
            let none: Int? = try n + 1
            #expect(none == -6)
            #expect(throws: PythonConversionError.self) { try n / 2 as Int }
            #expect(throws: PythonConversionError.self) { try o.big * 4 as Int8 }
            let product: Int128 = try n * (1 << 61)
            #expect(product == Int128(-7) << 61)
        }
    }

    /// The compiler tries the operators of Swift's own types first there, and stops if they fit.
    ///
    /// The page on operators says so: what changes here changes there.
    @Test("Swift's operators are chosen in three places, and not beside what is known as an object")
    func swiftOperators() async throws {
        let i = 2
        try await PythonActor.run {
            let o = try operands()
            #expect(try show(o.f(1) / i) == "Int -3")
            #expect(try show(o.d["n"] / i) == "Int -3")
            let rest: Int = try o.n % 3
            #expect(rest == -1)
            let values: [any ConvertibleToPython] = try ["a", o.n / 2]
            #expect(try Python.repr(Python.list(values)) == "['a', -3]")
            // The literal is taken for an array of texts, and the object is a number.
            #expect(throws: PythonConversionError.self) { try Python.list(["a", o.n / 2]) }
            let pair = try Python.eval("lambda *a: repr(a)")
            #expect(try pair("a", o.f(1) / 2) == "('a', -3)")
            let half = try o.n / 2
            #expect(try Python.repr(Python.list(["a", nil, half])) == "['a', None, -3.5]")
            #expect(try pair("a", (o.f(1) as PythonObject) / 2) == "('a', -3.5)")
            #expect(try pair("a", o.n / 2, o.d["n"] / 2) == "('a', -3.5, -3.5)")
            #expect(try show((o.f(1) as PythonObject) / i) == "object -3.5")
            #expect(try show((o.d["n"] as PythonObject) / i) == "object -3.5")
            let python: Int = try (o.n as PythonObject) % 3
            #expect(python == 2)
            // What is no integer does not become one there.
            #expect(throws: PythonConversionError.self) { try show(o.echo(0.5) / i) }
        }
    }

    @Test("Conditions")
    func conditions() async throws {
        let (i, s) = (3, "ab")
        try await PythonActor.run {
            let o = try operands()
            #expect(try o.seven / 2 > 3)
            #expect(try 3 < o.seven / 2)
            #expect(try o.g() / 2 > 3 && o.g(1) / 2 > i)
            #expect(try o.d["seven"] / 2 == 3.5)
            #expect(try 3.5 == o.d["seven"] / 2)
            #expect(try 8 > o.seven && 6 < o.seven && 7 >= o.seven && 7 <= o.seven)
            #expect(try 7 == o.seven && 8 != o.seven && s == o.s && "x" != o.s)
            let seven: PythonObject = try o.seven
            #expect(try 8 > seven && "x" != seven && 7 == seven && i < seven)
            #expect(try seven == seven && o.seven <= o.seven)
            #expect(try show(o.seven == 7) == "Bool true")
            #expect(try show(7 .< o.seven) == "object False")
            #expect(throws: PythonException.self) { try "a" < seven }
        }
    }

    @Test("nil is None")
    func none() async throws {
        try await PythonActor.run {
            let o = try operands()
            let none: PythonObject = try o.none
            #expect(none == nil)
            #expect(try o.none == nil && o.n != nil && o.f(1) != nil)
            #expect(try o.d["none"] == nil)
            let member: PythonObject? = try o.none
            let call: PythonObject? = try o.echo(nil)
            let item: PythonObject? = try o.d["none"]
            let value: PythonObject? = try Python.eval("None")
            let direct: PythonObject? = try Python.eval("lambda: None")()
            #expect(member == nil && call == nil && item == nil && value == nil && direct == nil)
        }
    }

    @Test("Assignment operators of every sign")
    func assignment() async throws {
        try await PythonActor.run {
            var value = try PythonObject(6)
            try value |= 1
            try value &= 5
            try value ^= 3
            try value <<= 2
            try value >>= 1
            #expect(try value == 12)
        }
    }

    @Test("An initializer takes the object, not a text or a number made of it")
    func initializers() async throws {
        try await PythonActor.run {
            let o = try operands()
            #expect(throws: PythonConversionError.self) { try Int(Python.eval("2.5")) }
            #expect(throws: PythonConversionError.self) { try Int(Python.eval("'2'")) }
            #expect(throws: PythonConversionError.self) { try Int(o.half) }
            #expect(throws: PythonConversionError.self) { try Int(o.echo(0.5)) }
            #expect(throws: PythonConversionError.self) { try Int(o.d["half"]) }
            #expect(throws: PythonConversionError.self) { try Double(o.s) }
            #expect(throws: PythonConversionError.self) { try String(o.n) }
            #expect(try Int(Python.eval("2")) == 2)
            let seven: PythonObject = try o.seven
            #expect(throws: PythonConversionError.self) { try Int(seven / 2) }
            #expect(throws: PythonConversionError.self) { try Int(o.seven / 2) }
            #expect(throws: PythonConversionError.self) { try Int(o.g() / 2) }
            #expect(throws: PythonConversionError.self) { try Int(o.d["seven"] / 2) }
            #expect(throws: PythonConversionError.self) { try Int(Python.pow(2, o.n)) }
            #expect(try Double(seven / 2) == 3.5 && Double(o.seven / 2) == 3.5)
        }
    }

    @Test("Texts, collections and choices hold objects")
    func places() async throws {
        try await PythonActor.run {
            let o = try operands()
            #expect(try "\(o.n / 2) \(o.f(1) / 2) \(o.d["n"] / 2)" == "-3.5 -3.5 -3.5")
            let list = try [o.n / 2, o.f(1) / 2]
            #expect(try list.map { try Double($0) } == [-3.5, -3.5])
            let chosen = try o.n < 0 ? o.n / 2 : o.two
            #expect(try show(chosen) == "object -3.5")
            let dict = try ["a": o.n / 2, "b": o.f(1) % 3]
            #expect(try Python.repr(PythonObject(dict["b"])) == "2")
            let closure = { @PythonActor in try o.n / 2 }
            #expect(try show(closure()) == "object -3.5")
            let quotient = try o.n / 2 as PythonObject
            #expect(try show(quotient) == "object -3.5")
            try Python.eval("[]").append(o.n / 2)
            let tuple = PythonTuple(try o.n / 2, 1)
            #expect(try Python.repr(PythonObject(tuple)) == "(-3.5, 1)")
        }
    }
}

@PythonActor
private func operands() throws -> PythonObject {
    try Python.eval(
        """
        type('Operands', (), {
            'n': -7, 'two': 2, 'seven': 7, 's': 'ab', 'list': [1], 'big': 1 << 62, 'none': None,
            'half': 0.5, 'd': {'n': -7, 'seven': 7, 'none': None, 'half': 0.5},
            'f': lambda self, *a, **k: -7, 'g': lambda self, *a: 7,
            'echo': lambda self, a=None, k=None: a if k is None else k,
            '__call__': lambda self, *a: -7, '__truediv__': lambda self, other: 'truediv',
        })()
        """
    )
}

/// The type of the value, with the `repr` of an object.
@PythonActor
private func show<Value>(_ value: Value) throws -> String {
    guard let object = value as? PythonObject else { return "\(Value.self) \(value)" }
    return "object \(try Python.repr(object))"
}
