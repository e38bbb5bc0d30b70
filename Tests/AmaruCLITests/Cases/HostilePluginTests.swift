// Plugins that loop, cancel, raise what nobody raises, or take over what is not theirs.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

extension BuiltCommand {
    @Suite(.timeLimit(.minutes(5))) struct HostilePluginTests {
        let folder: TemporaryFolder

        init() throws {
            folder = try TemporaryFolder()
        }

        private func plugin(_ name: String, _ source: String) throws {
            try folder.write(source, to: "config/amaru/plugins/\(name).py")
        }

        /// What an end may take, whatever Python does.
        private static let bound = Duration.seconds(10)

        // MARK: Raising

        /// Statements of a plugin, and the words that name what they did.
        struct Fault: Sendable {
            let statements: String
            let words: String

            init(_ statements: String, _ words: String) {
                self.statements = statements
                self.words = words
            }
        }

        static let faults = [
            Fault("raise BaseException('mine')", "BaseException: mine"),
            Fault("raise GeneratorExit", "GeneratorExit"),
            Fault("raise KeyboardInterrupt", "bad.py:"),
            Fault("raise SystemExit(7)", "SystemExit: 7"),
            Fault("raise asyncio.CancelledError('mine')", "CancelledError: mine"),
            Fault("raise StopIteration", "StopIteration"),
            Fault("raise MemoryError", "MemoryError"),
            Fault(
                "raise ExceptionGroup('two', [ValueError(1), KeyError(2)])",
                "ExceptionGroup: two"
            ),
            Fault("raise BaseExceptionGroup('two', [SystemExit(1)])", "BaseExceptionGroup: two"),
            Fault(
                """
                class Mute(Exception):
                    def __str__(self): raise ValueError("no words")
                raise Mute
                """,
                "Mute"
            ),
            Fault(
                """
                class Exits(Exception):
                    def __str__(self): raise SystemExit(7)
                raise Exits
                """,
                "Exits"
            ),
            Fault("def deeper(): deeper()\ndeeper()", "RecursionError"),
            Fault("for task in asyncio.all_tasks(): task.cancel()", "tasks of the chat"),
            Fault("asyncio.current_task().cancel()", "cancelled the chat's task"),
            Fault("asyncio.get_running_loop().stop()\nraise ValueError('stopped')", "stopped"),
            Fault("signal.signal(signal.SIGINT, lambda *_: None)", "SIGINT"),
            Fault("signal.signal(signal.SIGTERM, signal.SIG_IGN)", "SIGTERM"),
            Fault("sys.stdout.close()", "closed a standard stream"),
            Fault("sys.stderr = None", "replaced a standard stream"),
            Fault("sys.stdout = None", "replaced a standard stream"),
            Fault("import builtins; builtins.len = None", "builtins.len, which was put back"),
            Fault("import builtins; builtins.print = 1", "builtins.print, which was put back"),
            Fault("import builtins; vars(builtins).clear()", "replaced or removed builtins."),
            Fault("sys.modules.clear()", "replaced or removed sys.modules["),
            Fault("os.close(1)", "standard descriptor"),
            Fault("os.dup2(os.open('/dev/null', os.O_RDWR), 2)", "standard descriptor"),
            Fault("os.closerange(3, 1000)", "most descriptors are Amaru's"),
            Fault("raise ValueError('\\x1b]0;title\\x07\\x1b[2J')", "ValueError"),
        ]

        @Test(arguments: faults, [true, false])
        func `A plugin's fault is named in one line, and the chat goes on without it`(
            _ fault: Fault,
            _ isAtImport: Bool
        ) async throws {
            let (statements, words) = (fault.statements, fault.words)
            let head = "import asyncio, os, signal, sys\nfrom amaru.plugins import hookimpl\n"
            let indented = statements.split(separator: "\n").map { "    \($0)\n" }.joined()
            try plugin(
                "bad",
                head
                    + (isAtImport ? statements : "@hookimpl\ndef amaru_message(text):\n" + indented)
            )
            try plugin(
                "good",
                """
                from amaru.plugins import hookimpl
                @hookimpl
                def amaru_answer(text): return text + " (good)"
                """
            )
            let server = ScriptedServer([.chat("Lima.")])
            let result = try await withChat(server) { options in
                try await AmaruProcess.run(["hello"] + options, in: folder)
            }
            #expect(result.output == "Lima. (good)\n", "\(result)")
            #expect(result.status == .exited(0))
            #expect(result.errors.hasPrefix("amaru: plugin bad disabled"), "\(result)")
            #expect(result.errors.contains("bad.py:"))
            #expect(result.errors.contains(words), "\(result)")
            #expect(result.errors.split(separator: "\n").count == 1, "\(result)")
            #expect(!result.errors.contains("\u{1B}"))
            #expect(try ChatBody.asked(server.requests) == ["hello"])
        }

        // MARK: Loops

        /// A loop behind a mark on the screen, at import or in a hook.
        private func loop(_ statement: String, isAtImport: Bool) throws {
            try looping(["os.write(1, b\"[looping]\")", statement], isAtImport: isAtImport)
        }

        /// A loop that runs no bytecode, not even behind its mark, where an interrupt could end it.
        private func loopInC(
            _ endless: String = "itertools.repeat(0)",
            isAtImport: Bool
        ) throws {
            let mark = "map(functools.partial(os.write, 1), [b\"[looping]\"])"
            try looping(["sum(itertools.chain(\(mark), \(endless)))"], isAtImport: isAtImport)
        }

        private func looping(_ lines: [String], isAtImport: Bool) throws {
            let body =
                isAtImport
                ? lines.joined(separator: "\n")
                : "@hookimpl\ndef amaru_message(text):\n"
                    + lines.map { "    \($0)\n" }.joined()
            let modules = "import asyncio, functools, itertools, os, time"
            try plugin("loops", "\(modules)\nfrom amaru.plugins import hookimpl\n" + body)
        }

        @Test(arguments: ["while True: pass", "time.sleep(3600)"], [true, false])
        func `Ctrl-C ends a plugin's loop, names the plugin, and the chat goes on`(
            _ statement: String,
            _ isAtImport: Bool
        ) async throws {
            try loop(statement, isAtImport: isAtImport)
            let server = ScriptedServer([.chat("the answer")])
            let terminal = try PseudoTerminal(columns: 200)
            try await withChat(server) { options in
                let chat = try AmaruProcess(options, on: terminal, in: folder)
                try await terminal.waitFor("> ")
                try terminal.send("first\r")
                try await terminal.waitFor("first\r\n")
                if !terminal.output.contains("[looping]") {
                    try await terminal.waitFor("[looping]")
                }
                try terminal.send("\u{3}")
                try await terminal.waitFor("plugin loops disabled")
                try await terminal.waitFor("/loops.py:")
                try await terminal.waitFor(": interrupted")
                try await terminal.waitFor("> ")
                try terminal.send("second\r")
                try await terminal.waitFor("the answer")
                try await terminal.waitFor("> ")
                try terminal.send("\u{4}")
                #expect(try await chat.end(within: Self.bound) == .exited(0))
            }
            #expect(terminal.output.matches(of: /\[looping\]/).count == 1)
            #expect(try ChatBody.asked(server.requests) == ["second"])
        }

        @Test(arguments: ["itertools.repeat(0)", "itertools.count()"])
        func `A plugin in a C loop is left by a second Ctrl-C, and named`(
            _ endless: String
        ) async throws {
            try await expectLeft(endless, isAtImport: true)
            try await expectLeft(endless, isAtImport: false)
        }

        private func expectLeft(_ endless: String, isAtImport: Bool) async throws {
            try loopInC(endless, isAtImport: isAtImport)
            let terminal = try PseudoTerminal(columns: 200)
            try await withChat(ScriptedServer([.chat("the answer")])) { options in
                let chat = try AmaruProcess(options, on: terminal, in: folder)
                try await terminal.waitFor("> ")
                try terminal.send("first\r")
                try await terminal.waitFor("first\r\n")
                if !terminal.output.contains("[looping]") {
                    try await terminal.waitFor("[looping]")
                }
                let start = ContinuousClock.now
                try terminal.send("\u{3}")
                // The turn is over although Python still loops.
                try await terminal.waitFor("> ")
                try terminal.send("\u{3}")
                let status = try await chat.end(within: Self.bound)
                print("C loop: out after \(start.duration(to: .now) / .milliseconds(1)) ms")
                #expect(status == .interrupted)
                try await terminal.screen.waitForEnd()
            }
            #expect(terminal.output.contains("the plugin loops did not stop"), "\(terminal.output)")
            #expect(terminal.settings.echoes)
        }

        @Test(arguments: [true, false])
        func `SIGINT leaves a single prompt whose plugin loops in C`(
            _ isAtImport: Bool
        ) async throws {
            try loopInC(isAtImport: isAtImport)
            let result = try await withChat(ScriptedServer([.chat("the answer")])) { options in
                let chat = try AmaruProcess(["hello"] + options, in: folder)
                try await chat.waitForOutput("[looping]")
                chat.signal(SIGINT)
                chat.signal(SIGINT)
                return try await chat.result(within: Self.bound)
            }
            #expect(result.status == .interrupted, "\(result)")
            #expect(result.output == "[looping]")
        }

        @Test(arguments: [SIGTERM, SIGHUP])
        func `A signal ends a chat whose plugin loops in C`(_ signal: Int32) async throws {
            try loopInC(isAtImport: true)
            let terminal = try PseudoTerminal(columns: 200)
            try await withChat(ScriptedServer([.chat("the answer")])) { options in
                let chat = try AmaruProcess(options, on: terminal, in: folder)
                try await terminal.waitFor("[looping]")
                chat.signal(signal)
                #expect(try await chat.end(within: Self.bound) == .signalled(signal))
            }
            #expect(terminal.settings.echoes)
        }

        @Test func `Ctrl-D ends a chat whose plugin loops in C`() async throws {
            try loopInC(isAtImport: true)
            let terminal = try PseudoTerminal(columns: 200)
            try await withChat(ScriptedServer([.chat("the answer")])) { options in
                let chat = try AmaruProcess(options, on: terminal, in: folder)
                try await terminal.waitFor("> ")
                if !terminal.output.contains("[looping]") {
                    try await terminal.waitFor("[looping]")
                }
                try terminal.send("\u{4}")
                #expect(try await chat.end(within: Self.bound) == .exited(0))
            }
        }

        @Test func `An asynchronous hook that swallows its cancellation does not hold the turn`()
            async throws
        {
            try plugin(
                "waits",
                """
                import asyncio, os
                from amaru.plugins import hookimpl
                @hookimpl
                async def amaru_message(text):
                    os.write(1, b"[waiting]")
                    while True:
                        try:
                            await asyncio.sleep(3600)
                        except asyncio.CancelledError:
                            pass
                """
            )
            let terminal = try PseudoTerminal(columns: 200)
            try await withChat(ScriptedServer([.chat("the answer")])) { options in
                let chat = try AmaruProcess(options, on: terminal, in: folder)
                try await terminal.waitFor("> ")
                try terminal.send("first\r")
                try await terminal.waitFor("[waiting]")
                try terminal.send("\u{3}")
                try await terminal.waitFor("> ")
                try terminal.send("\u{4}")
                #expect(try await chat.end(within: Self.bound) == .exited(0))
            }
        }

        // MARK: Async hooks, and what a hook is given

        @Test func `A hook may be asynchronous`() async throws {
            try plugin(
                "slow",
                """
                import asyncio
                from amaru.plugins import hookimpl
                @hookimpl
                async def amaru_message(text):
                    await asyncio.sleep(0.001)
                    return text + " (asked)"
                @hookimpl
                async def amaru_answer(text):
                    await asyncio.sleep(0.001)
                    return text + " (answered)"
                """
            )
            let server = ScriptedServer([.chat("Lima.")])
            let result = try await withChat(server) { options in
                try await AmaruProcess.run(["hello"] + options, in: folder)
            }
            #expect(
                result == .init(status: .exited(0), output: "Lima. (answered)\n", errors: "")
            )
            #expect(try ChatBody.asked(server.requests) == ["hello (asked)"])
        }

