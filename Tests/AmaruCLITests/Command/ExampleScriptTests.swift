// The chat scripts among the examples, each run as its first line says.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Foundation
import Testing

extension BuiltCommand {
    @Suite(.timeLimit(.minutes(5))) struct ExampleScriptTests {
        private static let examples = URL(filePath: #filePath)
            .appending(path: "../../../../Python/examples").standardizedFileURL

        /// Runs an example with lines of input, and a server to ask.
        private func run(
            _ name: String,
            _ lines: [String],
            arguments: [String] = [],
            in folder: TemporaryFolder? = nil,
            server: ScriptedServer = ScriptedServer([.chat("unused")])
        ) async throws -> AmaruProcess.Result {
            let path = Self.examples.appending(path: "\(name).py").path
            let words = arguments.isEmpty ? [] : ["--"] + arguments
            return try await withChat(server) { options in
                let process = try AmaruProcess(
                    ["run"] + options + [path] + words,
                    input: .text(lines.joined(separator: "\n")),
                    in: folder
                )
                // One of them installs a package.
                return try await process.result(within: .seconds(240))
            }
        }

        private func messages(_ request: RecordedRequest?) throws -> [[String: Any]] {
            let body = try JSONSerialization.jsonObject(with: try #require(request).body)
            return try #require((body as? [String: Any])?["messages"] as? [[String: Any]])
        }

        @Test func `Every example is short`() throws {
            let names = ["calculator", "echo", "folder", "order", "pirate", "table"]
            for name in names {
                let file = Self.examples.appending(path: "\(name).py")
                let text = try String(contentsOf: file, encoding: .utf8)
                #expect(text.count { $0 == "\n" } <= 40, "\(name)")
                #expect(text.contains("amaru run \(name).py"))
            }
        }

        @Test func `The echo answers without a model`() async throws {
            let result = try await run("echo", ["one", "two"])
            let output = "You said: one\nYou said: two\n"
            #expect(result == .init(status: .exited(0), output: output, errors: ""))
        }

        @Test func `The pirate asks the model, and remembers`() async throws {
            let server = ScriptedServer([.chat("Arr, Ada"), .chat("Ada, arr")])
            let result = try await run("pirate", ["I am Ada", "Who am I?"], server: server)
            let output = "Arr, Ada\nAda, arr\n"
            #expect(result == .init(status: .exited(0), output: output, errors: ""))
            let last = try ChatBody(try #require(server.requests.last)).messages
            #expect(last.map(\.role) == ["system", "user", "assistant", "user"])
            #expect(last[2].content == "Arr, Ada")
        }

        @Test func `A script without a key says so plainly`() async throws {
            let path = Self.examples.appending(path: "pirate.py").path
            let result = try await AmaruProcess.run(["run", path], input: "hi\n")
            #expect(result.status == .exited(1))
            #expect(
                result.errors.hasPrefix(
                    "amaru: there is no key for https://api.openai.com: set the variable OPENAI"
                ),
                "\(result)"
            )
        }

        @Test func `The folder's passages are what the model is given`() async throws {
            let folder = try TemporaryFolder()
            try folder.write("Llamas carry wool.\n\nCondors fly high.", to: "texts/a.md")
            try folder.write("Nothing of the kind.", to: "texts/b/c.txt")
            let server = ScriptedServer([.chat("High.")])
            let result = try await run(
                "folder",
                ["How do condors fly?", "zebras"],
                arguments: ["texts"],
                in: folder,
                server: server
            )
            let output = "High.\nThere is nothing about that in texts.\n"
            #expect(result == .init(status: .exited(0), output: output, errors: ""))
            let asked = try ChatBody(try #require(server.requests.first)).messages
            #expect(asked[0].content.hasSuffix("[a.md] Condors fly high."), "\(asked)")
            #expect(server.requests.count == 1)
        }

        @Test func `The calculator calculates for the model`() async throws {
            let arguments = #"{\"left\": 0.1, \"operator\": \"+\", \"right\": 0.2}"#
            let call =
                #"{"index": 0, "id": "c1", "function": {"name": "calculate", "arguments": "#
                + "\"\(arguments)\"}}"
            let server = ScriptedServer([
                .events(event(#"{"tool_calls": [\#(call)]}"#, finish: #""tool_calls""#)),
                .chat("It is 3/10."),
            ])
            let result = try await run("calculator", ["0.1 + 0.2?"], server: server)
            #expect(result == .init(status: .exited(0), output: "It is 3/10.\n", errors: ""))
            let said = try messages(server.requests.last)
            #expect(said.compactMap { $0["role"] as? String } == ["user", "assistant", "tool"])
            #expect(said[2]["content"] as? String == "3/10")
            #expect(said[2]["tool_call_id"] as? String == "c1")
        }

        @Test func `The calculator tells the model what is wrong with its call`() async throws {
            let call =
                #"{"index": 0, "id": "c1", "function": {"name": "calculate", "arguments": "#
                + #""{\"expression\": \"6*7\"}"}}"#
            let server = ScriptedServer([
                .events(event(#"{"tool_calls": [\#(call)]}"#, finish: #""tool_calls""#)),
                .chat("Sorry."),
            ])
            let result = try await run("calculator", ["6*7?"], server: server)
            #expect(result == .init(status: .exited(0), output: "Sorry.\n", errors: ""))
            let said = try messages(server.requests.last)
            let content = try #require(said[2]["content"] as? String)
            #expect(content.contains("unexpected keyword argument 'expression'"), "\(said)")
        }

        @Test func `The order goes from state to state`() async throws {
            let result = try await run("order", ["tea", "beer", "tea", "done", "yes"])
            let output = """
                One tea. What else?
                We have tea, coffee, cake. Say done when that is all.
                One tea. What else?
                That is 4 in all. Is that right?
                Coming: 2 tea.

                """
            #expect(result == .init(status: .exited(0), output: output, errors: ""))
        }

        @Test(.needsPackages) func `The table is looked at by pandas`() async throws {
            let folder = try TemporaryFolder()
            try folder.write("city,people\nCusco,3\nLima,10\nCusco,4\n", to: "t.csv")
            let server = ScriptedServer([
                .chat(#"{"column": "people", "statistic": "sum", "by": "city"}"#)
            ])
            let result = try await run(
                "table",
                ["How many per city?"],
                arguments: ["t.csv"],
                in: folder,
                server: server
            )
            #expect(result.status == .exited(0), "\(result)")
            #expect(result.output.contains("sum of people:\ncity\nCusco     7\nLima     10\n"))
        }
    }
}
