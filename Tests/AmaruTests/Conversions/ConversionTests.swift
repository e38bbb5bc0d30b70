// SPDX-License-Identifier: Apache-2.0

import Amaru
import Foundation
import Testing

@Suite("Conversions are exact or throw", .python)
struct ConversionTests {
    /// Converts the value of a Python expression.
    private func value<Value: ConvertibleFromPython & Sendable>(
        _ expression: String,
        as type: Value.Type = Value.self
    ) async throws -> Value {
        try await PythonActor.run { try Python.eval(expression, as: type) }
    }

    private func refused<Value: ConvertibleFromPython & Sendable>(
        _ expression: String,
        as type: Value.Type,
        _ message: String
    ) async {
        let error = await #expect(throws: PythonConversionError.self) {
            try await value(expression, as: type)
        }
        #expect(error?.description == message)
    }

    @Test("Integers keep their value up to the last bit")
    func integers() async throws {
        #expect(try await value("2**63 - 1", as: Int.self) == .max)
        #expect(try await value("-2**63", as: Int.self) == .min)
        #expect(try await value("2**64 - 1", as: UInt64.self) == .max)
        #expect(try await value("-128", as: Int8.self) == -128)
        #expect(try await value("-1", as: Int.self) == -1)
        let back = try await PythonActor.run { try Python.repr(PythonObject(UInt64.max)) }
        #expect(back == "18446744073709551615")
    }

    @Test("Integers that do not fit are refused")
    func integerOverflow() async {
        await refused("300", as: Int8.self, "int does not fit in Int8")
        await refused("-1", as: UInt.self, "int does not fit in UInt")
        await refused("2**63", as: Int.self, "int does not fit in Int")
        await refused("2**64", as: UInt64.self, "int does not fit in UInt64")
        await refused("-2**80", as: Int.self, "int does not fit in Int")
    }

    @Test("A bool is no integer, an integer no bool, a float no integer")
    func kinds() async {
        await refused("True", as: Int.self, "expected int, found bool")
        await refused("1", as: Bool.self, "expected bool, found int")
        await refused("1.0", as: Int.self, "expected int, found float")
        await refused("float('nan')", as: Int.self, "expected int, found float")
        await refused("'1'", as: Int.self, "expected int, found str")
        await refused("None", as: String.self, "expected str, found NoneType")
        await refused("'x'", as: PythonNone.self, "expected None, found str")
    }

    @Test("Floating point accepts what it represents exactly")
    func floatingPoint() async throws {
        #expect(try await value("0.1", as: Double.self) == 0.1)
        #expect(try await value("2**53", as: Double.self) == 9_007_199_254_740_992)
        #expect(try await value("float('nan')", as: Double.self).isNaN)
        #expect(try await value("0.5", as: Float.self) == 0.5)
        await refused("2**53 + 1", as: Double.self, "int 9007199254740993 has no exact Double")
        await refused("0.1", as: Float.self, "float 0.1 has no exact Float")
    }

    @Test(
        "Strings arrive unchanged in both directions",
        arguments: ["", "plain", "a\0b", "it's \"quoted\"\n", "señal", "日本語", "🧑‍🌾🇵🇪", "e\u{301}"]
    )
    func strings(text: String) async throws {
        let (back, count) = try await PythonActor.run {
            let object = try PythonObject(text)
            return (try object.converted(to: String.self), try Python.len(object))
        }
        #expect(Array(back.utf8) == Array(text.utf8))
        #expect(count == text.unicodeScalars.count)
    }

    @Test("A lone surrogate is refused")
    func surrogates() async {
        await refused(
            #"'\ud800'"#,
            as: String.self,
            "str holds a lone surrogate, which has no UTF-8"
        )
    }

    @Test("Bytes arrive unchanged in both directions")
    func bytes() async throws {
        let all = Data((0...255).map { UInt8($0) })
        let back = try await PythonActor.run { try PythonObject(all).converted(to: Data.self) }
        #expect(back == all)
        #expect(try await value("bytearray(b'ab')", as: Data.self) == Data("ab".utf8))
        #expect(try await value("b''", as: Data.self).isEmpty)
        await refused("'ab'", as: Data.self, "expected bytes, found str")
    }

    @Test("Collections convert with their contents")
    func collections() async throws {
        #expect(try await value("[1, 2]", as: [Int].self) == [1, 2])
        #expect(try await value("(1, 2)", as: [Int].self) == [1, 2])
        #expect(try await value("[None, 'a']", as: [String?].self) == [nil, "a"])
        #expect(
            try await value("{'a': {'b': 1}}", as: [String: [String: Int]].self)
                == ["a": ["b": 1]]
        )
        let back = try await PythonActor.run {
            try Python.repr(PythonObject([["k": [1, 2]], [:]]))
        }
        #expect(back == "[{'k': [1, 2]}, {}]")
    }

    @Test("An error inside a collection names the path")
    func paths() async {
        await refused(
            "[{'content': 'a'}, {'content': []}]",
            as: [[String: String]].self,
            "[1][content]: expected str, found list"
        )
        await refused("{1: 'a'}", as: [String: String].self, " key: expected str, found int")
        await refused("'ab'", as: [String].self, "expected list, found str")
    }

    @Test("An argument that does not convert names its place")
    func argumentPath() async throws {
        struct Refusing: ConvertibleToPython {
            func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
                throw PythonConversionError(.value, "no such thing")
            }
        }
        let error = await #expect(throws: PythonConversionError.self) {
            try await PythonActor.run {
                try Python.import("builtins").print(1, [Refusing()])
            }
        }
        #expect(error?.description == "argument 2[0]: no such thing")
    }

    @Test("A Double takes each int that it represents exactly, however large")
    func largeIntegers() async throws {
        try await PythonActor.run {
            for source in [
                "2**70", "-(2**70)", "10**22", "2**63", "2**1023", "(2**53 - 1) * 2**90",
            ] {
                let text: String = try Python.eval("repr(float(\(source)))" as String)
                #expect(try Double(Python.eval(source)) == Double(text))
            }
            #expect(try Float(Python.eval("2**70")) == 0x1p70)
            for source in ["2**70 + 1", "10**23", "2**1024", "-(2**64) - 1", "2**53 + 1"] {
                let error = #expect(throws: PythonConversionError.self) {
                    try Double(Python.eval(source))
                }
                #expect(error?.kind == .overflow)
            }
        }
    }

    private indirect enum Tree: ConvertibleFromPython {
        case leaf
        case list([Tree])
        case dictionary([String: Tree])

        static func fromPython(_ reference: borrowing BorrowedReference, _ gil: borrowing PythonGIL)
            throws -> Tree
        {
            if (try? Int.fromPython(reference, gil)) != nil { return .leaf }
            if let value = try unlessOfAnotherType({ try [Tree].fromPython(reference, gil) }) {
                return .list(value)
            }
            return .dictionary(try [String: Tree].fromPython(reference, gil))
        }

        private static func unlessOfAnotherType<Value>(_ body: () throws -> Value) throws -> Value?
        {
            do { return try body() } catch let error as PythonConversionError
                where error.kind == .type
            { return nil }
        }
    }

    @Test(
        "A value that is nested without end is a RecursionError, as in Python",
        arguments: ["[x]", "{'a': x}"]
    )
    func recursion(nesting: String) async throws {
        try await PythonActor.run {
            let namespace = try Python.eval("{}")
            try Python.exec(
                "x = 1\nfor _ in range(200_000): x = \(nesting)" as String,
                globals: namespace
            )
            let error = #expect(throws: PythonException.self) { try Tree(namespace["x"]) }
            #expect(error?.typeName == "RecursionError")
            try Python.exec(
                "x = 1\nfor _ in range(200): x = \(nesting)" as String,
                globals: namespace
            )
            _ = try Tree(namespace["x"])
        }
    }

    @Test("Two keys that are one in Swift are refused, not merged")
    func equalKeys() async throws {
        try await PythonActor.run {
            let dictionary = try Python.eval(#"{"\u00e9": 1, "e\u0301": 2}"#)
            let error = #expect(throws: PythonConversionError.self) {
                try [String: Int](dictionary)
            }
            #expect(error?.kind == .value)
        }
    }
}
