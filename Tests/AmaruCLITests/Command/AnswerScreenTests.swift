// What a terminal shows of answers, against transcripts that somebody has looked at.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Foundation
import Testing

@testable import AmaruCLI

extension BuiltCommand {
    /// With AMARU_RECORD_TRANSCRIPTS=1 the transcripts are written instead: look at each change.
    @Suite(.timeLimit(.minutes(5))) struct AnswerScreenTests {
        static let answer = """
            # Sorting in *Python*

            Use `sorted`, see [the manual](https://docs.python.org/3/howto/sorting.html) or \
            https://python.org: it returns a **new** list, ~~never~~ always in a stable order.

            1. Make a list
               - with names
               - with numbers, of which there may be as many as you like
            2. Sort it:

               ```python
               names.sort(key=str.lower)
               ```

            - [x] tested
            - [ ] documented

            > Quoted words that are long enough for a second row on a narrow terminal.

            | Method | In place | Cost |
            |:-------|:--------:|-----:|
            | `sorted(list)` | no | n log n |
            | `list.sort()` | yes | n log n, and no copy of the list is made |

            ```sh
            python3 -c 'print(sorted("cab"))'
            ```

            ---
            <b>Done.</b>
            """

        static let wide = """
            ## 日本語の見出し

            表と**太字**、絵文字 👍🏽 と 👩‍🌾、それから普通の文章がこの行の終わりまで続きます。

            - 一つ目の項目はとても長いので、狭い端末では折り返されるはずです。
            - e\u{301}te\u{301} ⚠️ naïve

            | 名前 | 値 |
            |---|---:|
            | りんご | 1 |
            | ミカン 🍊 | 22 |
            """

        /// Events with a few letters each.
        private static func response(_ text: String) -> ScriptedResponse {
            var events = ""
            var rest = Substring(text)
            while !rest.isEmpty {
                events += delta(String(rest.prefix(5)))
                rest = rest.dropFirst(5)
            }
            return .events(events, delta("", finish: "stop"))
        }

        private func model(_ columns: Int, _ rows: Int = 24) -> TerminalScreen {
            TerminalScreen(columns: columns, rows: rows) { CellWidth.of($0) }
        }

        /// Compares a screen with its transcript.
        private func check(_ screen: TerminalScreen, _ name: String) throws {
            let file = URL(filePath: #filePath).deletingLastPathComponent()
                .appending(path: "../Transcripts/\(name).txt")
            let text = screen.text.replacing(/127.0.0.1:[0-9]+/, with: "127.0.0.1:PORT") + "\n"
            if ProcessInfo.processInfo.environment["AMARU_RECORD_TRANSCRIPTS"] != nil {
                return try text.write(to: file, atomically: true, encoding: .utf8)
            }
            #expect(screen.offences == [])
            let expected = try String(contentsOf: file, encoding: .utf8)
            #expect(text == expected, "\(name)")
        }

        /// The output of one answer on a terminal.
        private func output(
            _ response: ScriptedResponse,
            _ arguments: [String] = [],
            columns: Int = 80,
            environment: [String: String?] = [:]
        ) async throws -> String {
            let terminal = try PseudoTerminal(columns: columns)
            try await withChat(ScriptedServer([response])) { options in
                let chat = try AmaruProcess(
                    ["hello"] + arguments + options,
                    on: terminal,
                    environment: environment
                )
                #expect(try await chat.end() == .exited(0))
                try await terminal.screen.waitForEnd()
            }
            return terminal.output
        }

        @Test(arguments: [40, 80, 200])
        func `An answer is laid out for the width`(_ columns: Int) async throws {
            var screen = model(columns)
            screen.feed(try await output(Self.response(Self.answer), columns: columns))
            try check(screen, "answer-\(columns)")
            let address = "https://docs.python.org/3/howto/sorting.html"
            #expect(screen.links.contains(address))
        }

        @Test func `What is said of a whole answer stands below it`() async throws {
            var screen = model(80)
            screen.feed(
                try await output(.events(delta("Half of a paragraph"), delta("", finish: "length")))
            )
            #expect(screen.text.hasPrefix("Half of a paragraph\namaru: the answer was cut short:"))
        }

        @Test func `Wide letters and emoji keep their columns`() async throws {
            var screen = model(40)
            screen.feed(try await output(Self.response(Self.wide), columns: 40))
            try check(screen, "wide-40")
        }

        @Test func `Plain text is what the model wrote`() async throws {
            let plain = try await output(Self.response(Self.answer), ["--plain"])
            #expect(plain.replacing("\r\n", with: "\n") == Self.answer + "\n")
            let dumb = try await output(Self.response(Self.wide), environment: ["TERM": "dumb"])
            #expect(dumb.replacing("\r\n", with: "\n") == Self.wide + "\n")
        }

        @Test(arguments: ["The *first* half", "| a |\n|---|\n| 1 |\n", "```\ncode"])
        func `What ended an answer stands on a row of its own`(_ half: String) async throws {
            let response = ScriptedResponse([
                .text(ScriptedResponse.head("text/event-stream")), .text(delta(half)), .close,
            ])
            let terminal = try PseudoTerminal(columns: 200)
            try await withChat(ScriptedServer([response])) { options in
                let chat = try AmaruProcess(["hello"] + options, on: terminal)
                #expect(try await chat.end() == .exited(1))
                try await terminal.screen.waitForEnd()
            }
            var screen = model(200)
            screen.feed(terminal.output)
            let rows = screen.text.split(separator: "\n")
            #expect(rows.last?.hasPrefix("amaru: ") == true, "\(screen.text)")
            #expect(rows.count > 1)
        }

        @Test func `Without colours the layout stays`() async throws {
            let variables = ["NO_COLOR": "1"]
            let text = try await output(Self.response(Self.answer), environment: variables)
            #expect(text.contains("\u{1B}[1;4mS"))
            #expect(!text.contains(/\x1B\[[0-9;]*3[0-9]m/))
            var screen = model(80)
            screen.feed(text)
            try check(screen, "answer-80")
        }

        @Test func `Colours are forced into a pipe`() async throws {
            try await withChat(ScriptedServer([Self.response("**bold**\n\n- x")])) { options in
                let result = try await AmaruProcess.run(
                    ["hello"] + options,
                    environment: ["FORCE_COLOR": "1"]
                )
                #expect(result.output == "\u{1B}[1mbold\u{1B}[0m\n\n• x\n")
            }
        }

        @Test func `A window that changes within a table changes nothing above it`() async throws {
            let gate = Gate()
            let parts = Self.wide.split(separator: "| りんご")
            let response = ScriptedResponse([
                .text(ScriptedResponse.head("text/event-stream")),
                .text(delta(String(parts[0]))), .wait(gate),
                .text(delta("| りんご" + String(parts[1]), finish: "stop") + "data: [DONE]\n\n"),
                .close,
            ])
            let terminal = try PseudoTerminal(columns: 60)
            var screen = model(60)
            try await withChat(ScriptedServer([response])) { options in
                let chat = try AmaruProcess(["hello"] + options, on: terminal)
                try await terminal.waitFor("table, 0 rows …\u{1B}[0m")
                let before = terminal.output
                screen.feed(before)
                screen.resize(columns: 30, rows: 24)
                terminal.resize(columns: 30, rows: 24)
                gate.open()
                #expect(try await chat.end() == .exited(0))
                try await terminal.screen.waitForEnd()
                screen.feed(String(terminal.output.dropFirst(before.count)))
            }
            try check(screen, "resize-60-30")
        }

        @Test func `What is written over is gone and there at once`() async throws {
            let pieces = [
                ("The *first", "first"), ("* half\n\n| a |", "half"), ("\n|---|\n| 1 |", "0 rows"),
                ("\n| 2 |\n", "2 rows"), ("\n- one *it", "one"), ("em*\n\nThe end.", "end"),
            ]
            let gates = pieces.map { _ in Gate() }
            var steps: [ScriptedResponse.Step] = [.text(ScriptedResponse.head("text/event-stream"))]
            for (piece, gate) in zip(pieces, gates) {
                steps += [.text(delta(piece.0)), .wait(gate)]
            }
            steps += [.text(delta("", finish: "stop") + "data: [DONE]\n\n"), .close]
            let terminal = try PseudoTerminal()
            try await withChat(ScriptedServer([ScriptedResponse(steps)])) { options in
                let chat = try AmaruProcess(["hello"] + options, on: terminal)
                for (piece, gate) in zip(pieces, gates) {
                    try await terminal.waitFor(piece.1)
                    gate.open()
                }
                #expect(try await chat.end() == .exited(0))
                try await terminal.screen.waitForEnd()
            }
            // Each update is held back until it is whole.
            let updates = terminal.output.matches(
                of: /\x1B\[\?2026h.*?\x1B\[\?2026l/.dotMatchesNewlines()
            )
            #expect(updates.count >= 4, "\(terminal.output.debugDescription)")
            var rest = terminal.output
            for update in updates { rest = rest.replacing(update.0, with: "") }
            // The row of a start that took long comes before the answer.
            let start = rest.firstRange(of: "The *first")?.lowerBound ?? rest.startIndex
            rest = String(rest[start...])
            #expect(!rest.contains(/\x1B\[[0-9]*[AJK]|\x1B\[\?2026/), "\(rest.debugDescription)")
        }

        @Test func `A retry is counted down between two answers`() async throws {
            let later = [("retry-after-ms", "1")]
            let server = ScriptedServer([
                Self.response("The *first* answer."),
                .apiError("slow down", status: 429, headers: later),
                Self.response("The **second** answer.\n\n- one\n- two"),
            ])
            let terminal = try PseudoTerminal()
            try await withChat(server) { options in
                let chat = try AmaruProcess(options, on: terminal)
                for (question, answer) in [("one\r", "answer."), ("two\r", "two")] {
                    try await terminal.waitFor("> ")
                    try terminal.send(question)
                    try await terminal.waitFor(answer)
                }
                try await terminal.waitFor("\n> ")
                try terminal.send("\u{4}")
                #expect(try await chat.end() == .exited(0))
                try await terminal.screen.waitForEnd()
            }
            var screen = model(80)
            screen.feed(terminal.output)
            try check(screen, "retry-80")
        }

        @Test(arguments: [(["--plain"], "xterm"), ([], "dumb"), (["--plain"], "dumb")])
        func `A conversation in plain text says once that a request waits, without escapes`(
            _ arguments: [String],
            _ kind: String
        ) async throws {
            // Long enough for a step of a countdown.
            let later = [("retry-after-ms", "1100")]
            let server = ScriptedServer([
                .apiError("slow down", status: 429, headers: later), .chat("The *answer*."),
            ])
            let terminal = try PseudoTerminal(columns: 200)
            try await withChat(server) { options in
                let chat = try AmaruProcess(
                    options + arguments,
                    on: terminal,
                    environment: ["TERM": kind]
                )
                try await terminal.waitFor("> ")
                try terminal.send("o")
                try await terminal.waitFor("o")
                try terminal.send("ne\r")
                try await terminal.waitFor("The *answer*.\r\n> ")
                try terminal.send("\u{4}")
                #expect(try await chat.end() == .exited(0))
                try await terminal.screen.waitForEnd()
            }
            let notices = terminal.output.split(separator: "\r\n").filter { $0.contains("again") }
            #expect(notices.count == 1, "\(terminal.output)")
            let words = /; trying again in 1\.[0-9] s \(1 of 2\)/
            #expect(notices.first?.contains(words) == true, "\(notices)")
            // What a paste comes between is asked for where lines are edited here.
            let rest =
                kind == "dumb"
                ? terminal.output : terminal.output.replacing(/\x1B\[\?2004./, with: "")
            #expect(!rest.contains("\u{1B}"), "\(rest.debugDescription)")
            #expect(rest.contains("> one\r\n"))
        }

        @Test func `Ctrl-C leaves what came of an answer, the table that is held back too`()
            async throws
        {
            let gate = Gate()
            let half = "# Title\n\nSome *text*\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
            let response = ScriptedResponse([
                .text(ScriptedResponse.head("text/event-stream")), .text(delta(half)),
                .wait(gate), .close,
            ])
            let terminal = try PseudoTerminal()
            try await withChat(ScriptedServer([response])) { options in
                let chat = try AmaruProcess(options, on: terminal)
                try await terminal.waitFor("> ")
                try terminal.send("hello\r")
                try await terminal.waitFor("table, 1 row …\u{1B}[0m")
                try terminal.send("\u{3}")
                try await terminal.waitFor("\n> ")
                try terminal.send("\u{4}")
                #expect(try await chat.end() == .exited(0))
                gate.open()
                try await terminal.screen.waitForEnd()
            }
            var screen = model(80)
            screen.feed(terminal.output)
            try check(screen, "interrupted-80")
        }

        @Test func `What the model thinks is shown dim, above the answer`() async throws {
            let response = ScriptedResponse.events(
                event(#"{"reasoning_content": "Let me "}"#),
                event(#"{"reasoning_content": "see.\nYes."}"#),
                delta("**Four**", finish: "stop")
            )
            let text = try await output(response)
            #expect(text.contains("\u{1B}[2mLet me"))
            var screen = model(80)
            screen.feed(text)
            #expect(screen.text == "Let me see.\nYes.\n\nFour")
        }
    }
}
