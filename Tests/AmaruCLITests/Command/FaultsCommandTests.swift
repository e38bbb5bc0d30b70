// Faults of servers and networks, as the user of the built command sees them.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Foundation
import Testing

@testable import AmaruCLI

extension BuiltCommand {
    @Suite(.timeLimit(.minutes(5))) struct FaultTests {
        /// A fault, the words that the user must see, and how often the SDK asks.
        struct Fault: Sendable, CustomTestStringConvertible {
            let name: String
            let responses: [ScriptedResponse]
            let words: [String]
            var options: [String] = []

            var testDescription: String { name }
        }

        private static let faults = [
            Fault(
                name: "401",
                responses: [.apiError("no such key", status: 401)],
                words: ["rejected the key (401)", "check the key"]
            ),
            Fault(
                name: "429",
                responses: three(
                    .apiError("slow down", status: 429, headers: [("retry-after-ms", "1")])
                ),
                words: ["is limiting requests (429)", "slow down", "wait a little"]
            ),
            Fault(
                name: "500",
                responses: three(
                    .apiError("broken", status: 500, headers: [("retry-after-ms", "1")])
                ),
                words: ["failed (500)", "try again in a moment"]
            ),
            Fault(
                name: "a web page",
                responses: [.html],
                words: [
                    "wants you to sign in with a browser", "a web page “Sign in”", "/v1",
                ]
            ),
            Fault(
                name: "302 to a login page",
                responses: [
                    .text("", status: 302, reason: "Found", headers: [("Location", "/sign-in")]),
                    .html,
                ],
                words: ["wants you to sign in with a browser", "a web page “Sign in”"]
            ),
            Fault(
                name: "a stream without [DONE]",
                responses: [cutStream],
                words: ["ended before it was finished", "what came is kept"]
            ),
            Fault(
                name: "a stall",
                responses: [.chat("first second", pauseAt: Gate())],
                words: ["nothing more of the answer for 1 s", "--stall-timeout"],
                options: ["--stall-timeout", "1"]
            ),
        ]

        @Test("One message says what happened, where, and what to do", arguments: faults)
        func piped(fault: Fault) async throws {
            let server = ScriptedServer(fault.responses)
            try await server.start()
            let origin = server.url
            let result = try await AmaruProcess.run(
                ["--base-url", "\(server.url)/v1", "--key-env", "TEST_KEY", "hello"]
                    + fault.options,
                environment: ["TEST_KEY": "sk-fault-1"]
            )
            await server.shutDown()
            #expect(result.status == .exited(1))
            try Self.expectOneMessage(result.errors, naming: origin, fault.words)
            #expect(!result.errors.contains("sk-fault-1"))
        }

        @Test("On a terminal the chat goes on after a fault", arguments: faults)
        func conversation(fault: Fault) async throws {
            let server = ScriptedServer(fault.responses + [.chat("Well again")])
            try await server.start()
            let origin = server.url
            let terminal = try PseudoTerminal(columns: 400)
            let chat = try AmaruProcess(
                ["--base-url", "\(server.url)/v1"] + fault.options,
                on: terminal,
                environment: ["OPENAI_API_KEY": "sk-fault-1"]
            )
            try await terminal.waitFor("> ")
            try terminal.send("one\r")
            for word in fault.words.prefix(1) { try await terminal.waitFor(word) }
            try await terminal.waitFor("> ")
            try terminal.send("two\r")
            try await terminal.waitFor("Well again")
            try await terminal.waitFor("> ")
            try terminal.send("\u{4}")
            #expect(try await chat.end() == .exited(0))
            await server.shutDown()
            for word in [origin] + fault.words {
                #expect(terminal.output.contains(word), "\(terminal.output)")
            }
        }

        @Test func `Each reason to try again keeps its line on a terminal`() async throws {
            let terminal = try PseudoTerminal(columns: 200)
            let busy = ScriptedResponse.apiError(
                "slow down",
                status: 429,
                headers: [("retry-after-ms", "1")]
            )
            try await withChat(ScriptedServer([busy, busy, .chat("fine")])) { options in
                let chat = try AmaruProcess(options + ["hello"], on: terminal)
                #expect(try await chat.end() == .exited(0))
            }
            try await terminal.screen.waitForEnd()
            for attempt in 1...2 {
                let line = "\r\u{1B}[Kamaru: trying again (\(attempt) of "
                #expect(terminal.output.contains(line), "\(terminal.output.debugDescription)")
            }
        }

        @Test(arguments: [[], ["--plain"]])
        func `Ctrl-C leaves a request that waits, and the chat goes on`(
            _ arguments: [String]
        ) async throws {
            let terminal = try PseudoTerminal(columns: 200)
            let later = [("retry-after", "40")]
            let server = ScriptedServer([
                .apiError("slow down", status: 429, headers: later), .chat("fine"),
            ])
            try await withChat(server) { options in
                let chat = try AmaruProcess(options + arguments, on: terminal)
                try await terminal.waitFor("> ")
                try terminal.send("one\r")
                try await terminal.waitFor("trying again in 40 s")
                try terminal.send("\u{3}")
                try await terminal.waitFor("> ")
                try terminal.send("two\r")
                try await terminal.waitFor("fine")
                try await terminal.waitFor("> ")
                try terminal.send("\u{4}")
                #expect(try await chat.end() == .exited(0))
                try await terminal.screen.waitForEnd()
            }
            #expect(try ChatBody.asked(server.requests) == ["one", "two"])
            var screen = TerminalScreen(columns: 200, rows: 24) { CellWidth.of($0) }
            screen.feed(terminal.output)
            let isCounting = screen.text.contains("trying again")
            #expect(isCounting == arguments.contains("--plain"), "\(screen.text)")
            #expect(screen.text.hasSuffix("\n> two\nfine\n>"), "\(screen.text)")
        }

        @Test func `Ctrl-C ends a command whose request waits`() async throws {
            let terminal = try PseudoTerminal(columns: 200)
            let later = [("retry-after", "40")]
            let server = ScriptedServer([.apiError("slow down", status: 429, headers: later)])
            try await withChat(server) { options in
                let chat = try AmaruProcess(options + ["hello"], on: terminal)
                try await terminal.waitFor("trying again in 40 s")
                try terminal.send("\u{3}")
                #expect(try await chat.end() == .interrupted)
            }
            #expect(server.requests.count == 1)
        }

        @Test func `A refused connection names the address`() async throws {
            let port = try await ScriptedServer.refusingPort()
            try await expectFailure(
                base: "http://127.0.0.1:\(port)",
                ["cannot connect to", "is the server running"]
            )
        }

        @Test func `An unknown host is called unknown`() async throws {
            try await expectFailure(
                base: "https://nowhere.invalid",
                ["cannot find the host", "check the spelling"]
            )
        }

        @Test(.enabled(if: TestCertificates.isAvailable, "the openssl command is absent"))
        func `A certificate that is not trusted is called so`() async throws {
            let authority = try TestCertificates()
            let certificate = try authority.issue(for: ["IP:127.0.0.1"])
            let server = ScriptedServer([.chat("fine")], certificate: certificate)
            try await server.start()
            try await expectFailure(
                base: server.url,
                ["cannot make a secure connection", "SSL_CERT_FILE"]
            )
            #expect(server.requests.isEmpty)
            let trusting = try await AmaruProcess.run(
                ["--base-url", "\(server.url)/v1", "hello"],
                environment: ["SSL_CERT_FILE": certificate.authority]
            )
            await server.shutDown()
            #expect(trusting.output == "fine\n", "\(trusting.errors)")
        }

        /// Asks a server that cannot be reached, and looks for one message that says so.
        private func expectFailure(base: String, _ words: [String]) async throws {
            let result = try await AmaruProcess.run(
                ["--base-url", "\(base)/v1", "--key-env", "TEST_KEY", "hello"],
                environment: ["TEST_KEY": "sk-fault-2"]
            )
            #expect(result.status == .exited(1))
            #expect(result.output == "")
            try Self.expectOneMessage(result.errors, naming: base, words)
        }

        /// Apart from notices of retries, and of a server that sends nothing, there must be one
        /// line, which holds all the words.
        private static func expectOneMessage(
            _ errors: String,
            naming origin: String,
            _ words: [String]
        ) throws {
            let lines = errors.split(separator: "\n").filter {
                !$0.contains("; trying again in ")
                    && !$0.contains(" of the answer has come")
            }
            #expect(lines.count == 1, "\(errors)")
            let line = try #require(lines.last)
            for word in [origin] + words { #expect(line.contains(word), "\(errors)") }
        }

        /// The SDK asks three times where that may help.
        private static func three(_ response: ScriptedResponse) -> [ScriptedResponse] {
            [response, response, response]
        }

        private static let cutStream = ScriptedResponse.raw(
            ScriptedResponse.head(headers: [
                ("Content-Type", "text/event-stream"), ("Connection", "close"),
            ])
                + #"data: {"id":"1","object":"chat.completion.chunk","created":1,"model":"m","#
                + #""choices":[{"index":0,"delta":{"content":"part"},"finish_reason":null}]}"#
                + "\n\n",
            .close
        )
    }
}
