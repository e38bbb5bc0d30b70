// SPDX-License-Identifier: Apache-2.0

import Amaru
import Foundation
import Testing

/// What PythonKit's own tests hold it to, in this bridge's spelling.
@Suite("Behaviours of an earlier bridge hold here", .python)
struct PythonKitBehaviourTests {
    /// The representation of what `body` gives.
    private func shown(
        _ body: @escaping @PythonActor @Sendable () throws -> PythonObject
    ) async throws -> String {
        try await PythonActor.run { try Python.repr(body()) }
    }

    @Test("The version is known")
    func version() async throws {
        let parts: [Int] = try await PythonActor.run {
            let version = try Python.import("sys").version_info
            return [try version.major, try version.minor]
        }
        #expect(parts[0] == 3 && parts[1] >= 11)
    }

    @Test("A list is made, measured, shown, read from both ends and changed")
    func list() async throws {
        let text = try await shown {
            let list: PythonObject = try Python.eval("['a', 2, True, 1.5]")
            let size = try Python.len(list)
            #expect(size == 4)
            let last: Double = try list[-1]
            #expect(last == 1.5)
            try list.setItem(2, to: 2)
            return list
        }
        #expect(text == "['a', 2, 2, 1.5]")
        #expect(try await shown { try PythonObject([0, 1, 2]) } == "[0, 1, 2]")
    }

    @Test("A dictionary is made, read by keys of any type, and changed")
    func dictionary() async throws {
        let text = try await shown {
            let dictionary: PythonObject = try Python.eval("{'a': 1, 1: 0.5}")
            let one: Int = try dictionary["a"]
            let half: Double = try dictionary[1]
            #expect(one == 1 && half == 0.5)
            try dictionary.setItem("b", to: "x")
            try dictionary.setItem("b", to: "y")
            return dictionary
        }
        #expect(text == "{'a': 1, 1: 0.5, 'b': 'y'}")
    }

    @Test("Keyword arguments keep their order")
    func keywords() async throws {
        let text = try await shown { try Python.builtin("dict")(z: 1, a: 2, m: 3) }
        #expect(text == "{'z': 1, 'a': 2, 'm': 3}")
    }

    @Test("A stride is Python's range")
    func stride() async throws {
        let numbers: [Int] = try await PythonActor.run {
            try Python.elements(of: Python.builtin("range")(0, 10, 3))
        }
        #expect(numbers == [0, 3, 6, 9])
    }

    @Test("Operators work on numbers and strings, in place too")
    func operators() async throws {
        let results = try await PythonActor.run { () -> [String] in
            let five = try PythonObject(5)
            var number = try PythonObject(7)
            try number += 3 as Int
            try number *= 2 as Int
            try number -= 6 as Int
            try number /= 4 as Int
            return [
                try Python.repr(five + 2), try Python.repr(five * 3),
                try Python.repr(PythonObject("a") + "b"), try Python.repr(PythonObject("ab") * 3),
                try Python.repr(number), try Python.repr(-five), try Python.repr(-(-five)),
            ]
        }
        #expect(results == ["7", "15", "'ab'", "'ababab'", "3.5", "-5", "5"])
    }

    @Test("Lists are sorted by Python's order, and values hash alike")
    func sortedAndHashed() async throws {
        let sorted: [Int] = try await PythonActor.run {
            try Python.elements(of: Python.sorted(PythonObject([3, 1, 2])))
        }
        #expect(sorted == [1, 2, 3])
        try await PythonActor.run {
            for source in ["5", "2.5", "'text'", "(1, 2, 3)"] {
                let one = try Python.hash(Python.eval(source))
                let other = try Python.hash(Python.eval(source))
                #expect(one == other)
            }
        }
    }

    @Test("An iteration gives each element")
    func iteration() async throws {
        let numbers = try await PythonActor.run { () -> [Int] in
            let iterator = try Python.builtin("range")(5).makeIterator()
            var numbers: [Int] = []
            while let number: Int = try iterator.next() { numbers.append(number) }
            return numbers
        }
        #expect(numbers == [0, 1, 2, 3, 4])
    }

    @Test("A tuple of mixed values is made and read")
    func tuple() async throws {
        let text = try await shown { try PythonObject(PythonTuple(1, "a", 2.5, true)) }
        #expect(text == "(1, 'a', 2.5, True)")
    }

    @Test("Methods are called, bound and with keywords")
    func methods() async throws {
        let text = try await shown {
            let list: PythonObject = try PythonObject([1, 2])
            try list.append(3)
            let append: PythonObject = try list.append
            try append(4)
            let format = try PythonObject("{0} {first} {last}!")
            let greeting: String = try format.format("Hi", first: "John", last: "Doe")
            #expect(greeting == "Hi John Doe!")
            return list
        }
        #expect(text == "[1, 2, 3, 4]")
    }

    @Test("Bytes cross both ways")
    func bytes() async throws {
        let data = Data([1, 0, 255])
        let back: Data = try await PythonActor.run { try PythonObject(data).converted() }
        #expect(back == data)
    }

    @Test("A file is written and read in a context")
    func with() async throws {
        let path = FileManager.default.temporaryDirectory
            .appendingPathComponent("amaru-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let text = try await PythonActor.run { () -> String in
            let open = try Python.builtin("open")
            try Python.with(open(path, "w")) { file in _ = try file.write("Contents") }
            return try Python.with(open(path, "r")) { file in try file.read() } ?? ""
        }
        #expect(text == "Contents")
    }

    @Test("Numbers and strings convert, or throw where they do not")
    func conversions() async throws {
        try await PythonActor.run {
            for number in [-1, 0, 5] {
                let object = try PythonObject(number)
                let integer = try Int(object)
                let byte = try Int8(object)
                let float = try Double(object)
                #expect(integer == number && byte == Int8(number) && float == Double(number))
            }
            let five = try UInt64(PythonObject(5))
            #expect(five == 5)
            #expect(throws: PythonConversionError.self) { try String(PythonObject(0)) }
            #expect(throws: PythonConversionError.self) { try Int(PythonObject("abc")) }
            #expect(throws: PythonConversionError.self) { try Double(PythonObject("abc")) }
        }
    }

    @Test("Truth values are asked for again and again")
    func truth() async throws {
        try await PythonActor.run {
            let yes = try PythonObject(true)
            for _ in 0..<21 {
                let isTrue = try Bool(yes)
                #expect(isTrue)
            }
        }
    }
}
