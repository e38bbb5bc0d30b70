// Control sequences in what a model says, finished and unfinished, on a terminal and in a pipe.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Foundation
import Testing

@testable import AmaruCLI

extension BuiltCommand {
    @Suite(.timeLimit(.minutes(5))) struct EscapeTests {
        static let texts: [(pieces: [String], shown: String)] = [
            (["before \u{1B}]0;title\nafter"], "before \nafter"),
            (["before \u{1B}]0;title", "\nafter"], "before \nafter"),
            (["before \u{1B}", "]0;title", "\nafter"], "before \nafter"),
            (["before \u{1B}]0;title\u{7}after"], "before after"),
            (["before \u{1B}P$q\u{1B}\\after"], "before after"),
            (["\u{1B}[31mred\u{1B}[0m\u{8}\u{7}"], "red"),
            (["one\r\ntwo\rthree"], "one\ntwo\nthree"),
            (["\u{9B}2Jtext\u{85}"], "text"),
        ]

        private static func response(_ pieces: [String]) -> ScriptedResponse {
            let events = pieces.map { delta($0) }.joined()
            return .events(events, delta("", finish: "stop"))
        }

        @Test(arguments: texts)
        func `Text in a pipe is free of controls, and none is lost behind an unfinished one`(
            _ pieces: [String],
            _ shown: String
        ) async throws {
            let result = try await withChat(ScriptedServer([Self.response(pieces)])) { options in
                try await AmaruProcess.run(["hello"] + options)
            }
            #expect(result == .init(status: .exited(0), output: shown + "\n", errors: ""))
        }

        @Test(arguments: texts)
        func `Text on a terminal is free of controls too`(
            _ pieces: [String],
            _ shown: String
        ) async throws {
            let terminal = try PseudoTerminal()
            try await withChat(ScriptedServer([Self.response(pieces)])) { options in
                let chat = try AmaruProcess(["hello"] + options, on: terminal)
                #expect(try await chat.end() == .exited(0))
                try await terminal.screen.waitForEnd()
            }
            let screen = terminal.output.replacing("\r\n", with: "\n")
            // As the terminal has it: Markdown has no spaces at the end of a line.
            let lines = shown.replacing(" \n", with: "\n")
            #expect(screen.contains(lines), "\(screen.debugDescription)")
            #expect(!screen.contains("]0;") && !screen.contains("\u{1B}[31m"))
        }

        @Test func `A sequence without an end is given up after a few hundred bytes`()
            async throws
        {
            let long = String(repeating: "x", count: 5000)
            let response = Self.response(["\u{1B}]0;" + long, " the end"])
            let result = try await withChat(ScriptedServer([response])) { options in
                try await AmaruProcess.run(["hello"] + options)
            }
            #expect(result.output.hasSuffix("xxx the end\n"), "\(result)")
            #expect(!result.output.contains("\u{1B}"))
            #expect(result.output.utf8.count > 4000)
        }

        @Test func `Faults and notices are free of controls`() async throws {
            let error = "bad\u{1B}]0;title\u{7}\u{1B}[2Jluck"
            let server = ScriptedServer([.apiError(error, status: 400)])
            let result = try await withChat(server) { options in
                try await AmaruProcess.run(["hello"] + options)
            }
            #expect(result.errors.contains("badluck"), "\(result)")
            #expect(!result.errors.contains("\u{1B}"))
        }

        @Test func `What a script shows as a reply is free of controls`() async throws {
            let folder = try TemporaryFolder()
            try folder.write(
                """
                import amaru
                @amaru.reply
                def answer(text):
                    yield "\\x1b]0;ti"
                    yield "tle\\x07shown \\x1b[2J"
                    yield text
                """,
                to: "script.py"
            )
            let result = try await AmaruProcess.run(
                ["run", "script.py"],
                input: "te\u{1B}[2Jxt\n",
                in: folder
            )
            #expect(result.output == "shown text\n", "\(result)")
        }

        // MARK: Adversarial texts

        private static let adversarial = [
            "\u{1B}]0;title\u{7}after", "\u{1B}[2J\u{1B}[Hafter", "\u{1B}]52;c;cm0gLXI=\u{7}after",
            "\u{1B}P$q\"p\u{1B}\\after", "\u{9B}2Jafter", "\u{9D}0;title\u{9C}after",
            "\u{90}q\u{9C}after", "\u{1B}]8;;http://evil.test\u{1B}\\after\u{1B}]8;;\u{1B}\\",
            "\u{1B}[31mafter\u{1B}[0m", "\u{1B}cafter", "\u{1B}[6nafter\u{1B}[c",
            "\u{1B}[?1049hafter", "\u{1B}_Gf=100;AAAA\u{1B}\\after", "\u{1B}\u{1B}[31mafter",
            "before\u{8}\u{8}\u{7}\u{0}\u{7F}after", "\u{E}after\u{F}\u{1B}(0\u{1B}%G",
            "before\rafter", "`\u{1B}[5mafter` [link](http://good.test/\u{1B}[2Jy)",
            "```\u{1B}]0;t\u{7}\nafter\u{1B}[2J\n```",
            "| after\u{1B}[2J | b |\n|---|---|\n| \u{9B}31m1 | 2 |",
            "日本\u{1B}[\u{301}31m👩‍🌾\u{9D}2;日本\u{7}after",
            "\u{1B}[" + String(repeating: "1;", count: 200) + "mafter",
            "# after \u{1B}[\u{1B}]\u{1B}P\u{9B}", "- after\n- \u{1B}]0;no end",
        ]

        /// An answer of one scalar at a time, and the stream of one byte at a time.
        private static func inPieces(_ text: String) -> ScriptedResponse {
            let events = text.unicodeScalars.map { delta(String($0)) }.joined()
            let body = events + delta("", finish: "stop") + "data: [DONE]\n\n"
            let fields = [("Content-Type", "text/event-stream"), ("Transfer-Encoding", "chunked")]
            let bytes = body.utf8.flatMap { Array("1\r\n".utf8) + [$0] + Array("\r\n".utf8) }
            return ScriptedResponse([
                .text(ScriptedResponse.head(headers: fields)), .bytes(Data(bytes)),
                .text("0\r\n\r\n"),
            ])
        }

        @Test(arguments: [[], ["--plain"], ["--show-escapes"], ["--plain", "--show-escapes"]])
        func `Nothing of what would command a terminal reaches it, however it is cut`(
            _ arguments: [String]
        ) async throws {
            let server = ScriptedServer(Self.adversarial.map(Self.inPieces))
            let terminal = try PseudoTerminal(columns: 200)
            try await withChat(server) { options in
                let chat = try AmaruProcess(
                    options + arguments,
                    on: terminal,
                    environment: ["NO_COLOR": "1"]
                )
                try await terminal.waitFor("> ")
                for _ in Self.adversarial {
                    try terminal.send("go\r")
                    try await terminal.waitFor("\n> ")
                }
                try terminal.send("\u{4}")
                #expect(try await chat.end() == .exited(0))
                try await terminal.screen.waitForEnd()
            }
            var screen = TerminalScreen(columns: 200, rows: 24) { CellWidth.of($0) }
            screen.feed(terminal.output)
            #expect(screen.offences == [])
            #expect(screen.links.allSatisfy { $0.hasPrefix("http://good.test/") })
            #expect(screen.text.split(separator: "after").count == Self.adversarial.count + 1)
            #expect(screen.text.contains("␛") == arguments.contains("--show-escapes"))
            if arguments.contains("--plain") {
                let rest = terminal.output.replacing(/\x1B\[\?2004[hl]/, with: "")
                #expect(!rest.contains("\u{1B}"), "\(rest.debugDescription)")
            } else {
                #expect(!terminal.output.contains(/\x1B\[[0-9;]*(3[0-9]|5)m/))
            }
        }
    }
}
