// SPDX-License-Identifier: Apache-2.0

import Amaru
import Testing

@Suite("Python: import, evaluate, run", .python)
struct PythonTests {
    @Test("An expression is evaluated and converted")
    func eval() async throws {
        let answer = try await PythonActor.run { try Python.eval("6 * 7", as: Int.self) }
        #expect(answer == 42)
    }

    @Test("Statements run in the namespace that is given")
    func exec() async throws {
        let sum = try await PythonActor.run {
            let namespace = try Python.eval("{}")
            try Python.exec("a = 1\nb = a + 1", globals: namespace)
            return try Python.eval("a + b", as: Int.self, globals: namespace)
        }
        #expect(sum == 3)
    }

    @Test("A module is imported, its attributes read and called with keywords")
    func importing() async throws {
        let text: String = try await PythonActor.run {
            let json = try Python.import("json")
            return try json.dumps(["a": [1, 2]], separators: PythonTuple(",", ":"))
        }
        #expect(text == #"{"a":[1,2]}"#)
    }

    @Test("A dotted import gives the submodule's parent, as __import__ with a list does")
    func dottedImport() async throws {
        let name: String = try await PythonActor.run { try Python.import("os.path").__name__ }
        #expect(name == "posixpath")
    }

    @Test(
        "A source gives the value of its last expression",
        arguments: [
            ("1 + 1", "2"), ("x = 5\nx * 2", "10"), ("x = 5", "None"), ("", "None"),
            ("import asyncio\nawait asyncio.sleep(0, 'slept')", "'slept'"),
            ("import asyncio\nx = await asyncio.sleep(0, 3)\nx + 1", "4"),
        ]
    )
    func lastExpression(source: String, expected: String) async throws {
        let namespace = try await PythonActor.run { try Python.eval("{}") }
        let value = try await Python.run(source, globals: namespace)
        #expect(try await PythonActor.run { try Python.repr(value) } == expected)
    }

    @Test("A syntax error names file, line and place")
    func syntaxError() async throws {
        let error = await #expect(throws: PythonException.self) {
            try await runAlone("a = 1\nb = = 2\n", filename: "<answer>")
        }
        let traceback = try #require(error).traceback
        #expect(traceback.contains(#"File "<answer>", line 2"#))
        #expect(traceback.contains("b = = 2"))
        #expect(traceback.contains("^"))
        #expect(!traceback.contains("<amaru>"))
    }

    @Test("A traceback shows the script's lines and none of the bridge's")
    func traceback() async throws {
        let error = await #expect(throws: PythonException.self) {
            try await runAlone("def f():\n    return 1 / 0\n\nf()\n", filename: "<script>")
        }
        let traceback = try #require(error).traceback
        #expect(traceback.contains("return 1 / 0"))
        #expect(traceback.hasSuffix("ZeroDivisionError: division by zero\n"))
        #expect(!traceback.contains("<amaru>"))
    }

    @Test("sys.executable is an interpreter and not this program")
    func executable() async throws {
        let name: String = try await PythonActor.run { try Python.import("sys").executable }
        #expect(name == (try LinkedPython.interpreter()))
    }

    @Test("The filesystem encoding is UTF-8 whatever the locale")
    func encoding() async throws {
        let name: String = try await PythonActor.run {
            try Python.import("sys").getfilesystemencoding()
        }
        #expect(name == "utf-8")
    }

    @Test("Python runs on its own main thread")
    func mainThread() async throws {
        let isMain = try await PythonActor.run {
            try Python.eval(
                "__import__('threading').current_thread() is __import__('threading').main_thread()",
                as: Bool.self
            )
        }
        #expect(isMain)
    }

    @Test("Deep recursion raises RecursionError and does not crash")
    func recursion() async throws {
        let error = await #expect(throws: PythonException.self) {
            try await runAlone("def f(n): return f(n + 1)\nf(0)")
        }
        #expect(try #require(error).typeName == "RecursionError")
    }

    @Test("Code that cannot be async blocks until the work is done")
    func blocking() async throws {
        let value = try await withCheckedThrowingContinuation { continuation in
            Thread.detach {
                continuation.resume(
                    with: Result {
                        try PythonActor.runBlocking { try Python.eval("40 + 2", as: Int.self) }
                    }
                )
            }
        }
        #expect(value == 42)
    }

    @Test("Null bytes in a source are refused")
    func nullBytes() async throws {
        await #expect(throws: PythonConversionError.self) {
            try await PythonActor.run { try Python.exec("a = 1\0b = 2") }
        }
    }
}
