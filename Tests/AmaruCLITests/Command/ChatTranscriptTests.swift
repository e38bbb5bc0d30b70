// What a terminal shows of a conversation and its history, against transcripts that somebody has
// looked at.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Foundation
import Testing

@testable import AmaruCLI

extension BuiltCommand {
    /// With AMARU_RECORD_TRANSCRIPTS=1 the transcripts are written instead: look at each change.
    @Suite(.timeLimit(.minutes(5))) struct ChatTranscriptTests {
        private static let columns = 60

        let folder: TemporaryFolder

        init() throws {
            folder = try TemporaryFolder()
            let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 1, 2, 3]
            try Data(png).write(to: folder.url.appending(path: "p.png"))
        }

        /// Compares a screen with its transcript, without what is another one each time.
        private func check(_ output: String, _ name: String) throws {
            var screen = TerminalScreen(columns: Self.columns, rows: 60) { CellWidth.of($0) }
            screen.feed(output)
            let text =
                screen.text.replacing(/127.0.0.1:[0-9]+/, with: "127.0.0.1:PORT")
                .replacing(/[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}/, with: "TIME")
                .replacing(/\b(?=[a-z]*[0-9])[2-9a-z]{10}\b/, with: "ID") + "\n"
            let file = URL(filePath: #filePath).deletingLastPathComponent()
                .appending(path: "../Transcripts/\(name).txt")
            if ProcessInfo.processInfo.environment["AMARU_RECORD_TRANSCRIPTS"] != nil {
                return try text.write(to: file, atomically: true, encoding: .utf8)
            }
            #expect(screen.offences == [])
            #expect(text == (try String(contentsOf: file, encoding: .utf8)), "\(name)")
        }

        /// Runs the command on a terminal, where each text is sent behind another one.
        private func run(
            _ arguments: [String],
            _ steps: [(shown: String, sent: String)] = [],
            until last: String
        ) async throws -> String {
            let terminal = try PseudoTerminal(columns: Self.columns)
            let process = try AmaruProcess(
                arguments,
                on: terminal,
                in: folder,
                environment: ["PAGER": ""]
            )
            for (shown, sent) in steps {
                try await terminal.waitFor(shown)
                try terminal.send(sent)
            }
            try await terminal.waitFor(last)
            #expect(try await process.end() == .exited(0))
            try await terminal.screen.waitForEnd()
            return terminal.output
        }

        @Test func `A conversation, its history and what goes on look as they should`()
            async throws
        {
            let server = ScriptedServer([
                .chat("Two lines, *pasted*."), .chat("A **picture** 🖼️ of 日本."),
                .chat(#"{"city": "Cusco"}"#),
            ])
            try await withChat(server) { options in
                let chat = try await run(
                    options,
                    [
                        ("> ", "\u{1B}[200~one\ntwo\u{1B}[201~\r"), ("Two lines", ""),
                        ("> ", "what is @p.png?\r"), ("日本", ""), ("> ", "/model other\r"),
                        ("> ", "/usage\r"), ("> ", "/undo\r"), ("> ", "draft"),
                        ("draft", "\u{3}"), ("> ", "\u{3}"), ("Ctrl-D ends", ""), ("> ", "\u{4}"),
                    ],
                    until: ""
                )
                try check(chat, "conversation-60")
                let schema = #"{"type": "object", "required": ["city"]}"#
                let structured = try await run(
                    options + ["--no-store", "--schema", schema, "where?"],
                    until: "Cusco"
                )
                try check(structured, "structured-60")
                let picked = try await run(
                    ["history", "show", "--all"],
                    [("Which? ", "\r")],
                    until: "日本"
                )
                try check(picked, "picker-60")
                let more = try await run(
                    options + ["-c"],
                    [("> one", ""), ("> ", "\u{4}")],
                    until: ""
                )
                try check(more, "continued-60")
            }
        }
    }
}