        @Test func `A fault after the only answer is named`() async throws {
            try plugin(
                "late",
                """
                import asyncio
                from amaru.plugins import hookimpl
                async def fail(): raise ValueError("too late")
                @hookimpl
                def amaru_answer(text):
                    global task
                    task = asyncio.create_task(fail())
                """
            )
            let server = ScriptedServer([.chat("Lima.")])
            let result = try await withChat(server) { options in
                try await AmaruProcess.run(["hello"] + options, in: folder)
            }
            #expect(result.status == .exited(0))
            #expect(result.output == "Lima.\n")
            #expect(result.errors.contains("ValueError: too late"), "\(result)")
        }

        @Test func `A plugin is given text without controls, and can add none`() async throws {
            try plugin(
                "looks",
                """
                from amaru.plugins import hookimpl
                @hookimpl
                def amaru_chunk(text):
                    assert "\\x1b" not in text and "\\x07" not in text, repr(text)
                    return text + "\\x1b[31m"
                """
            )
            let response = ScriptedResponse.events(
                delta("a\u{1B}]0;ti"),
                delta("tle\u{7}b"),
                delta("", finish: "stop")
            )
            let result = try await withChat(ScriptedServer([response])) { options in
                try await AmaruProcess.run(["hello"] + options, in: folder)
            }
            #expect(result == .init(status: .exited(0), output: "ab\n", errors: ""))
        }
    }
}
