// Calls with any number and kind of arguments.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import Testing

@Suite("Calls", .python)
struct CallTests {
    private static func echo() async throws -> PythonObject {
        try await runAlone(
            """
            class Echo:
                count = 'attribute'
                def __call__(self, *args, **named): return args, named
                def method(self, *args, **named): return args, named
                def __getitem__(self, key): return key
            Echo()
            """
        )
    }

    @Test("Positional arguments, few and many, of one type and of several")
    func positional() async throws {
        let f = try await Self.echo()
        try await PythonActor.run {
            #expect(try Python.repr(f()) == "((), {})")
            #expect(try Python.repr(f(1, 2)) == "((1, 2), {})")
            #expect(try Python.repr(f(1, "a", 2.5, nil as Int?)) == "((1, 'a', 2.5, None), {})")
            let many = try f(1, 2, 3, 4, 5, 6, 7, 8, 9)
            #expect(try Python.repr(many) == "((1, 2, 3, 4, 5, 6, 7, 8, 9), {})")
            let method = try f.method(1, "a", 3, 4, 5, 6, 7, 8)
            #expect(try Python.repr(method) == "((1, 'a', 3, 4, 5, 6, 7, 8), {})")
            #expect(try Python.repr(f.method()) == "((), {})")
        }
    }

    @Test("A single call is awaited from any task, and its result is what is asked for")
    func awaited() async throws {
        let list = try await runAlone("[1, 2, 2]")
        let count: Int = try await list.count(2)
        #expect(count == 2)
        #expect(try await list.pop() as Int == 2)
        await #expect(throws: PythonConversionError.self) { try await list.pop() as String }
        await #expect(throws: PythonException.self) { try await list.index(3) as Int }
    }

    @Test("Keyword arguments, few and many, in any order among positional ones")
    func keywords() async throws {
        let f = try await Self.echo()
        try await PythonActor.run {
            for _ in 0..<3 {
                #expect(try Python.repr(f(1, a: 2, b: 3)) == "((1,), {'a': 2, 'b': 3})")
                #expect(try Python.repr(f(1, b: 2, a: 3)) == "((1,), {'b': 2, 'a': 3})")
                #expect(try Python.repr(f(a: 1, 2, b: 3, 4)) == "((2, 4), {'a': 1, 'b': 3})")
                #expect(try Python.repr(f.method(k: "v", 2)) == "((2,), {'k': 'v'})")
            }
            let many = try f(0, a: 1, b: 2, c: 3, d: 4, e: 5, f: 6, g: 7, h: 8, i: 9)
            let named = try [String: Int](many[1])
            #expect(named.count == 9 && named["i"] == 9)
        }
    }

    @Test("An argument that does not convert is named by its place")
    func refused() async throws {
        let f = try await Self.echo()
        try await PythonActor.run {
            let lone = PythonInvalidText()
            let error = #expect(throws: PythonConversionError.self) { try f(1, lone) }
            #expect(error?.description == "argument 2: never converts")
            let keyword = #expect(throws: PythonConversionError.self) { try f.method(1, key: lone) }
            #expect(keyword?.description == "argument 2: never converts")
        }
    }

    @Test("Attributes named like Swift's members are Python's")
    func shadowed() async throws {
        let object = try await Self.echo()
        try await PythonActor.run {
            let count: String = try object.count
            #expect(count == "attribute")
            #expect(throws: PythonException.self) { try object.hash as Int }
        }
    }

    @Test("A method is called without the bound method, an attribute read makes it")
    func bound() async throws {
        try await PythonActor.run {
            let list = try Python.eval("[]")
            let append = try list.append
            try append(1)
            try list.append(2)
            #expect(try [Int](list) == [1, 2])
        }
    }

    @Test("Several indices are a tuple")
    func indices() async throws {
        let object = try await Self.echo()
        try await PythonActor.run {
            let two: PythonObject = try object[1, "a"]
            #expect(try Python.repr(two) == "(1, 'a')")
            let three: PythonObject = try object[1, "a", 2.5]
            #expect(try Python.repr(three) == "(1, 'a', 2.5)")
        }
    }
}

/// A value that never converts.
struct PythonInvalidText: ConvertibleToPython {
    func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        throw PythonConversionError(.value, "never converts")
    }
}
