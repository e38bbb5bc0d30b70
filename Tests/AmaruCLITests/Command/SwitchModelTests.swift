// Another model, and another provider, in the middle of a conversation.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Foundation
import Testing

extension BuiltCommand {
    @Suite(.timeLimit(.minutes(5))) struct SwitchModelTests {
        private let one: ScriptedServer
        private let two: ScriptedServer
        private let home: ConfiguredFolder

        init() async throws {
            one = try await .withModels(["alpha", "alpine"], answering: .chat("from one"))
            two = try await .withModels(["beta"], answering: .chat("from two"))
            home = try ConfiguredFolder(
                """
                model = "one/alpha"
                [providers.one]
                base-url = "\(one.url)/v1"
                key.variable = "KEY_ONE"
                prices.alpha = { input = 1_000_000, output = 2_000_000 }
                [providers.two]
                base-url = "\(two.url)/v1"
                [aliases]
                quick = { model = "two/beta", system = "Be quick.", options = { top_p = 1 } }
                """
            )
        }

        /// A conversation, in which each line is waited for what comes of it.
        private func chat(
            _ lines: [(line: String, expected: String)],
            _ options: [String] = [],
            key: String? = "sk-of-two-77"
        ) async throws {
            let terminal = try PseudoTerminal(columns: 120)
            let process = try AmaruProcess(
                options,
                on: terminal,
                in: home.folder,
                environment: home.variables.merging(
                    ["KEY_ONE": "sk-of-one-77", "TWO_API_KEY": key]
                ) { $1 }
            )
            for (line, expected) in lines {
                try await terminal.waitFor("> ")
                try terminal.send(line + "\r")
                try await terminal.waitFor(expected)
            }
            try await terminal.waitFor("> ")
            try terminal.send("\u{4}")
            #expect(try await process.end() == .exited(0))
        }

        private func end() async {
            await one.shutDown()
            await two.shutDown()
        }

        private func asked(_ server: ScriptedServer) -> [RecordedRequest] {
            server.requests.filter { $0.path.hasSuffix("/chat/completions") }
        }

        @Test func `The next messages go to the model that was chosen, with its own key`()
            async throws
        {
            try await chat([
                ("/model", "The model is alpha of one."), ("first", "from one"),
                ("/model quick", "The model is beta of two."), ("second", "from two"),
                ("/model one/alpine", "The model is alpine of one."), ("third", "from one"),
                ("/usage", "all: tokens: 3 in, 6 out; cost: $5.00 and 2 messages without a price"),
            ])
            await end()
            let (first, second) = (asked(one), asked(two))
            let keys = (first + second).map { $0.header("authorization") ?? "" }
            #expect(
                keys.map { $0.dropFirst(7) } == ["sk-of-one-77", "sk-of-one-77", "sk-of-two-77"]
            )
            #expect(try first.map { try ChatBody($0).model } == ["alpha", "alpine"])
            let body = try ChatBody(try #require(second.first))
            #expect(body.messages.map(\.content) == ["Be quick.", "first", "from one", "second"])
            #expect(second.first?.bodyText.contains(#""top_p": 1"#) == true)
            let last = try ChatBody(try #require(first.last)).messages
            #expect(last.map(\.role) == ["user", "assistant", "user", "assistant", "user"])
            let exported = try await home.amaru("history", "export", "--json").output
            for words in [
                #""model":"alpha""#, #""model":"beta""#, #""model":"alpine""#, #""cost":5"#,
                #""server":"\#(two.url)/v1""#,
            ] {
                #expect(exported.contains(words), "\(exported)")
            }
            let list = try await home.amaru("history", "list", "--json").output
            #expect(
                list.contains(
                    #""spending":{"completion_tokens":6,"cost":5,"currency":"$","prompt_tokens":3}"#
                ),
                "\(list)"
            )
            let shown = try await home.amaru("history", "show", try Self.id(in: list)).output
            #expect(shown.contains("*tokens: 3 in, 6 out; cost: $5.00 and 2 messages"), "\(shown)")
        }

        private static func id(in line: String) throws -> String {
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
            return try #require((object as? [String: Any])?["id"] as? String)
        }

        @Test func `A conversation goes on at the server and model that answered last`()
            async throws
        {
            try await chat([
                ("first", "from one"), ("/model two/beta", "beta of two"), ("second", "from two"),
            ])
            let more = try await home.amaru("-c", "third", environment: ["TWO_API_KEY": "sk-77"])
            await end()
            #expect(more.output == "from two\n", "\(more)")
            #expect(try asked(two).map { try ChatBody($0).model } == ["beta", "beta"])
        }

        @Test func `A word that cannot be a model leaves the one that is asked`() async throws {
            try await chat([
                ("/model tow/beta", "There is no provider or alias tow: did you mean two/beta?"),
                ("/model", "The model is alpha of one."), ("first", "from one"),
            ])
            await end()
            #expect(asked(one).count == 1)
        }

        @Test func `At a server that is named by its URL, a name is one of its own`() async throws {
            try await chat(
                [
                    ("/model openai/large", "The model is openai/large of \(one.url)."),
                    ("first", "from one"), ("/model two/beta", "beta of two"),
                    ("second", "from two"), ("/model quick", "beta of two"),
                ],
                ["--base-url", "\(one.url)/v1", "--no-key", "-m", "own"]
            )
            await end()
            #expect(try asked(one).map { try ChatBody($0).model } == ["openai/large"])
            #expect(asked(one).first?.header("authorization") == nil)
            #expect(asked(two).first?.header("authorization") == "Bearer sk-of-two-77")
        }

        @Test func `Tab completes the models that are known`() async throws {
            _ = try await home.amaru("models", "one", environment: ["KEY_ONE": "sk-of-one-77"])
            try await chat([
                ("/mod\tone/alph\t", "The model is alpha of one."),
                ("/model qu\t", "The model is beta of two."),
            ])
            await end()
        }

        @Test func `Before the first message there are no tokens`() async throws {
            try await chat([("/usage", "nothing has been said yet")])
            await end()
        }
    }
}
