// SPDX-License-Identifier: Apache-2.0

import Amaru
import Foundation
import Testing

/// What PythonKit's own tests hold its values to, in this bridge's spelling.
@Suite("Values of an earlier bridge cross here", .python)
struct PythonKitValueTests {
    @Test("Keys keep the order in which they were set, each time and nested")
    func order() async throws {
        for _ in 0..<15 {
            let text = try await PythonActor.run {
                let record = try Python.builtin("dict")(z: 1, a: 2)
                try record.setItem("nested", to: Python.builtin("dict")(y: 3, b: 4))
                return try Python.repr(record)
            }
            #expect(text == "{'z': 1, 'a': 2, 'nested': {'y': 3, 'b': 4}}")
        }
    }

    @Test("A range is a slice with two bounds")
    func range() async throws {
        try await PythonActor.run {
            let text = try Python.repr(PythonObject(5..<10))
            let back = try Range<Int>(Python.eval("slice(5, 10)"))
            #expect(text == "slice(5, 10, None)" && back == 5..<10)
            #expect(throws: PythonConversionError.self) {
                try Range<Int>(PythonObject(5...))
            }
        }
    }

    @Test("A range from a bound is a slice without an end")
    func rangeFrom() async throws {
        try await PythonActor.run {
            let text = try Python.repr(PythonObject(5...))
            let back = try PartialRangeFrom<Int>(Python.eval("slice(5, None)"))
            #expect(text == "slice(5, None, None)" && back.lowerBound == 5)
            #expect(throws: PythonConversionError.self) {
                try PartialRangeFrom<Int>(PythonObject(..<5))
            }
        }
    }

    @Test("A range up to a bound is a slice without a beginning")
    func rangeUpTo() async throws {
        try await PythonActor.run {
            let text = try Python.repr(PythonObject(..<5))
            let back = try PartialRangeUpTo<Int>(Python.eval("slice(5)"))
            #expect(text == "slice(None, 5, None)" && back.upperBound == 5)
            let numbers: [Int] = try PythonObject([0, 1, 2, 3])[1..<3]
            #expect(numbers == [1, 2])
        }
    }

    @Test("A division by zero throws Python's exception")
    func division() async throws {
        try await PythonActor.run {
            let error = #expect(throws: PythonException.self) { try PythonObject(1) / 0 }
            #expect(error?.typeName == "ZeroDivisionError")
        }
    }

    @Test("Tuples of two, three and four are made, taken apart and indexed")
    func tuples() async throws {
        try await PythonActor.run {
            let pair = try PythonObject(PythonTuple(1, "a"))
            let (one, a) = try pair.tupleValues(Int.self, String.self)
            #expect(one == 1 && a == "a")
            let triple = try PythonObject(PythonTuple(1, "a", 2.5))
            let (_, _, half) = try triple.tupleValues(Int.self, String.self, Double.self)
            #expect(half == 2.5)
            let four = try PythonObject(PythonTuple(1, "a", 2.5, true))
            let (_, _, _, yes) = try four.tupleValues(
                Int.self,
                String.self,
                Double.self,
                Bool.self
            )
            let last: Bool = try four[-1]
            #expect(yes && last)
            #expect(throws: PythonConversionError.self) {
                try triple.tupleValues(Int.self, String.self)
            }
        }
    }

    @Test("Values of one number in different types are equal objects")
    func equality() async throws {
        try await PythonActor.run {
            for object in [
                try PythonObject(Int8(5)), try PythonObject(UInt64(5)),
                try PythonObject(5.0 as Float),
            ] {
                let isEqual = try Bool(object == 5)
                #expect(isEqual)
            }
            let isText = try Bool(PythonObject("abc") == "abc")
            #expect(isText)
        }
    }

    @Test("A dictionary is made of keywords")
    func keywords() async throws {
        let count = try await PythonActor.run {
            try Python.len(Python.builtin("dict")(a: "a", b: "b"))
        }
        #expect(count == 2)
    }

    @Test("Bytes are made of sequences in one piece, in several, and of one")
    func bytes() async throws {
        let pieces = [
            Data([1, 2, 3, 4] as [UInt8]), Data([1, 2] + [3, 4] as [UInt8]),
            Data([[1, 2], [3, 4] as [UInt8]].joined()),
            Data(([1, 2, 3, 4] as [Int8]).map(UInt8.init(bitPattern:))),
        ]
        for data in pieces {
            let text = try await PythonActor.run { try Python.repr(PythonObject(data)) }
            #expect(text == "b'\\x01\\x02\\x03\\x04'")
        }
        let one = try await PythonActor.run {
            try Data(PythonObject(Data(CollectionOfOne(7 as UInt8))))
        }
        #expect(one == Data([7]))
        let seen = try await PythonActor.run {
            try Array(Data(Python.eval("b'\\xff\\x00'")))
        }
        #expect(seen == [255, 0])
    }
}
