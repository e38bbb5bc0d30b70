// SPDX-License-Identifier: Apache-2.0

import Amaru
import Testing

@Suite("Sets, tuples, slices, wide integers and characters cross exactly, or not at all", .python)
struct ContainerConversionTests {
    @Test(
        "Sets",
        arguments: table {
            crosses("{1}", [1] as Set)
            crosses("set()", [] as Set<String>)
            crosses("frozenset([2])", [2] as Set, back: "{2}")
            crosses("frozenset([1])", PythonFrozenSet([1]))
            crosses("{frozenset(['a'])}", [PythonFrozenSet(["a"])] as Set)
            refuses("[1]", as: Set<Int>.self, "expected set, found list")
            refuses("{'a'}", as: Set<Int>.self, " element: expected int, found str")
            refuses(
                "{'\\u00e9', 'e\\u0301'}",
                as: Set<String>.self,
                "two elements of the set are equal in Swift"
            )
        }
    )
    func sets(_ line: ValueConversion) async throws { try await line.run() }

    @Test("A set of sets is refused by Python, as lists are no elements")
    func unhashable() async {
        await #expect(throws: PythonException.self) {
            try await PythonActor.run { try PythonObject([[[1]]] as Set) }
        }
    }

    @Test(
        "Slices",
        arguments: table {
            crosses("slice(5, 10)", 5..<10)
            crosses("range(5, 10)", 5..<10, back: "slice(5, 10)")
            crosses("slice(5, 10, 1)", 5..<10, back: "slice(5, 10)")
            crosses("slice(5, 10)", 5...9)
            crosses("slice(1, None, 2)", PythonSlice(from: 1, step: 2))
            crosses("slice(None)", PythonSlice())
            refuses("slice(5, None)", as: Range<Int>.self, "slice has no stop")
            refuses("slice(5)", as: Range<Int>.self, "slice has no start")
            refuses(
                "slice(1, 5)",
                as: PartialRangeFrom<Int>.self,
                "slice has the stop 5, expected none"
            )
            refuses(
                "slice(1, 5)",
                as: PartialRangeUpTo<Int>.self,
                "slice has the start 1, expected none"
            )
            refuses("slice(5, 1)", as: Range<Int>.self, "slice from 5 to 1 is not a range")
            refuses("slice(5, 5)", as: ClosedRange<Int>.self, "slice from 5 to 5 is not a range")
            refuses(
                "slice(1, 5, 2)",
                as: Range<Int>.self,
                "slice has the step 2: read it as PythonSlice"
            )
            refuses(
                "range(1, 5, 2)",
                as: Range<Int>.self,
                "range has the step 2: read it as PythonRange"
            )
            refuses("[1, 5]", as: Range<Int>.self, "expected slice, found list")
            refuses("slice('a')", as: PythonSlice.self, ".stop: expected int, found str")
            refuses("slice(2**64)", as: PythonSlice.self, ".stop: int does not fit in Int")
            unmade(1...Int.max, "there is no Int after 9223372036854775807")
            refuses(
                "slice(-2**63)",
                as: PartialRangeThrough<Int>.self,
                "there is no Int before -9223372036854775808"
            )
        }
    )
    func slices(_ line: ValueConversion) async throws { try await line.run() }

    @Test("Ranges with one bound are slices with one bound")
    func partialRanges() async throws {
        try await PythonActor.run {
            let from = try Python.eval("slice(5, None)", as: PartialRangeFrom<Int>.self)
            #expect(from.lowerBound == 5)
            let upTo = try Python.eval("slice(5)", as: PartialRangeUpTo<Int>.self)
            #expect(upTo.upperBound == 5)
            let through = try Python.eval("slice(5)", as: PartialRangeThrough<Int>.self)
            #expect(through.upperBound == 4)
            let texts = [
                try Python.repr(PythonObject((-3)...)), try Python.repr(PythonObject(..<5)),
                try Python.repr(PythonObject(...5)), try Python.repr(PythonObject(...(-1))),
            ]
            #expect(
                texts == [
                    "slice(-3, None, None)", "slice(None, 5, None)", "slice(None, 6, None)",
                    "slice(None, None, None)",
                ]
            )
        }
    }

    @Test("Ranges select what they select in Python")
    func selection() async throws {
        try await PythonActor.run {
            let list = try Python.eval("list(range(10))")
            #expect(try list[2..<4] == [2, 3])
            #expect(try list[2...4] == [2, 3, 4])
            #expect(try list[8...] == [8, 9])
            #expect(try list[(-2)...] == [8, 9])
            #expect(try list[...1] == [0, 1])
            #expect(try list[..<(-8)] == [0, 1])
            #expect(try list[(-3)...(-1)] == [7, 8, 9])
            #expect(try Python.len(list[...(-1)]) == 10)
            #expect(try list[PythonSlice(step: 4)] == [0, 4, 8])
            try list.setItem(1..<9, to: [5])
            #expect(try list.converted(to: [Int].self) == [0, 5, 9])
        }
    }

    @Test("A range keeps start, stop and step, and iterates")
    func ranges() async throws {
        try await PythonActor.run {
            let range = try Python.eval("range(10, 0, -3)", as: PythonRange.self)
            #expect(Array(range) == [10, 7, 4, 1])
            #expect(try Python.repr(PythonObject(range)) == "range(10, 0, -3)")
            #expect(throws: PythonConversionError.self) { try PythonRange(to: 1, step: 0) }
            #expect(throws: PythonConversionError.self) {
                try Python.eval("range(2**64)", as: PythonRange.self)
            }
        }
    }

    @Test("A tuple of values whose types are known at run time only")
    func erasedTuple() async throws {
        try await PythonActor.run {
            let values: [any ConvertibleToPython & Sendable] = [1, "x"]
            let tuples = [
                PythonTuple(values[0], values[1]), PythonTuple(), PythonTuple(1, values[1]),
            ]
            let texts = try tuples.map { try Python.repr(PythonObject($0)) }
            #expect(texts == ["(1, 'x')", "()", "(1, 'x')"])
        }
    }

    @Test("Tuples of two to six elements, each of its type")
    func tuples() async throws {
        try await PythonActor.run {
            let (a, b) = try Python.eval("(1, 'b')").tupleValues(Int.self, String.self)
            #expect((a, b) == (1, "b"))
            let six = try Python.eval("(1, 2.5, None, 'd', [1], True)").tupleValues(
                Int.self,
                Double.self,
                Int?.self,
                String.self,
                [Int].self,
                Bool.self
            )
            #expect(six == (1, 2.5, nil, "d", [1], true))
            let pair = PythonTypedTuple("x", PythonTypedTuple(1, 2))
            #expect(try Python.repr(PythonObject(pair)) == "('x', (1, 2))")
            typealias Pair = PythonTypedTuple<Int, Int>
            let pairs = try Python.eval("[(1, 2), (3, 4)]", as: [Pair].self)
            #expect(pairs.map(\.values.1) == [2, 4])
            for (source, message) in [
                ("(1, 2, 3)", "expected a tuple of 2, found one of 3"),
                ("(1,)", "expected a tuple of 2, found one of 1"),
                ("(1, 'b')", "[1]: expected int, found str"),
                ("[1, 2]", "expected tuple, found list"),
            ] {
                let error = #expect(throws: PythonConversionError.self) {
                    try Python.eval(source).converted(to: Pair.self)
                }
                #expect(error?.description == message)
            }
        }
    }

    @Test(
        "Wide integers",
        arguments: table {
            crosses("2**127 - 1", Int128.max)
            crosses("-2**127", Int128.min)
            crosses("-1", -1 as Int128)
            crosses("0", 0 as UInt128)
            crosses("2**128 - 1", UInt128.max)
            crosses("Number(7)", 7 as Int128, back: "7")
            crosses("2**64", PythonInteger(magnitude: [0, 1]))
            crosses("-2**64 - 5", PythonInteger(isNegative: true, magnitude: [5, 1]))
            crosses("0", PythonInteger(0))
            crosses("10**40", PythonInteger("1" + String(repeating: "0", count: 40)))
            refuses("2**127", as: Int128.self, "int does not fit in Int128")
            refuses("-1", as: UInt128.self, "int does not fit in UInt128")
            refuses("True", as: Int128.self, "expected int, found bool")
            refuses("True", as: PythonInteger.self, "expected int, found bool")
            refuses("1.0", as: PythonInteger.self, "expected int, found float")
        }
    )
    func wideIntegers(_ line: ValueConversion) async throws { try await line.run() }

    @Test("Integers of any size are printed, compared and read as Python does")
    func anySize() async throws {
        try await PythonActor.run {
            // Python's int of text has a limit of digits; ours has none.
            let last = try Python.eval("10**4000 + 1").converted(to: PythonInteger.self)
            #expect(last.description == "1" + String(repeating: "0", count: 3999) + "1")
            for power in stride(from: 0, to: 400, by: 7) {
                let source = "(-3)**\(power) * 2**\(power)"
                let number = try Python.eval(source).converted(to: PythonInteger.self)
                #expect(try number.description == Python.str(Python.eval(source)))
                #expect(PythonInteger(number.description) == number)
                #expect(try Python.eval("\(number) - 1").converted(to: PythonInteger.self) < number)
            }
        }
        #expect(Int8(exactly: PythonInteger(-128)) == -128)
        #expect(Int8(exactly: PythonInteger(128)) == nil)
        #expect(UInt(exactly: PythonInteger(-1)) == nil)
        #expect(PythonInteger(UInt128.max) == PythonInteger(magnitude: [.max, .max]))
        #expect(PythonInteger(Int.min).description == "-9223372036854775808")
        for text in ["", "-", "1_0", "٣", " 1", "0x1"] { #expect(PythonInteger(text) == nil) }
    }

    @Test(
        "Characters",
        arguments: table {
            crosses("'a'", "a" as Character)
            crosses("'\\0'", "\0" as Character)
            crosses("'e\\u0301'", "e\u{301}" as Character)
            crosses("'é'", "é" as Unicode.Scalar)
            refuses("'e\\u0301'", as: Unicode.Scalar.self, "expected one code point, found 2")
            refuses("''", as: Character.self, "expected one character, found 0")
            refuses("'ab'", as: Character.self, "expected one character, found 2")
            refuses("97", as: Character.self, "expected str, found int")
            refuses(
                "'\\ud800'",
                as: Character.self,
                "str holds a lone surrogate, which has no UTF-8"
            )
        }
    )
    func characters(_ line: ValueConversion) async throws { try await line.run() }
}
