// SPDX-License-Identifier: Apache-2.0

import Amaru
import Testing

@Suite("A namespace of the caller's is filled as exec fills it", .python)
struct NamespaceTests {
    @Test("Built-in functions work in an empty one, which then has __builtins__")
    func empty() async throws {
        try await PythonActor.run {
            let namespace = try Python.eval("{}")
            try Python.exec("def size(x): return len(x)\nn = size('abc')", globals: namespace)
            let size: Int = try namespace["n"]
            let hasBuiltins = try Python.contains(namespace, "__builtins__")
            #expect(size == 3 && hasBuiltins)
            let two: Int = try Python.eval("len('ab')", globals: Python.eval("{}"))
            #expect(two == 2)
        }
    }

    @Test("Given __builtins__ stay, so they can take functions away")
    func restricted() async throws {
        try await PythonActor.run {
            let namespace = try Python.eval("{'__builtins__': {}}")
            let error = #expect(throws: PythonException.self) {
                try Python.eval("len('ab')", globals: namespace)
            }
            #expect(error?.typeName == "NameError")
        }
    }

    @Test("What is no dict is refused")
    func noDictionary() async throws {
        try await PythonActor.run {
            let error = #expect(throws: PythonConversionError.self) {
                try Python.exec("x = 1", globals: Python.eval("[]"))
            }
            #expect("\(String(describing: error))".contains("found list"))
        }
    }
}
