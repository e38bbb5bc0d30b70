// Signals while the terminal takes nothing.
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
    @Suite(.timeLimit(.minutes(5))) struct HeldTerminalTests {
        private static let flood = delta("a flood of text that never ends ")

        @Test(arguments: [SIGTERM, SIGHUP, SIGINT, SIGQUIT], [true, false])
        func `A signal ends the program on a terminal that Ctrl-S holds`(
            _ signal: Int32,
            _ isConversation: Bool
        ) async throws {
            let terminal = try PseudoTerminal()
            try await withChat(ScriptedServer([.flood(Self.flood)])) { options in
                let chat = try AmaruProcess(
                    isConversation ? options : ["hello"] + options,
                    on: terminal
                )
                if isConversation {
                    try await terminal.waitFor("> ")
                    try terminal.send("hello\r")
                }
                try await terminal.waitFor("never ends")
                // From here on the terminal takes nothing; what it has taken comes out still.
                try terminal.send("\u{13}")
                try await isStill(terminal)
                chat.signal(signal)
                // In a conversation the first Ctrl-C stops the answer, a second one the program.
                if signal == SIGINT, isConversation {
                    try terminal.send("\u{11}")
                    try await terminal.waitFor("\n> ")
                    try terminal.send("\u{4}")
                    #expect(try await chat.end() == .exited(0))
                } else if signal == SIGINT {
                    #expect(try await chat.end() == .interrupted)
                } else {
                    #expect(try await chat.end() == .signalled(signal))
                }
            }
        }

        @Test(arguments: [SIGTERM, SIGHUP, SIGINT])
        func `A signal ends the program on a terminal that nobody reads`(
            _ signal: Int32
        ) async throws {
            let reached = Gate()
            let terminal = try PseudoTerminal(pace: .held)
            let server = ScriptedServer([.flood(Self.flood) { reached.open() }])
            try await withChat(server) { options in
                let chat = try AmaruProcess(["hello"] + options, on: terminal)
                try await reached.wait()
                chat.signal(signal)
                let expected: AmaruProcess.Status =
                    signal == SIGINT ? .interrupted : .signalled(signal)
                #expect(try await chat.end() == expected)
            }
        }

        @Test func `Ctrl-C on a held terminal keeps the table that was held back`() async throws {
            let (held, end) = (Gate(), Gate())
            let half = "Some text\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
            let response = ScriptedResponse([
                .text(ScriptedResponse.head("text/event-stream")), .text(delta(half)),
                .wait(held), .text(delta("| 3 | 4 |\n")), .wait(end), .close,
            ])
            let terminal = try PseudoTerminal()
            try await withChat(ScriptedServer([response])) { options in
                let chat = try AmaruProcess(options, on: terminal)
                try await terminal.waitFor("> ")
                try terminal.send("hello\r")
                try await terminal.waitFor("table, 1 row …\u{1B}[0m")
                try terminal.send("\u{13}")
                try await isStill(terminal)
                // A frame that the terminal does not take.
                held.open()
                try await isStill(terminal)
                chat.signal(SIGINT)
                try await isStill(terminal)
                try terminal.send("\u{11}")
                try await terminal.waitFor("\n> ")
                try terminal.send("\u{4}")
                #expect(try await chat.end() == .exited(0))
                end.open()
            }
            try await terminal.screen.waitForEnd()
            var screen = TerminalScreen(columns: 80, rows: 24) { _ in 1 }
            screen.feed(terminal.output.replacing("\u{18}", with: ""))
            #expect(screen.text.contains("\n1 │ 2\n"), "\(screen.text)")
            #expect(screen.text.hasPrefix("> hello\nSome text\n\n"), "\(screen.text)")
        }

        @Test func `SIGTERM ends the program on a held terminal after a Ctrl-C too`() async throws {
            let terminal = try PseudoTerminal()
            try await withChat(ScriptedServer([.flood(Self.flood)])) { options in
                let chat = try AmaruProcess(options, on: terminal)
                try await terminal.waitFor("> ")
                try terminal.send("hello\r")
                try await terminal.waitFor("never ends")
                try terminal.send("\u{13}")
                try await isStill(terminal)
                chat.signal(SIGINT)
                chat.signal(SIGTERM)
                #expect(try await chat.end() == .signalled(SIGTERM))
            }
        }

        @Test
        func `Ctrl-C again and again ends the program on a held terminal, whatever Python does`()
            async throws
        {
            let folder = try TemporaryFolder()
            try folder.write(
                """
                import amaru
                @amaru.reply
                def answer(text):
                    yield "[looping]"
                    sum(range(10**12))
                """,
                to: "script.py"
            )
            let terminal = try PseudoTerminal()
            let chat = try AmaruProcess(["run", "script.py"], on: terminal, in: folder)
            try await terminal.waitFor("> ")
            try terminal.send("hello\r")
            try await terminal.waitFor("[looping]")
            try terminal.send("\u{13}")
            try await isStill(terminal)
            let impatience = Task {
                while !Task.isCancelled {
                    chat.signal(SIGINT)
                    try await Task.sleep(for: .milliseconds(200))
                }
            }
            defer { impatience.cancel() }
            #expect(try await chat.end() == .interrupted)
            #expect(terminal.settings.echoes)
        }

        /// Returns when nothing more has come from a terminal for a while.
        private func isStill(_ terminal: PseudoTerminal) async throws {
            var shown = -1
            while shown != terminal.screen.count {
                shown = terminal.screen.count
                try await Task.sleep(for: .milliseconds(100))
            }
        }
    }
}
