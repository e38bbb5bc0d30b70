// Lists, dicts and sets as typed views.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import Testing

@Suite("Typed views", .python)
struct TypedViewTests {
    @Test("A list is read and changed in place")
    func list() async throws {
        try await PythonActor.run {
            let object = try Python.eval("['a', 'b']")
            let list = try PythonList<String>(object)
            try list.append("d")
            try list.insert("c", at: 2)
            try list.replace(at: 0, with: "z")
            try list.remove(at: -1)
            #expect(list.count == 3)
            #expect(try list[-1] == "c")
            try list.sort()
            #expect(try [String](object) == ["b", "c", "z"])
            #expect(try Python.repr(PythonObject(["k": list])) == "{'k': ['b', 'c', 'z']}")
        }
    }

    @Test("A position that is not there, or an element of another type, throws")
    func listFailures() async throws {
        try await PythonActor.run {
            let list = try PythonList<Int>(Python.eval("[1, 'x']"))
            let wrong = #expect(throws: PythonConversionError.self) { try list[1] }
            #expect(wrong?.description == "[1]: expected int, found str")
            let missing = #expect(throws: PythonException.self) { try list[2] }
            #expect(missing?.typeName == "IndexError")
            #expect(throws: PythonException.self) { try list.remove(at: 7) }
            #expect(throws: PythonException.self) { try list.replace(at: 7, with: 1) }
            let other = #expect(throws: PythonConversionError.self) {
                try PythonList<Int>(Python.eval("(1,)"))
            }
            #expect(other?.description == "expected list, found tuple")
        }
    }

    @Test("A dict is read and changed in place")
    func dictionary() async throws {
        try await PythonActor.run {
            let dictionary = try PythonDictionary<String, Int>(Python.eval("{'a': 1, 'b': 2}"))
            try dictionary.updateValue(3, forKey: "c")
            try dictionary.removeValue(forKey: "a")
            #expect(try dictionary["c"] == 3)
            #expect(try dictionary["a"] == nil)
            #expect(dictionary.count == 2)
            #expect(try dictionary.keys() == ["b", "c"])
            let error = #expect(throws: PythonException.self) {
                try dictionary.removeValue(forKey: "a")
            }
            #expect(error?.typeName == "KeyError")
            #expect(throws: PythonConversionError.self) {
                try PythonDictionary<String, Int>(Python.eval("[]"))
            }
        }
    }

    @Test("A key without a hash throws, and is not taken for one that is missing")
    func unhashable() async throws {
        try await PythonActor.run {
            let dictionary = try PythonDictionary<[Int], Int>(Python.eval("{}"))
            #expect(throws: PythonException.self) { try dictionary[[1]] }
        }
    }

    @Test("A set is read and changed in place, a frozenset only read")
    func set() async throws {
        try await PythonActor.run {
            let set = try PythonSet<Int>(Python.eval("{1, 2}"))
            try set.insert(3)
            #expect(try set.remove(1))
            #expect(try !set.remove(1))
            #expect(try set.contains(3) && !set.contains(1))
            #expect(try set.count() == 2)
            let frozen = try PythonSet<Int>(Python.eval("frozenset({1})"))
            #expect(try frozen.contains(1))
            let error = #expect(throws: PythonException.self) { try frozen.insert(2) }
            #expect(error?.typeName == "AttributeError")
            #expect(throws: PythonException.self) { try frozen.remove(1) }
            #expect(try frozen.count() == 1)
        }
    }
}
