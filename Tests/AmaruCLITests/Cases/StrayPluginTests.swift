// What plugins leave where no guard watches: in the loop, in threads, and for the collector.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Testing

extension BuiltCommand {
    @Suite(.timeLimit(.minutes(5))) struct StrayPluginTests {
        let folder: TemporaryFolder

        init() throws {
            folder = try TemporaryFolder()
        }

        private static let names = """
            import asyncio, builtins, gc, threading
            async def late(exc): raise exc
            def fail(): raise ValueError("\\x1b[2J\\x07mine")
            class Held:
                def __del__(self): fail()
            def hold():
                held = Held()
                held.itself = held

            """

        static let strays = [
            HostilePluginTests.Fault("loop.call_soon(lambda: [][1])", "IndexError"),
            .init("loop.create_task(late(KeyError(1)))", "KeyError: 1"),
            .init("loop.create_task(late(SystemExit(7)))", "SystemExit: 7; a plugin cannot end"),
            .init("loop.create_task(late(KeyboardInterrupt()))", "interrupted"),
            .init("loop.create_task(late(BaseException('mine')))", "BaseException: mine"),
            .init("thread = threading.Thread(target=fail); thread.start()", "ValueError: "),
            .init("Held()", "ValueError: "),
            .init("hold(); gc.collect()", "ValueError: "),
        ]

        private func plugin(_ statement: String, isAtImport: Bool) throws {
            let start = "loop = asyncio.get_running_loop(); \(statement)\n"
            try folder.write(
                Self.names + "from amaru.plugins import hookimpl\n"
                    + (isAtImport ? start : "@hookimpl\ndef amaru_message(text): " + start),
                to: "config/amaru/plugins/bad.py"
            )
        }

        @Test(arguments: strays, [true, false])
        func `What a plugin left to run is its fault, and the chat goes on without it`(
            _ fault: HostilePluginTests.Fault,
            _ isAtImport: Bool
        ) async throws {
            try plugin(fault.statements, isAtImport: isAtImport)
            try folder.write(
                """
                from amaru.plugins import hookimpl
                @hookimpl
                def amaru_answer(text): return text + " (good)"
                """,
                to: "config/amaru/plugins/good.py"
            )
            let terminal = try PseudoTerminal(columns: 400)
            let server = ScriptedServer([.chat("Lima."), .chat("Cusco.")])
            try await withChat(server) { options in
                let chat = try AmaruProcess(options, on: terminal, in: folder)
                try await terminal.waitFor("> ")
                try terminal.send("first\r")
                // The fault is told before, within or after the answer: when the loop turns.
                try await terminal.waitFor(" (good)")
                if !terminal.output.contains("plugin bad disabled") {
                    try await terminal.waitFor("plugin bad disabled")
                }
                try terminal.send("second\r")
                try await terminal.waitFor("Cusco. (good)")
                try await terminal.waitFor("> ")
                try terminal.send("\u{4}")
                #expect(try await chat.end() == .exited(0))
            }
            let output = terminal.output
            #expect(output.matches(of: #/plugin bad disabled.*bad\.py:\d+: /#).count == 1)
            #expect(output.contains(fault.words), "\(output)")
            #expect(!output.contains("Traceback") && !output.contains("Exception in"), "\(output)")
            #expect(!output.contains("\u{1B}[2J") && !output.contains("\u{7}"), "\(output)")
            #expect(try ChatBody.asked(server.requests) == ["first", "second"])
        }

        @Test func `Threads and finalizers of a script raise as under python`() async throws {
            let statements = Self.strays.suffix(3).map { $0.statements + "\n" }.joined()
            try folder.write(Self.names + statements + "thread.join()\n", to: "script.py")
            let result = try await AmaruProcess.run(["run", "script.py"], in: folder)
            #expect(result.status == .exited(0))
            #expect(result.errors.matches(of: /Exception in thread Thread-1/).count == 1)
            #expect(result.errors.matches(of: /Exception ignored in: .*Held.__del__/).count == 2)
            #expect(result.errors.matches(of: /Traceback/).count == 3, "\(result)")
        }

        @Test(arguments: [true, false])
        func `A loop that a plugin has broken ends the chat, with what it raised`(
            _ isAtImport: Bool
        ) async throws {
            // Not while the plugin runs, after which it would be put back.
            try plugin(#"loop.call_soon(setattr, builtins, "len", None)"#, isAtImport: isAtImport)
            let result = try await withChat(ScriptedServer([.chat("Lima.")])) { options in
                try await AmaruProcess.run(["hello"] + options, in: folder)
            }
            #expect(result.status == .exited(1), "\(result)")
            #expect(result.errors.contains(Self.broken), "\(result)")
        }

        private static let broken = "TypeError: 'NoneType' object is not callable"

        @Test func `A loop that a script has broken ends it too`() async throws {
            try folder.write(
                """
                import asyncio, builtins
                builtins.len = None
                await asyncio.sleep(0.01)
                """,
                to: "script.py"
            )
            let result = try await AmaruProcess.run(["run", "script.py"], in: folder)
            #expect(result.status == .exited(1), "\(result)")
            #expect(result.errors.contains(Self.broken), "\(result)")
        }
    }
}
