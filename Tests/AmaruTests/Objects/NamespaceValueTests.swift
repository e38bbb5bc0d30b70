// SPDX-License-Identifier: Apache-2.0

import Amaru
import Testing

@Suite("A namespace has names of its own", .python)
struct NamespaceValueTests {
    @Test("Names are set, read, deleted, and seen by what runs in it")
    func names() async throws {
        let namespace = try await PythonActor.run {
            let namespace = try PythonNamespace()
            try namespace.set("x", to: 20)
            try namespace.set("none", to: nil)
            try namespace.set("mixed", to: ["a": 1, "b": [2.5, nil]])
            try namespace.exec("y = x + 1")
            let y: Int = try namespace.eval("y")
            #expect(y == 21)
            #expect(try namespace["y"] == 21)
            #expect(try namespace["none"] == nil)
            #expect(try Python.repr(namespace["mixed"]) == "{'a': 1, 'b': [2.5, None]}")
            #expect(try namespace.get("y", as: Int.self) == 21)
            #expect(try namespace.get("absent", as: Int.self) == nil)
            #expect(throws: PythonConversionError.self) { try namespace.get("y", as: String.self) }
            #expect(throws: PythonException.self) { try namespace["absent"] }
            let source = "z = \(y)"
            try namespace.exec(source)
            #expect(try namespace.eval("z", as: Int.self) == 21)
            try namespace.delete("z")
            let error = #expect(throws: PythonException.self) { try namespace.eval("z") }
            #expect(error?.typeName == "NameError")
            #expect(throws: PythonException.self) { try namespace.delete("z") }
            #expect(throws: PythonException.self) { try namespace.exec("1 +") }
            return namespace
        }
        try await namespace.run("import asyncio\nawait asyncio.sleep(0)\ny = y * 2")
        let doubled: Int = try await PythonActor.run { try namespace.eval("y") }
        #expect(doubled == 42)
    }

    @Test("Two do not see each other's names, nor those of the main module")
    func apart() async throws {
        try await PythonActor.run {
            let (first, second) = (try PythonNamespace(name: "first"), try PythonNamespace())
            try first.set("only_here", to: 1)
            #expect(try !Python.contains(second.globals, "only_here"))
            #expect(try !Python.contains(Python.globals(), "only_here"))
            #expect(try first.eval("__name__", as: String.self) == "first")
            #expect(try second.eval("len('ab')", as: Int.self) == 2)
            let module = try PythonNamespace(Python.import("math").__dict__)
            let pi: Double = try module.eval("pi")
            #expect(pi > 3)
            #expect(throws: PythonConversionError.self) {
                try PythonNamespace(Python.eval("[]"))
            }
        }
    }

    @Test("What looks at its caller's frame finds one there")
    func frames() async throws {
        try await PythonActor.run {
            let namespace = try PythonNamespace()
            try namespace.set("x", to: 20)
            #expect(try namespace.eval("sorted(k for k in globals() if k == 'x')") == ["x"])
            #expect(try namespace.eval("eval('x + 1')", as: Int.self) == 21)
            #expect(try namespace.eval("__import__('sys')._getframe().f_globals['x']") == 20)
        }
    }
}
