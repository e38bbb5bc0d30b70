// SPDX-License-Identifier: Apache-2.0

import AmaruChat
import Foundation
import Testing

@testable import AmaruServe

struct ResponsesWriterTests {
    private static let head = CompletionHead(id: "resp_1", created: 7, model: "m")

    private static func streamed(
        _ events: [TurnEvent],
        _ end: TurnEnd = .finished(reason: "stop")
    ) throws -> [JSONValue] {
        var writer = ResponsesWriter(head)
        let sent = events.flatMap { writer.take($0) } + writer.finish(end)
        return try sent.enumerated().map { index, event in
            let json = try JSONParser.parse(Array("\(event.data ?? "")".utf8))
            #expect(json["type"]?.string == event.name)
            #expect(json["sequence_number"] == .integer(index))
            return json
        }
    }

    @Test func `A text is an item with one part, and its end repeats it`() throws {
        let sent = try Self.streamed([.text("Hel"), .text("lo"), .usage(prompt: 1, completion: 2)])
        #expect(
            sent.map { $0["type"]?.string ?? "" } == [
                "response.created", "response.in_progress", "response.output_item.added",
                "response.content_part.added", "response.output_text.delta",
                "response.output_text.delta", "response.output_text.done",
                "response.content_part.done", "response.output_item.done", "response.completed",
            ]
        )
        #expect(sent[4]["delta"] == "Hel")
        #expect(sent[6]["text"] == "Hello")
        let response = try #require(sent.last?["response"])
        #expect(response["status"] == "completed")
        #expect(response["usage"]?["total_tokens"] == 3)
        #expect("\(response["output"] ?? .null)".contains(#""text":"Hello""#))
        let uncounted = try Self.streamed([.text("Hel")]).last?["response"]
        #expect(uncounted?["usage"] == .null)
    }

    @Test func `Thoughts, text and calls are items in their order`() throws {
        let sent = try Self.streamed([
            .reasoning("hm"), .text("so"), .toolCall(name: "f", arguments: "{}"),
            .toolCall(name: "g", arguments: "[]"), .text("after"),
        ])
        let added = sent.filter { $0["type"] == "response.output_item.added" }
        #expect(
            added.map { $0["item"]?["type"]?.string ?? "" } == [
                "reasoning", "message", "function_call", "function_call", "message",
            ]
        )
        #expect(added.map { $0["output_index"]?.integer } == [0, 1, 2, 3, 4])
        #expect(Set(added.compactMap { $0["item"]?["id"]?.string }).count == 5)
        guard case .array(let output) = sent.last?["response"]?["output"] else {
            Issue.record("there is no output")
            return
        }
        #expect(output.count == 5)
        #expect(output[2]["call_id"] == "call_1_0")
        #expect(output.allSatisfy { $0["status"] == "completed" })
    }

    @Test func `A picture is an item, and a line stands for each file in the text`() throws {
        func file(_ name: String, _ type: String) -> TurnEvent {
            .attachment(Attachment(name: name, mediaType: type, bytes: Data("hi".utf8)))
        }
        let events = [
            .text("see"), file("a.png", "image/png"), file("b.csv", "text/csv"), .text("so"),
        ]
        let sent = try Self.streamed(events)
        let done = sent.filter { $0["type"] == "response.output_item.done" }.map { $0["item"] }
        #expect(
            done.map { $0?["type"]?.string ?? "" } == [
                "message", "image_generation_call", "message",
            ]
        )
        #expect(done[1]?["result"] == "aGk=" && done[1]?["status"] == "completed")
        #expect("\(done[0] ?? .null)".contains(#""text":"see\n\n[`a.png`, 2 bytes]""#))
        #expect(
            "\(done[2] ?? .null)".contains(#""text":"[`b.csv`, 2 bytes: left out, an answer"#)
        )
        var writer = ResponsesWriter(Self.head)
        for event in events { _ = writer.take(event) }
        let whole = try writer.whole(.finished(reason: "stop"))
        #expect(whole["output"]?.description == sent.last?["response"]?["output"]?.description)
    }

    @Test(
        arguments: [
            (TurnEnd.finished(reason: "length"), "incomplete"), (.cancelled, "failed"),
            (.failed(ChatFailure(code: "script", message: "no")), "failed"),
            (.finished(reason: ""), "completed"),
        ]
    )
    func `The last event says how it ended`(end: TurnEnd, status: String) throws {
        let sent = try Self.streamed([.text("a")], end)
        #expect(sent.last?["type"]?.string == "response.\(status)")
        #expect(sent.last?["response"]?["status"]?.string == status)
    }

    @Test func `A whole response is the last event's`() throws {
        var writer = ResponsesWriter(Self.head)
        _ = writer.take(.text("Hello"))
        let response = try writer.whole(.finished(reason: "stop"))
        #expect(response["output"] != [])
        #expect(response["id"] == "resp_1")
        var failing = ResponsesWriter(Self.head)
        _ = failing.take(.text("Hello"))
        #expect(throws: RequestError.self) { try failing.whole(.cancelled) }
    }

    // MARK: Requests

    private static func read(_ json: String) throws -> ResponsesRequest {
        try ResponsesRequest(JSONParser.parse(Array(json.utf8)))
    }

    @Test(
        arguments: [
            (#""input": [1]"#, "input[0]"), (#""input": []"#, "input"),
            (#""input": [{"role": "wizard"}]"#, "input[0].role"),
            (#""instructions": "x", "input": [{"role": "wizard"}]"#, "input[0].role"),
            (#""instructions": 1, "input": "x""#, "instructions"),
            (
                #""input": [{"type": "function_call", "call_id": "1"}, {"role": "wizard"}]"#,
                "input[1].role"
            ),
            (
                #""input": [{"type": "function_call_output", "call_id": "1", "output": 1}]"#,
                "input[0].output"
            ),
            (
                #""input": [{"role": "user", "content": [{"type": "video"}]}]"#,
                "input[0].content[0].type"
            ),
            (
                #""input": [{"role": "user", "content": [{"type": "input_file"}]}]"#,
                "input[0].content[0].file_data"
            ),
            (
                #""input": [{"role": "user", "content": [{"type": "input_image"}]}]"#,
                "input[0].content[0].image_url"
            ),
            // Only words of ours are names.
            (
                #""input": [{"role": "user", "content": [{"type": "texts[99]"}]}]"#,
                "input[0].content[0].type"
            ), (#""input": "x", "tools": {}"#, "tools"), (#""input": "x", "text": 1"#, "text"),
            (#""input": "x", "max_output_tokens": 0"#, "max_output_tokens"),
            (#""input": "x", "reasoning": {"effort": 1}"#, "reasoning.effort"),
            (#""input": "x", "text": {"format": {"type": "xml"}}"#, "text.format"),
        ]
    )
    func `What is wrong in a request has the name that it has there`(
        fields: String,
        param: String
    ) {
        let error = #expect(throws: RequestError.self) {
            try Self.read(#"{"model": "m", \#(fields)}"#)
        }
        #expect(error?.param == param)
        #expect(error?.message.contains(param) == true)
        for name in ["messages", "completion", "response_format", "reasoning_effort"] {
            #expect(error?.message.contains(name) == false)
        }
    }

    @Test(arguments: ["messages[99]", "messages[0]", "response_format", "instructions.x"])
    func `What the client has written is repeated as it is`(type: String) {
        let error = #expect(throws: RequestError.self) {
            try Self.read(
                #"{"model": "m", "input": [{"role": "user", "content": [{"type": "\#(type)"}]}]}"#
            )
        }
        #expect(error?.message.contains("'\(type)'") == true)
        #expect(error?.param == "input[0].content[0].type")
    }

    @Test func `A request says the same as a chat completion`() throws {
        let request = try Self.read(
            #"""
            {"model": "m", "stream": true, "instructions": "brief", "max_output_tokens": 9,
             "reasoning": {"effort": "low"}, "tool_choice": {"type": "function", "name": "f"},
             "tools": [{"type": "function", "name": "f", "parameters": {}}],
             "text": {"format": {"type": "json_schema", "name": "s", "schema": {}}},
             "input": [
               {"role": "user", "content": [{"type": "input_text", "text": "hi"}]},
               {"type": "reasoning", "summary": []},
               {"type": "image_generation_call", "id": "ig_1", "result": "aGk="},
               {"type": "function_call", "call_id": "1", "name": "f", "arguments": "{}"},
               {"type": "function_call", "call_id": "2", "name": "f", "arguments": "{}"},
               {"type": "function_call_output", "call_id": "1", "output": "x"},
               {"role": "user", "content": [
                  {"type": "input_text", "text": "and?"},
                  {"type": "input_image", "image_url": "data:image/png;base64,aGk="}]}]}
            """#
        )
        let completion = request.completion
        #expect(completion.streams && completion.wantsFormat)
        #expect(completion.messages.question == "and?")
        #expect(completion.messages.attachments.count == 1)
        let messages = try JSONParser.parse(Array(completion.request.messages.utf8))
        guard case .array(let all) = messages else { return }
        #expect(
            all.map { $0["role"]?.string ?? "" } == ["system", "user", "assistant", "tool", "user"]
        )
        let options = completion.request.options
        for part in [
            #""max_completion_tokens":9"#, #""reasoning_effort":"low""#,
            #""tools":[{"type":"function","function":{"name":"f","parameters":{}}}]"#,
            #""tool_choice":{"type":"function","function":{"name":"f"}}"#,
            #""response_format":{"type":"json_schema","json_schema":{"name":"s","schema":{}}}"#,
        ] {
            #expect(options.contains(part))
        }
    }

    @Test(
        arguments: [
            (#""previous_response_id": "r""#, "previous_response_id"),
            (#""conversation": "c""#, "conversation"), (#""background": true"#, "background"),
            (#""store": true"#, "store"), (#""tools": [{"type": "web_search"}]"#, "tools[0].type"),
            (#""input": 3"#, "input"), (#""input": [{"type": "item_reference"}]"#, "input[0].type"),
            (#""max_output_tokens": 0"#, "max_output_tokens"),
            (#""input": [{"role": "wizard", "content": ""}]"#, "input[0].role"),
        ]
    )
    func `What is stored nowhere is refused with the field's name`(
        fields: String,
        param: String
    ) {
        let error = #expect(throws: RequestError.self) {
            // Of two members of a name the last counts.
            try Self.read(#"{"model": "m", "input": "hi", \#(fields)}"#)
        }
        #expect(error?.param == param)
    }
}
