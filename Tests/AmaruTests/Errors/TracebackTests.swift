// SPDX-License-Identifier: Apache-2.0

import Amaru
import Testing

@Suite("Tracebacks show Python and Swift in one", .python)
struct TracebackTests {
    struct Refused: Error {}

    /// What Python's own traceback module prints of an exception that Swift raised.
    private func printed(_ call: String, module: String) async throws -> String {
        let value = try await runAlone(
            """
            import \(module), traceback
            async def outer():
                try:
                    \(call)
                except BaseException:
                    return traceback.format_exc()
            await outer()
            """,
            filename: "/script.py"
        )
        return try await PythonActor.run { try value.converted() }
    }

    @Test(
        "A Swift function that throws is an entry with file, line and name",
        arguments: [
            ("sync", "traces_one.sync()"), ("late", "await traces_one.late()"),
            ("early", "await traces_one.early()"), ("wait", "traces_one.wait()"),
        ]
    )
    func frame(name: String, call: String) async throws {
        let line = #line + 3
        try await Python.register(
            // Each on the line that its test expects.
            PythonModule("traces_one") {
                PythonFunction("sync") { () throws -> Int in throw Refused() }
                PythonFunction("late") { () async throws -> Int in
                    await Task.yield()
                    throw Refused()
                }
                PythonFunction("early") { () async throws -> Int in throw Refused() }
                PythonFunction(blocking: "wait") { () async throws -> Int in throw Refused() }
            }
        )
        let lines = ["sync": line + 1, "late": line + 2, "early": line + 6, "wait": line + 7]
        let text = try await printed(call, module: "traces_one")
        let expected = try #require(lines[name])
        #expect(
            text.contains(
                "  File \"AmaruTests/TracebackTests.swift\", line \(expected), in \(name)\n"
            ),
            "\(text)"
        )
        #expect(text.contains("File \"/script.py\", line 4, in outer"))
        #expect(text.hasSuffix("SwiftError: Refused()\n"))
        #expect(!text.contains("<amaru>"))
    }

    @Test(
        "A method of a Swift class that throws is an entry, as a function is",
        arguments: [
            ("add", "traces_class.Thrower(1).add()"),
            ("set", "traces_class.Thrower(1).set(2)"),
            ("later", "await traces_class.Thrower(1).later()"),
            ("wait", "traces_class.Thrower(1).wait()"),
            ("make", "traces_class.Thrower.make(1)"),
            ("__init__", "traces_class.Thrower(-1)"),
            ("__init__", "traces_class.Thrower(start=-1)"),
        ]
    )
    func methodFrame(name: String, call: String) async throws {
        try await Python.register(PythonModule("traces_class") { Thrower.pythonClass })
        let text = try await printed(call, module: "traces_class")
        let line = try #require(Thrower.lines[name])
        #expect(
            text.contains("  File \"AmaruTests/TracebackTests.swift\", line \(line), in \(name)\n"),
            "\(text)"
        )
        #expect(text.hasSuffix("SwiftError: Refused()\n"), "\(text)")
    }

    @Test("A call that does not reach the initialiser shows no entry of it")
    func unfittingCall() async throws {
        try await Python.register(PythonModule("traces_class") { Thrower.pythonClass })
        let text = try await printed("traces_class.Thrower(1, 2)", module: "traces_class")
        #expect(!text.contains("TracebackTests.swift"), "\(text)")
        #expect(text.contains("TypeError: Thrower() takes"), "\(text)")
    }

    @Test("Python in Swift in Python: each stands where it was called")
    func mixed() async throws {
        try await Python.register(
            PythonModule("traces_mixed") {
                PythonFunction("through") { (function: PythonObject) throws -> PythonObject in
                    try PythonActor.runBlocking { try function() }
                }
            }
        )
        let error = try #require(
            await #expect(throws: PythonException.self) {
                try await runAlone(
                    """
                    import traces_mixed
                    def inner(): return {}['k']
                    def outer(): return traces_mixed.through(inner)
                    outer()
                    """,
                    filename: "/mixed.py"
                )
            }
        )
        #expect(error.frames.map(\.function) == ["<module>", "outer", "through", "inner"])
        #expect(error.frames.map(\.line).first == 4)
        #expect(error.frames[2].file == "AmaruTests/TracebackTests.swift")
        #expect(error.traceback.hasPrefix("Traceback (most recent call last):\n"))
        #expect(error.traceback.hasSuffix("KeyError: 'k'\n"))
    }

    @Test("The bridge's own frames are in no traceback, whoever prints it")
    func ownFrames() async throws {
        let error = try #require(
            await #expect(throws: PythonException.self) {
                try await runAlone("import asyncio\nawait asyncio.sleep(0)\n1 / 0")
            }
        )
        #expect(error.frames.map(\.file) == ["<string>"])
        let printed = try await PythonActor.run { () -> String in
            let traceback = try Python.import("traceback")
            let lines: PythonObject = try traceback.format_exception(error.object)
            return try PythonObject("").join(lines)
        }
        #expect(printed.contains("line 3, in <module>"))
        #expect(!printed.contains("<amaru>"), "\(printed)")
    }

    @Test("Source lines are shown where an error leaves through the bridge")
    func sourceLines() async throws {
        let error = try #require(
            await #expect(throws: PythonException.self) {
                try await runAlone("value = 1\nvalue / 0  # this one", filename: "<snippet>")
            }
        )
        #expect(error.traceback.contains("    value / 0  # this one\n"))
    }

    @PythonActor
    private func isolated(_ source: String) throws {
        try Python.exec(source)
    }

    @Test("An error that leaves the actor by itself is readable elsewhere, without source lines")
    func leavesAlone() async throws {
        let source = """
            def deep(n): return deep(n - 1) if n else 1 / 0
            try:
                deep(9)
            except ZeroDivisionError as e:
                raise ExceptionGroup('two', [ValueError('a'), KeyError('ü')]) from e
            """
        let error = try #require(
            await #expect(throws: PythonException.self) { try await isolated(source) }
        )
        let text = error.traceback
        #expect(
            text.hasPrefix(
                """
                Traceback (most recent call last):
                  File "<string>", line 3, in <module>
                  File "<string>", line 1, in deep
                  File "<string>", line 1, in deep
                  File "<string>", line 1, in deep
                  [Previous line repeated 7 more times]
                ZeroDivisionError: division by zero

                The above exception was the direct cause of the following exception:

                Traceback (most recent call last):
                  File "<string>", line 5, in <module>
                ExceptionGroup: two (2 sub-exceptions)

                """
            ),
            "\(text)"
        )
        #expect(text.contains("  | KeyError: 'ü'\n"))
        // The first reader decides: afterwards it is the same everywhere.
        #expect(try await PythonActor.run { error.traceback } == text)
    }

    @Test("Names in any script are read without Python")
    func names() async throws {
        let error = try #require(
            await #expect(throws: PythonException.self) {
                try await runAlone(
                    "def größe(): 1 / 0\nfile = größe\nfile()",
                    filename: "/данные/𐍈.py"
                )
            }
        )
        #expect(error.frames.map(\.function) == ["<module>", "größe"], "\(error)")
        #expect(error.frames.first?.file == "/данные/𐍈.py")
    }
}

/// Its members throw, each at a line of its own.
private final class Thrower: PythonClassInstance {
    static let line = #line + 2
    static let pythonClass = PythonClass(Thrower.self) {
        PythonInitializer(.positional("start")) { (start: Int) in try Thrower(start) }
        PythonMethod("add") { (_) throws -> Int in throw TracebackTests.Refused() }
        PythonMethod("set") { (_, n: Int) throws in throw TracebackTests.Refused() }
        PythonMethod("later") { (_) async throws -> Int in throw TracebackTests.Refused() }
        PythonMethod(blocking: "wait") { (_) async throws in throw TracebackTests.Refused() }
        PythonStaticMethod("make") { (n: Int) throws -> Int in throw TracebackTests.Refused() }
    }
    static let names = ["__init__", "add", "set", "later", "wait", "make"]
    static let lines = Dictionary(uniqueKeysWithValues: zip(names, line...))

    init(_ start: Int) throws {
        if start < 0 { throw TracebackTests.Refused() }
    }
}
