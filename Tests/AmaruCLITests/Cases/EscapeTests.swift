// Control sequences in what a model says, finished and unfinished, on a terminal and in a pipe.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Testing

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
    }
}
