// SPDX-License-Identifier: Apache-2.0

import AmaruChat
import HTTPTypes
import Testing

@testable import AmaruServe

struct CompletionRequestTests {
    private static func read(_ json: String) throws -> CompletionRequest {
        try CompletionRequest(JSONParser.parse(Array(json.utf8)))
    }

    private static func asking(_ fields: String) throws -> CompletionRequest {
        try read(
            #"{"model": "m", "messages": [{"role": "user", "content": "hi"}], \#(fields)}"#
        )
    }

    @Test func `A request has a question, a history, and the rest as options`() throws {
        let request = try Self.read(
            #"""
            {"model": "m", "stream": true, "stream_options": {"include_usage": true}, "n": 1,
             "temperature": 0.5, "user": "u", "unknown": {"b": 1, "a": 2}, "seed": null,
             "stop": "END", "messages": [
               {"role": "system", "content": "brief"}, {"role": "user", "content": "one"},
               {"role": "assistant", "content": "first"}, {"role": "user", "content": "two"}]}
            """#
        )
        #expect(request.model == "m")
        #expect(request.streams && request.includesUsage && !request.wantsFormat)
        #expect(request.stop == ["END"])
        #expect(request.messages.question == "two")
        #expect(request.messages.history == [ChatExchange(question: "one", answer: "first")])
        #expect(
            request.request.options
                == #"{"temperature":0.5,"user":"u","unknown":{"b":1,"a":2},"stop":"END"}"#
        )
        #expect(request.request.messages.hasPrefix(#"[{"role":"system","content":"brief"}"#))
    }

    @Test(
        arguments: [
            (#"null"#, ""), (#""text""#, "text"), (#"[]"#, ""),
            (#"[{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]"#, "ab"),
        ]
    )
    func `Content is a string, null, or parts`(content: String, text: String) throws {
        let request = try Self.read(
            #"{"model": "m", "messages": [{"role": "user", "content": \#(content)}]}"#
        )
        #expect(request.messages.question == text)
    }

    @Test func `Files in a request are attachments, and addresses are not fetched`() throws {
        func asking(_ url: String) throws -> CompletionRequest {
            try Self.read(
                #"""
                {"model": "m", "messages": [{"role": "user", "content": [
                  {"type": "text", "text": "what?"},
                  {"type": "image_url", "image_url": {"url": "\#(url)"}}]}]}
                """#
            )
        }
        let messages = try asking("data:image/png;base64,aGk=").messages
        #expect(messages.question == "what?")
        #expect(messages.attachments.map(\.mediaType) == ["image/png"])
        #expect(messages.attachments.map { Array($0.bytes) } == [Array("hi".utf8)])
        for url in ["https://a.example/x.png", "file:///etc/passwd", "data:image/png,x", "data:"] {
            let error = #expect(throws: RequestError.self) { try asking(url) }
            #expect(error?.param == "messages[0].content[1].image_url")
        }
    }

    @Test func `Tools' results are in the request, and the question is the user's`() throws {
        let request = try Self.read(
            #"""
            {"model": "m", "messages": [
              {"role": "user", "content": "weather?"},
              {"role": "assistant", "content": null, "tool_calls": [{"id": "1"}]},
              {"role": "tool", "tool_call_id": "1", "content": "sunny"}]}
            """#
        )
        #expect(request.messages.question == "weather?")
        #expect(request.messages.history.isEmpty)
        #expect(request.request.messages.contains(#""tool_call_id":"1","content":"sunny""#))
    }

    @Test func `Neighbours of a role are joined in the history`() throws {
        let request = try Self.read(
            #"""
            {"model": "m", "messages": [
              {"role": "assistant", "content": "welcome"}, {"role": "user", "content": "a"},
              {"role": "user", "content": "b"}, {"role": "assistant", "content": "c"},
              {"role": "assistant", "content": "d"}, {"role": "user", "content": "unanswered"},
              {"role": "developer", "content": "x"}, {"role": "user", "content": "now"}]}
            """#
        )
        #expect(
            request.messages.history == [
                ChatExchange(question: "a\n\nb", answer: "c\n\nd"),
                ChatExchange(question: "unanswered", answer: ""),
            ]
        )
    }

    @Test(
        arguments: [
            (#""n": 2"#, "n"), (#""logprobs": true"#, "logprobs"),
            (#""top_logprobs": 3"#, "top_logprobs"), (#""modalities": ["audio"]"#, "modalities"),
            (#""stop": 3"#, "stop"), (#""stop": ["a", 1]"#, "stop"),
            (#""max_tokens": 0"#, "max_tokens"),
            (
                #""max_completion_tokens": 1.5"#,
                "max_completion_tokens"
            ), (#""temperature": "hot""#, "temperature"),
            (#""stream": "yes""#, "stream"), (#""stream_options": true"#, "stream_options"),
            (#""seed": "1""#, "seed"), (#""n": "one""#, "n"), (#""tools": {}"#, "tools"),
            (#""user": 5"#, "user"), (#""metadata": []"#, "metadata"),
            (#""parallel_tool_calls": 1"#, "parallel_tool_calls"),
            (
                #""response_format": {"type": "xml"}"#,
                "response_format"
            ), (#""model": """#, "model"), (#""messages": []"#, "messages"),
            (#""messages": "hi""#, "messages"), (#""messages": [1]"#, "messages[0]"),
            (#""messages": [{"role": "wizard"}]"#, "messages[0].role"),
            (#""messages": [{"role": "user", "content": 1}]"#, "messages[0].content"),
            (
                #""messages": [{"role": "user", "content": [{"type": "video"}]}]"#,
                "messages[0].content[0].type"
            ),
            (#""messages": [{"role": "system", "content": "alone"}]"#, "messages"),
        ]
    )
    func `What cannot be had is refused with the field's name`(fields: String, param: String) {
        let error = #expect(throws: RequestError.self) { try Self.asking(fields) }
        #expect(error?.param == param)
        #expect(error?.status == .badRequest)
        #expect(error?.modelJSON["error"]?["type"] == "invalid_request_error")
    }

    @Test func `What asks for what there is anyway is taken`() throws {
        _ = try Self.asking(
            #"""
            "n": 1, "logprobs": false, "top_logprobs": 0, "modalities": ["text"], "stop": null,
            "response_format": {"type": "text"}, "max_tokens": null, "store": true
            """#
        )
    }

    @Test func `The number of messages has a limit`() throws {
        let many = Array(repeating: #"{"role": "user", "content": "x"}"#, count: 4097)
        let json = #"{"model": "m", "messages": [\#(many.joined(separator: ","))]}"#
        let error = #expect(throws: RequestError.self) { try Self.read(json) }
        #expect(error?.param == "messages")
    }
}
