// Answers that are not quite as they should be, and answers that are cut or refused.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Testing

extension BuiltCommand {
    @Suite(.timeLimit(.minutes(5))) struct ServerAnswerTests {
        private func ask(_ responses: ScriptedResponse...) async throws -> AmaruProcess.Result {
            try await withChat(ScriptedServer(responses)) { options in
                try await AmaruProcess.run(["hello"] + options)
            }
        }

        // MARK: Events

        @Test(arguments: [
            "data:\n\n", "data: \n\n", "data\n\n", ": comment\n\n", ":\n", "event: ping\n\n",
            "event: ping\ndata:\n\n", "id: 7\nretry: 10\n\n", "\n\n\n",
            "nonsense: x\n\n",
        ])
        func `An event without data is skipped`(_ between: String) async throws {
            let result = try await ask(
                .events(
                    between,
                    delta("one "),
                    between,
                    delta("two"),
                    between,
                    delta("", finish: "stop")
                )
            )
            #expect(result == .init(status: .exited(0), output: "one two\n", errors: ""))
        }

        @Test(arguments: ["\n", "\r\n", "\r"])
        func `Lines may end as they like`(_ end: String) async throws {
            let events = delta("one ") + delta("two", finish: "stop") + "data: [DONE]\n\n"
            let text = events.replacing("\n", with: end)
            let result = try await ask(
                .raw(ScriptedResponse.head("text/event-stream") + text, .close)
            )
            #expect(result == .init(status: .exited(0), output: "one two\n", errors: ""))
        }

        @Test func `A byte order mark before the first event is no part of it`() async throws {
            let result = try await ask(.events("\u{FEFF}" + delta("one", finish: "stop")))
            #expect(result == .init(status: .exited(0), output: "one\n", errors: ""))
        }

        // MARK: Forms and labels

        private static let whole =
            #"{"choices": [{"index": 0, "finish_reason": "stop", "#
            + #""message": {"role": "assistant", "content": "one two"}}]}"#

        @Test(arguments: [
            "application/json", "application/json; charset=utf-8", "text/event-stream",
            "text/plain", "application/octet-stream",
        ])
        func `A whole completion is shown although a stream was asked for`(
            _ type: String
        ) async throws {
            let result = try await ask(.text(Self.whole, headers: [("Content-Type", type)]))
            #expect(result == .init(status: .exited(0), output: "one two\n", errors: ""))
        }

        @Test(arguments: [
            "application/json", "text/plain", "application/x-ndjson", "text/html",
            "TEXT/EVENT-STREAM;charset=UTF-8",
        ])
        func `A stream is shown whatever its label`(_ type: String) async throws {
            let result = try await ask(
                .events(delta("one "), delta("two", finish: "stop"), type: type)
            )
            #expect(result == .init(status: .exited(0), output: "one two\n", errors: ""))
        }

        @Test(arguments: [
            "{}", #"{"choices": []}"#, "[]", #"{"object": "list"}"#, "{", "null", "7",
        ])
        func `A document that is no completion is a fault, with the base URL named`(
            _ body: String
        ) async throws {
            let result = try await ask(.json(body))
            #expect(result.status == .exited(1), "\(result)")
            #expect(result.output == "")
            #expect(result.errors.contains("127.0.0.1"), "\(result)")
            #expect(result.errors.split(separator: "\n").count == 1)
        }

        // MARK: Refusals and cuts

        @Test func `A refusal is shown as the answer`() async throws {
            let result = try await ask(
                .events(
                    event(#"{"refusal": "I can't "}"#),
                    event(#"{"refusal": "do that.", "content": null}"#),
                    event("{}", finish: #""stop""#)
                )
            )
            #expect(result.output == "I can't do that.\n", "\(result)")
            #expect(result.status == .exited(0))
        }

        @Test func `A refusal of a whole completion is shown as the answer`() async throws {
            let result = try await ask(
                .json(
                    #"{"choices": [{"finish_reason": "stop", "#
                        + #""message": {"content": null, "refusal": "I can't."}}]}"#
                )
            )
            #expect(result.output == "I can't.\n", "\(result)")
        }

        @Test(arguments: [("length", "token limit"), ("content_filter", "content filter")])
        func `An answer that was cut is followed by a notice`(
            _ reason: String,
            _ words: String
        ) async throws {
            let result = try await ask(.events(delta("half"), delta("", finish: reason)))
            #expect(result.output == "half\n", "\(result)")
            #expect(result.errors.hasPrefix("amaru: the answer was cut short: "), "\(result)")
            #expect(result.errors.contains(words))
            #expect(result.status == .exited(0))
        }

        @Test func `In one file, the notice has a line of its own`() async throws {
            let events = [delta("half"), delta("", finish: "length")]
            let server = ScriptedServer([
                .raw(
                    ScriptedResponse.head("text/event-stream")
                        + events.joined() + "data: [DONE]\n\n",
                    .close
                )
            ])
            let result = try await withChat(server) { options in
                try await AmaruProcess.run(["hello"] + options, shell: #"exec "$@" 2>&1"#)
            }
            #expect(result.output.hasPrefix("half\namaru: the answer was cut short: "), "\(result)")
            #expect(
                result.output.split(separator: "\n", omittingEmptySubsequences: false).count == 3
            )
        }

        @Test func `An answer that was filtered away altogether is not silent`() async throws {
            let result = try await ask(.events(event("{}", finish: #""content_filter""#)))
            #expect(result.output == "")
            #expect(result.errors.contains("content filter"), "\(result)")
        }

        @Test(arguments: ["", event("{}", finish: #""stop""#), delta("", finish: "stop")])
        func `An empty answer is called so`(_ events: String) async throws {
            let result = try await ask(.events(events))
            #expect(
                result
                    == .init(status: .exited(0), output: "", errors: "amaru: the answer is empty\n")
            )
        }

        @Test(arguments: [
            "event: error\ndata: out of luck\n\n",
            "event: error\ndata: {\"message\": \"out of luck\"}\n\n",
            "event: error\ndata: {\"error\": {\"message\": \"out of luck\"}}\n\n",
            "data: {\"error\": {\"message\": \"out of luck\", \"code\": 500}}\n\n",
            "data: {\"error\": \"out of luck\"}\n\n",
        ])
        func `An error in the stream is told in its own words, and what came is kept`(
            _ error: String
        ) async throws {
            let result = try await ask(.events(delta("half"), error))
            #expect(result.output == "half\n", "\(result)")
            #expect(result.errors.contains("out of luck"), "\(result)")
            #expect(result.errors.split(separator: "\n").count == 1)
            #expect(result.status == .exited(1))
        }
    }
}
