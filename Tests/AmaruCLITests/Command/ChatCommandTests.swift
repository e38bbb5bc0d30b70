// The native chat of the built command against a server on loopback.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Foundation
import Testing

extension BuiltCommand {
    @Suite(.timeLimit(.minutes(5))) struct ChatTests {
        @Test(
            "A message arrives as it was written, piped or as an argument",
            arguments: [
                "it's \"quoted\", isn't it? 100% + a=b&c=d",
                "two\nlines\n\nand a gap",
                "emoji 👩‍👩‍👧 é e\u{301} 日本語 \u{202B}عربي",
                String(repeating: "long → ", count: 100_000 / 9),
            ],
            [true, false]
        )
        func exactMessage(message: String, isPiped: Bool) async throws {
            let server = ScriptedServer([.chat("fine")])
            let arguments = try await Self.options(server) + (isPiped ? [] : ["--", message])
            let result = try await AmaruProcess.run(
                arguments,
                input: isPiped ? message + "\n" : "",
                environment: ["TEST_KEY": "sk-chat"]
            )
            await server.shutDown()
            #expect(result.output == "fine\n", "\(result.errors)")
            #expect(result.status == .exited(0))
            let request = try #require(server.requests.first)
            #expect(try ChatBody(request).messages == [.init(role: "user", content: message)])
            #expect(request.header("authorization") == "Bearer sk-chat")
        }

        @Test func `A prompt and piped text make one message`() async throws {
            let server = ScriptedServer([.chat("fine")])
            let result = try await AmaruProcess.run(
                try await Self.options(server, key: false) + ["Summarise", "this"],
                input: "some\ndata\n"
            )
            await server.shutDown()
            #expect(result.status == .exited(0), "\(result.errors)")
            let body = try ChatBody(try #require(server.requests.first))
            #expect(body.messages.map(\.content) == ["Summarise this\n\nsome\ndata"])
        }

        @Test func `Model and system prompt reach the server`() async throws {
            let server = ScriptedServer([.chat("fine")])
            let result = try await AmaruProcess.run(
                try await Self.options(server, key: false)
                    + ["--model", "test-model", "--system", "Be \"brief\".", "hello"]
            )
            await server.shutDown()
            #expect(result.status == .exited(0), "\(result.errors)")
            let request = try #require(server.requests.first)
            #expect(request.path == "/v1/chat/completions")
            let body = try ChatBody(request)
            #expect(body.model == "test-model")
            #expect(
                body.messages == [
                    .init(role: "system", content: "Be \"brief\"."),
                    .init(role: "user", content: "hello"),
                ]
            )
        }

        @Test func `Words are shown as they arrive`() async throws {
            let gate = Gate()
            let server = ScriptedServer([.chat("first second third", pauseAt: gate)])
            let process = try AmaruProcess(
                try await Self.options(server, key: false) + ["hello"]
            )
            try await process.waitForOutput("first ")
            gate.open()
            let result = try await process.result()
            await server.shutDown()
            #expect(result.output == "first second third\n")
            #expect(result.status == .exited(0))
        }

        @Test func `A conversation carries what was said before`() async throws {
            let server = ScriptedServer([.chat("Nice to meet you"), .chat("You are Ada")])
            let terminal = try PseudoTerminal()
            let chat = try AmaruProcess(try await Self.options(server, key: false), on: terminal)
            try await terminal.waitFor("> ")
            try terminal.send("I am Ada\r")
            try await terminal.waitFor("Nice to meet you")
            try await terminal.waitFor("> ")
            try terminal.send("Who am I?\r")
            try await terminal.waitFor("You are Ada")
            try await terminal.waitFor("> ")
            try terminal.send("\u{4}")
            #expect(try await chat.end() == .exited(0))
            await server.shutDown()
            let second = try ChatBody(try #require(server.requests.last))
            #expect(
                second.messages == [
                    .init(role: "user", content: "I am Ada"),
                    .init(role: "assistant", content: "Nice to meet you"),
                    .init(role: "user", content: "Who am I?"),
                ]
            )
        }

        @Test func `Escape sequences of a model do not reach the terminal`() async throws {
            let hostile =
                "\u{1B}]0;title\u{7}A\u{1B}]52;c;ZXZpbA==\u{1B}\\B\u{1B}[2JC\u{9B}31mD\u{9D}8;;x\u{9C}E"
            let server = ScriptedServer([.chat("begin \(hostile) end")])
            let terminal = try PseudoTerminal()
            let chat = try AmaruProcess(
                try await Self.options(server, key: false) + ["hello"],
                on: terminal
            )
            #expect(try await chat.end() == .exited(0))
            await server.shutDown()
            #expect(
                terminal.output.contains("begin ABCDE end"),
                "\(terminal.output.debugDescription)"
            )
            for sequence in ["]0;", "]52;", "[2J", "\u{9B}", "\u{9D}", "31m", "8;;"] {
                #expect(!terminal.output.contains(sequence), "\(sequence.debugDescription)")
            }
        }

        @Test func `Lines that are all typed ahead are all answered`() async throws {
            let gate = Gate()
            let server = ScriptedServer([
                .chat("answer one", pauseAt: gate), .chat("answer two"), .chat("answer three"),
            ])
            let terminal = try PseudoTerminal()
            let chat = try AmaruProcess(try await Self.options(server, key: false), on: terminal)
            try await terminal.waitFor("> ")
            try terminal.send("one\r")
            try await server.requests(reach: 1)
            try terminal.send("two\rthree\r\u{4}")
            gate.open()
            #expect(try await chat.end() == .exited(0))
            await server.shutDown()
            try await terminal.screen.waitForEnd()
            #expect(
                ScreenImage(columns: 80, terminal.output).text == """
                    > one
                    answer one
                    > two
                    answer two
                    > three
                    answer three
                    >
                    """
            )
            let asked = try server.requests.map { try ChatBody($0).messages.last?.content }
            #expect(asked == ["one", "two", "three"])
        }

        /// The options that point the chat to a server, started here.
        private static func options(
            _ server: ScriptedServer,
            key: Bool = true
        ) async throws -> [String] {
            try await server.start()
            return ["--base-url", "\(server.url)/v1"] + (key ? ["--key-env", "TEST_KEY"] : [])
        }
    }
}
