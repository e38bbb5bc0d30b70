// What a terminal shows while an answer does not come.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Testing

@testable import AmaruCLI

extension BuiltCommand {
    @Suite(.timeLimit(.minutes(5))) struct WaitingScreenTests {
        /// An answer that waits before its first byte, and perhaps behind its first words.
        private static func late(_ gate: Gate, _ then: Gate? = nil) -> ScriptedResponse {
            ScriptedResponse(
                [.wait(gate), .text(ScriptedResponse.head("text/event-stream"))]
                    + [.text(delta("Some words"))] + (then.map { [.wait($0)] } ?? [])
                    + [.text(delta(" more", finish: "stop") + "data: [DONE]\n\n"), .close]
            )
        }

        private func screen(_ terminal: PseudoTerminal) -> TerminalScreen {
            var screen = TerminalScreen(columns: 80, rows: 24) { CellWidth.of($0) }
            screen.feed(terminal.output)
            return screen
        }

        @Test(arguments: [nil, "1"])
        func `A question has a sign of life below it until the answer comes`(
            _ noColor: String?
        ) async throws {
            let gate = Gate()
            let terminal = try PseudoTerminal()
            try await withChat(ScriptedServer([Self.late(gate)])) { options in
                let chat = try AmaruProcess(
                    options + ["hello"],
                    on: terminal,
                    environment: ["NO_COLOR": noColor]
                )
                try await terminal.waitFor(" 0 s")
                try await terminal.waitFor(" 1 s")
                gate.open()
                #expect(try await chat.end() == .exited(0))
                try await terminal.screen.waitForEnd()
            }
            #expect(screen(terminal).text == "Some words more")
            #expect(screen(terminal).offences == [])
            #expect(terminal.output.contains("\u{1B}[2m") == (noColor == nil))
        }

        @Test func `An answer that stalls says so below what came, until it goes on`()
            async throws
        {
            let (gate, then) = (Gate(), Gate())
            let terminal = try PseudoTerminal()
            let server = ScriptedServer([Self.late(gate, then)])
            try await withChat(server) { options in
                let chat = try AmaruProcess(
                    options + ["--stall-timeout", "12"],
                    on: terminal
                )
                try await terminal.waitFor("> ")
                try terminal.send("hello\r")
                try await terminal.waitFor("s: nothing of the answer has come")
                try terminal.send("typed")
                try await terminal.waitFor("> typed")
                let waiting = screen(terminal).text.split(separator: "\n")
                #expect(waiting.count == 3, "\(waiting)")
                #expect(waiting.dropFirst().first?.contains(" s: nothing of the") == true)
                gate.open()
                try await terminal.waitFor("s: nothing more of the answer has come")
                then.open()
                try await terminal.waitFor("more\r\n")
                try terminal.send("\u{15}")
                try await terminal.waitFor("> ")
                try terminal.send("\u{4}")
                #expect(try await chat.end() == .exited(0))
                try await terminal.screen.waitForEnd()
            }
            #expect(screen(terminal).text == "> hello\nSome words more\n>")
            #expect(screen(terminal).offences == [])
        }

        @Test func `Ctrl-C takes it away`() async throws {
            let gate = Gate()
            let terminal = try PseudoTerminal()
            try await withChat(ScriptedServer([Self.late(gate)])) { options in
                let chat = try AmaruProcess(options, on: terminal)
                try await terminal.waitFor("> ")
                try terminal.send("hello\r")
                try await terminal.waitFor(" 1 s")
                terminal.resize(columns: 60, rows: 20)
                try await terminal.waitFor(" 2 s")
                try terminal.send("\u{3}")
                try await terminal.waitFor("(stopped)")
                try await terminal.waitFor("> ")
                gate.open()
                try terminal.send("\u{4}")
                #expect(try await chat.end() == .exited(0))
                try await terminal.screen.waitForEnd()
            }
            #expect(screen(terminal).text == "> hello\n(stopped)\n>")
        }

        @Test func `Seconds until a request is sent again stand there alone`() async throws {
            let gate = Gate()
            let busy = ScriptedResponse.apiError(
                "slow down",
                status: 429,
                headers: [("retry-after-ms", "1200")]
            )
            let terminal = try PseudoTerminal()
            try await withChat(ScriptedServer([busy, Self.late(gate)])) { options in
                let chat = try AmaruProcess(options + ["hello"], on: terminal)
                try await terminal.waitFor("trying again in 1 s")
                try await terminal.waitFor("trying again (1 of 2)")
                try await terminal.waitFor(" 1 s")
                gate.open()
                #expect(try await chat.end() == .exited(0))
                try await terminal.screen.waitForEnd()
            }
            let text = screen(terminal).text
            #expect(text.hasSuffix("amaru: trying again (1 of 2)\nSome words more"), "\(text)")
            #expect(!text.contains(" s\n"))
        }

        @Test func `Printed lines stand above it`() async throws {
            let folder = try TemporaryFolder()
            try folder.write(
                """
                import amaru, asyncio, os
                @amaru.reply
                async def reply(message):
                    print("looking", end="", flush=True)
                    while not os.path.exists("go"): await asyncio.sleep(0.05)
                    print(" up")
                    yield "found"
                """,
                to: "script.py"
            )
            let terminal = try PseudoTerminal()
            let chat = try AmaruProcess(["run", "script.py"], on: terminal, in: folder)
            try await terminal.waitFor("> ")
            try terminal.send("hello\r")
            try await terminal.waitFor("looking")
            try await terminal.waitFor("1 s")
            try folder.write("", to: "go")
            try await terminal.waitFor("found")
            try await terminal.waitFor("> ")
            try terminal.send("\u{4}")
            #expect(try await chat.end() == .exited(0))
            try await terminal.screen.waitForEnd()
            #expect(screen(terminal).text == "> hello\nlooking up\nfound\n>")
        }
    }
}
