// Slash commands, and the words that end a chat.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Foundation
import Testing

@testable import AmaruCLI

extension BuiltCommand {
    @Suite(.timeLimit(.minutes(5))) struct SlashCommandTests {
        let folder: TemporaryFolder

        init() throws { folder = try TemporaryFolder() }

        /// A conversation, in which each line is waited for what comes of it; ended by `last`.
        private func chat(
            _ server: ScriptedServer,
            _ lines: [(line: String, expected: String)],
            _ options: [String] = [],
            endingWith last: String = "\u{4}",
            environment: [String: String?] = [:]
        ) async throws -> String {
            let terminal = try PseudoTerminal(columns: 120)
            let process = try AmaruProcess(
                ["--base-url", "\(server.url)/v1"] + options,
                on: terminal,
                in: folder,
                environment: environment
            )
            for (line, expected) in lines {
                try await terminal.waitFor("> ")
                try terminal.send(line + "\r")
                try await terminal.waitFor(expected)
            }
            try await terminal.waitFor("> ")
            try terminal.send(last)
            #expect(try await process.end() == .exited(0))
            try await terminal.screen.waitForEnd()
            return terminal.output
        }

        private func messages(_ server: ScriptedServer) throws -> [[String]] {
            try server.requests.map { try ChatBody($0).messages.map(\.content) }
        }

        @Test func `A new conversation knows nothing of the one before, which is kept`()
            async throws
        {
            let server = ScriptedServer([.chat("one"), .chat("two"), .chat("three")])
            try await server.start()
            _ = try await chat(
                server,
                [
                    ("first", "one"), ("/new", "goes on with the former one."),
                    ("/retry", "nothing has been said yet"), ("second", "two"),
                    ("third", "three"),
                ]
            )
            let list = try await AmaruProcess.run(["history", "list"], in: folder).output
            await server.shutDown()
            #expect(try messages(server) == [["first"], ["second"], ["second", "two", "third"]])
            #expect(list.split(separator: "\n").count == 2, "\(list)")
        }

        @Test func `A system prompt holds from the next message on, and with -c`() async throws {
            let server = ScriptedServer((1...5).map { .chat("answer \($0) is here") })
            try await server.start()
            try folder.write("From a file.\n", to: "prompt.txt")
            _ = try await chat(
                server,
                [
                    ("/system", "System prompt: Be brief."), ("one", "answer 1 is here"),
                    ("/system Be kind.", "System prompt: Be kind."), ("two", "answer 2 is here"),
                    ("/model other", "The model is other"), ("three", "answer 3 is here"),
                    ("/system @prompt.txt", "System prompt: From a file."),
                ],
                ["-s", "Be brief."]
            )
            _ = try await chat(
                server,
                [
                    ("four", "answer 4 is here"), ("/system \"\"", "There is no system prompt."),
                    ("five", "answer 5 is here"),
                ],
                ["-c"]
            )
            await server.shutDown()
            let system = try messages(server).map(\.first)
            #expect(system == ["Be brief.", "Be kind.", "Be kind.", "From a file.", "one"])
        }

        @Test func `An answer and its code are sent to the clipboard`() async throws {
            let answer = "So:\n\n```sh\nls\n```"
            let server = ScriptedServer([.chat(answer)])
            try await server.start()
            let output = try await chat(
                server,
                [
                    ("/copy", "there is no answer yet"), ("how?", "ls"),
                    ("/copy", "Sent to the terminal's clipboard: the answer, 17 bytes"),
                    ("/copy code", "Sent to the terminal's clipboard: the code, 3 bytes"),
                    ("/copy all", "write /copy, or /copy code"),
                ]
            )
            await server.shutDown()
            for text in [answer, "ls\n"] {
                let data = Data(text.utf8).base64EncodedString()
                #expect(output.contains("\u{1B}]52;c;\(data)\u{7}"), "\(output)")
            }
        }

        @Test func `What follows a command that takes nothing is refused`() async throws {
            let server = ScriptedServer([.chat("fine")])
            try await server.start()
            let words = ["/undo 2", "/retry x", "/new foo", "/usage x", "/exit now", "/quit now"]
            let refused = words.map { line in
                (line: line, expected: "\(line.prefix { $0 != " " }) takes nothing after it")
            }
            _ = try await chat(
                server,
                [("one", "fine")] + refused + [("/undo ", "Taken back: one")],
                endingWith: "/exit \r"
            )
            await server.shutDown()
            #expect(try messages(server) == [["one"]])
        }

        @Test(arguments: ["exit", "quit", "/exit", "/quit"])
        func `A word alone ends the chat`(_ word: String) async throws {
            let server = ScriptedServer([.chat("fine")])
            try await server.start()
            // With a blank before it, it is a message.
            _ = try await chat(server, [(" exit", "fine")], endingWith: word + "\r")
            await server.shutDown()
            #expect(try messages(server) == [[" exit"]])
        }

        @Test func `On a dumb terminal Ctrl-C and Ctrl-D end the prompt's line`() async throws {
            let server = ScriptedServer([])
            try await server.start()
            let terminal = try PseudoTerminal()
            let chat = try AmaruProcess(
                ["--base-url", "\(server.url)/v1"],
                on: terminal,
                in: folder,
                environment: ["TERM": "dumb"]
            )
            try await terminal.waitFor("> ")
            try terminal.send("\u{3}")
            try await terminal.waitFor("Ctrl-D ends the chat.\r\n> ")
            try terminal.send("\u{4}")
            #expect(try await chat.end() == .exited(0))
            await server.shutDown()
            try await terminal.screen.waitForEnd()
            #expect(terminal.output == "> ^C\r\namaru: Ctrl-D ends the chat.\r\n> \r\n")
        }
    }
}
