// SPDX-License-Identifier: Apache-2.0

import Amaru
import Testing

@Suite("Objects: attributes, items, calls, iteration", .python)
struct PythonObjectTests {
    @Test("Attributes are read, set and deleted")
    func attributes() async throws {
        try await PythonActor.run {
            let object = try Python.import("types").SimpleNamespace(x: 1, name: "n")
            #expect(try object.x == 1)
            try object.setAttribute("x", to: [1, 2])
            #expect(try Python.repr(object.x) == "[1, 2]")
            #expect(try object.hasAttribute("x"))
            try object.deleteAttribute("x")
            #expect(try !object.hasAttribute("x"))
            let name: String = try object.name
            #expect(name == "n")
        }
    }

    @Test("A missing attribute throws AttributeError")
    func missingAttribute() async throws {
        let error = await #expect(throws: PythonException.self) {
            try await PythonActor.run { try Python.eval("1").nothing }
        }
        #expect(error?.typeName == "AttributeError")
        #expect(error?.message == "'int' object has no attribute 'nothing'")
    }

    @Test("Items are read, set, deleted and counted")
    func items() async throws {
        try await PythonActor.run {
            let list = try PythonObject([1, 2, 3])
            #expect(try list[-1] == 3)
            try list.setItem(0, to: "a")
            try list.deleteItem(1)
            #expect(try Python.repr(list) == "['a', 3]")
            #expect(try Python.len(list) == 2)
            #expect(try Python.contains(list, "a"))
            let dictionary = try Python.eval("{'k': [1]}")
            let first: Int = try dictionary["k"][0].converted()
            #expect(first == 1)
        }
    }

    @Test("Positional arguments go before keyword arguments, each in order")
    func calls() async throws {
        try await PythonActor.run {
            let f = try Python.eval("lambda *a, **k: (a, k)")
            #expect(try Python.repr(f()) == "((), {})")
            #expect(try Python.repr(f(1, "b", nil as Int?)) == "((1, 'b', None), {})")
            #expect(try Python.repr(f(1, z: 2, y: [3])) == "((1,), {'z': 2, 'y': [3]})")
            let sum: Int = try Python.eval("lambda a, b: a + b")(2, b: 3)
            #expect(sum == 5)
        }
    }

    @Test("Iteration ends with nil and passes errors on")
    func iteration() async throws {
        try await PythonActor.run {
            let iterator = try Python.eval("iter([1, 2])").makeIterator()
            #expect(try iterator.next()?.converted(to: Int.self) == 1)
            #expect(try iterator.next()?.converted(to: Int.self) == 2)
            #expect(try iterator.next() == nil)
            let failing = try Python.eval("(1 // x for x in (1, 0))").makeIterator()
            _ = try failing.next()
            #expect(throws: PythonException.self) { try failing.next() }
        }
    }

    @Test("Truth, equality, hash and identity are Python's")
    func comparisons() async throws {
        try await PythonActor.run {
            let a = try PythonObject([1])
            #expect(try a.isTrue())
            #expect(try a.isEqual(to: [1]))
            #expect(try !a.isIdentical(to: PythonObject([1])))
            #expect(throws: PythonException.self) { try Python.hash(a) }
            #expect(try Python.hash(PythonObject(1)) == Python.hash(PythonObject(1.0)))
            #expect(try Python.eval("None").isNone)
        }
    }
}
