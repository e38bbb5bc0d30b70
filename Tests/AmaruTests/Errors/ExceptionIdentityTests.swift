// SPDX-License-Identifier: Apache-2.0

import Amaru
import Testing

@Suite("An exception that passes through Swift keeps all that it has", .python)
struct ExceptionIdentityTests {
    /// Has the Python function `fail` of `source` called through Swift, and gives what `checks`,
    /// with the exception as `e`, finds.
    private func throughSwift(_ source: String, checks: String, module: String) async throws
        -> String
    {
        try await Python.register(
            PythonModule(module) {
                PythonFunction("call") { (function: PythonObject) throws -> PythonObject in
                    try PythonActor.runBlocking { try function() }
                }
            }
        )
        let result = try await runAlone(
            """
            import \(module), traceback
            \(source)
            try:
                \(module).call(fail)
            except BaseException as caught:
                e = caught
            repr((\(checks)))
            """
        )
        return try await PythonActor.run { try result.converted() }
    }

    @Test("Arguments, attributes, cause, context, notes and traceback are there afterwards")
    func everything() async throws {
        let text = try await throughSwift(
            """
            class Special(LookupError):
                pass
            error = Special('k', 42)
            error.extra = [1]
            error.add_note('a note')
            cause = OSError(2, 'gone')
            def fail():
                try:
                    1 / 0
                except ZeroDivisionError:
                    raise error from cause
            """,
            checks: """
                e is error, e.args, e.extra, e.__notes__, e.__cause__ is cause, \
                type(e.__context__).__name__, \
                [f.name for f in traceback.extract_tb(e.__traceback__)]
                """,
            module: "identity_everything"
        )
        #expect(
            text == """
                (True, ('k', 42), [1], ['a note'], True, 'ZeroDivisionError', \
                ['<module>', 'call', 'fail'])
                """
        )
    }

    @Test(
        "KeyboardInterrupt and SystemExit stay what they are",
        arguments: [
            ("KeyboardInterrupt()", "KeyboardInterrupt", PythonExceptionClass.keyboardInterrupt),
            ("SystemExit(3)", "SystemExit", .systemExit),
        ]
    )
    func noException(made: String, name: String, wanted: PythonExceptionClass) async throws {
        let error = try #require(
            await #expect(throws: PythonException.self) {
                try await PythonActor.run { try Python.exec("raise \(made)") }
            }
        )
        #expect(error.typeNames == [name, "BaseException"])
        #expect(error.matches(wanted))
        #expect(!error.matches(.exception))
        let text = try await throughSwift(
            "error = \(made)\ndef fail(): raise error",
            checks: "e is error",
            module: "identity_\(name.lowercased())"
        )
        #expect(text == "True")
    }

    @Test("An exception that is its own cause, or whose causes go in a circle, is captured")
    func circle() async throws {
        for raise in ["a.__cause__ = a", "a.__cause__ = b; b.__cause__ = a"] {
            let error = try await captured(
                "a, b = ValueError('a'), KeyError('b')\n\(raise)\nraise a"
            )
            #expect(error.message == "a")
            #expect(error.cause?.cause?.cause == nil || error.cause == nil)
        }
    }

    @Test(
        "What str() or a note makes of an exception cannot spoil it",
        arguments: [
            ("class E(Exception):\n    def __str__(self): raise ValueError\nraise E", "<no text"),
            ("raise ValueError('\\ud800')", "\\ud800"),
            ("e = ValueError('x'); e.__notes__ = 5\nraise e", "x"),
            ("raise ValueError('nul \\0 and ü')", "nul \u{0} and ü"),
        ]
    )
    func oddTexts(source: String, message: String) async throws {
        let error = try await captured(source)
        #expect(error.message.hasPrefix(message), "\(error.message)")
        #expect(error.notes.isEmpty)
    }

    @Test("Notes that are no strings are shown as str() shows them")
    func oddNotes() async throws {
        let error = try await captured("e = ValueError(); e.__notes__ = ['a', 1]\nraise e")
        #expect(error.notes == ["a", "1"])
    }

    private func captured(_ source: String) async throws -> PythonException {
        try #require(await #expect(throws: PythonException.self) { try await runAlone(source) })
    }
}
