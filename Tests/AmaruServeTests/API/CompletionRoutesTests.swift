// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruEnvironment
import AmaruTesting
import Testing

@testable import AmaruChat
@testable import AmaruServe

@Suite(.timeLimit(.minutes(5))) struct CompletionRoutesTests {
    @Test func `A whole answer is JSON, with a request's id`() async throws {
        let source = StubSource { turn in
            _ = try? turn.add(.text("Hello"))
            turn.end(.finished(reason: "stop"))
        }
        try await serving(source) { client in
            let answer = try await client.ask(#""temperature": 1"#)
            #expect(answer.status == 200)
            #expect(answer.field("content-type") == "application/json")
            #expect(answer.field("x-request-id")?.hasPrefix("req_") == true)
            #expect("\(answer.json)".contains(#""content":"Hello""#))
        }
        let question = try #require(source.opened.first?.question)
        #expect(question.question == "hi")
        #expect(question.request?.options == #"{"temperature":1}"#)
        #expect(source.cancels == 0)
    }

    @Test func `A stream comes piece by piece, as its media type says, and ends`() async throws {
        let source = StubSource()
        try await serving(source) { client in
            try await client.asking(#""stream": true"#) { reading in
                let turn = try await source.turn()
                #expect(reading.text.isEmpty)
                try turn.add(.text("first"))
                #expect(try await reading.wait(for: "first"))
                try turn.add(.text("second"))
                #expect(try await reading.wait(for: "second"))
                turn.end(.finished(reason: "stop"))
                let text = try await reading.rest()
                let answer = HTTPProbe.Reply(description: text)
                #expect(answer.status == 200)
                #expect(answer.field("content-type") == "text/event-stream; charset=utf-8")
                #expect(answer.field("cache-control") == "no-cache, no-transform")
                #expect(answer.field("x-accel-buffering") == "no")
                #expect(text.hasSuffix("data: [DONE]\n\n\r\n0\r\n\r\n"))
                for word in ["id:", "event:", "retry:"] {
                    #expect(!answer.body.contains("\n" + word))
                }
                #expect(answer.data.count == 5)
            }
        }
    }

    @Test func `A turn that fails before its first event has an honest status`() async throws {
        let source = StubSource { turn in
            _ = try? turn.add(.notice("about to fail"))
            turn.end(.failed(ChatFailure(code: "script", message: "the script raised E: no")))
        }
        try await serving(source) { client in
            for stream in ["true", "false"] {
                let answer = try await client.ask(#""stream": \#(stream)"#)
                #expect(answer.status == 500)
                #expect(answer.field("x-should-retry") == "false")
                #expect(answer.json["error"]?["message"] == "the script raised E: no")
            }
        }
        #expect(source.opened.count == 2)
    }

    @Test(arguments: [
        ("rate_limit", 2.01, 429, "3"), ("server", 7, 503, "7"), ("script", 0, 503, "1"),
        ("rate_limit", 1e300, 429, "86400"),
    ])
    func `A fault that may pass says when to ask again`(
        code: String,
        seconds: Double,
        status: Int,
        field: String
    ) async throws {
        let wait = Duration(bounded: seconds)
        let source = StubSource { turn in
            turn.end(.failed(ChatFailure(code: code, message: "no", retryAfter: wait)))
        }
        try await serving(source) { client in
            for stream in ["true", "false"] {
                let answer = try await client.ask(#""stream": \#(stream)"#)
                #expect(answer.status == status)
                #expect(answer.field("retry-after") == field)
                #expect(answer.field("x-should-retry") == nil)
            }
        }
    }

    @Test func `A turn that fails in the middle sends an error, and the stream ends in order`()
        async throws
    {
        let source = StubSource { turn in
            _ = try? turn.add(.text("partial"))
            turn.end(.failed(ChatFailure(code: "script", message: "no")))
        }
        try await serving(source) { client in
            let answer = try await client.ask(#""stream": true"#)
            #expect(answer.status == 200)
            #expect(answer.data.last?.hasPrefix(#"{"error":{"message":"no""#) == true)
            #expect(answer.description.hasSuffix("0\r\n\r\n"))
            #expect(!answer.body.contains("[DONE]"))
        }
    }

    @Test func `Silence is broken by comments, and the head goes with the first`() async throws {
        let source = StubSource()
        try await serving(source) {
            $0.silence = .milliseconds(1)
        } _: { client in
            try await client.asking(#""stream": true"#) { reading in
                #expect(try await reading.wait(for: "\r\n:\n\n\r\n3\r\n:\n\n"))
                let turn = try await source.turn()
                try turn.add(.text("late"))
                #expect(try await reading.wait(for: "late"))
                turn.end(.finished(reason: "stop"))
                #expect(try await reading.rest().hasSuffix("data: [DONE]\n\n\r\n0\r\n\r\n"))
            }
        }
    }

    @Test(arguments: ["true", "false"], [true, false])
    func `A client that goes takes its turn with it`(stream: String, isBegun: Bool) async throws {
        let source = StubSource()
        try await serving(source) { client in
            try await client.asking(#""stream": \#(stream)"#) { reading in
                let turn = try await source.turn()
                guard isBegun else { return }
                try turn.add(.text("first"))
                if stream == "true" { #expect(try await reading.wait(for: "first")) }
            }
            let turn = try await source.turn()
            // Ends only when the turn does.
            let viewer = turn.viewer()
            for try await _ in viewer {}
            #expect(turn.end == .cancelled)
        }
        #expect(source.cancels == 1)
    }

    @Test func `A request behind another one is answered after it`() async throws {
        let turns = Lock(0)
        let source = StubSource { turn in
            let number = turns.withLock { count in
                count += 1
                return count
            }
            guard number > 1 else { return }
            _ = try? turn.add(.text("the second"))
            turn.end(.finished(reason: "stop"))
        }
        try await serving(source) { client in
            try await client.asking(#""stream": true"#, then: #""seed": 2"#) { reading in
                let turn = try await source.turn()
                try turn.add(.text("first"))
                #expect(try await reading.wait(for: "first"))
                try turn.add(.text("more"))
                #expect(try await reading.wait(for: "more"))
                #expect(source.opened.count == 1)
                turn.end(.finished(reason: "stop"))
                #expect(try await reading.rest().contains("the second"))
            }
        }
        #expect(source.cancels == 0)
    }

    @Test func `A client that goes with a request behind another one stops its turn`()
        async throws
    {
        let source = StubSource()
        try await serving(source) { client in
            try await client.asking(#""stream": true"#, then: #""seed": 2"#) { reading in
                try await source.turn().add(.text("first"))
                #expect(try await reading.wait(for: "first"))
            }
            // Ends only when the turn does.
            let viewer = try await source.turn().viewer()
            for try await _ in viewer {}
        }
        #expect(source.opened.first?.turn.end == .cancelled)
    }

    @Test func `A stop sequence stops the turn`() async throws {
        let source = StubSource { turn in _ = try? turn.add(.text("one STOP two")) }
        try await serving(source) { client in
            let answer = try await client.ask(#""stream": true, "stop": ["STOP"]"#)
            #expect(answer.data.count == 4)
            #expect(answer.data[1].contains(#""content":"one ""#))
            let whole = try await client.ask(#""stop": "STOP""#)
            #expect("\(whole.json)".contains(#""content":"one ""#))
        }
        #expect(source.opened.allSatisfy { $0.turn.end == .cancelled })
    }

    @Test func `A queue that is full says when to come again`() async throws {
        let source = StubSource()
        source.isBusy = true
        try await serving(source) { client in
            let answer = try await client.ask()
            #expect(answer.status == 429)
            #expect(answer.field("retry-after") == "2")
            #expect(answer.json["error"]?["code"] == "rate_limit_exceeded")
        }
    }

    @Test func `A request sent again with its key runs nothing, and has the same answer`()
        async throws
    {
        let source = StubSource { turn in
            _ = try? turn.add(.text("once"))
            turn.end(.finished(reason: "stop"))
        }
        try await serving(source) { client in
            let key = ["Idempotency-Key: k"]
            let first = try await client.ask("", key)
            let again = try await client.ask("", key)
            #expect(first.body == again.body && first.status == 200)
            let other = try await client.ask(#""seed": 1"#, key)
            #expect(other.status == 400)
            #expect(other.json["error"]?["code"] == "idempotency_key_reused")
        }
        #expect(source.opened.count == 1)
    }

    @Test func `A format is refused for a script that does not read requests`() async throws {
        try await serving(StubSource(reads: false)) { client in
            let format = #""response_format": {"type": "json_object"}"#
            let answer = try await client.ask(format)
            #expect(answer.status == 400)
            #expect(answer.json["error"]?["param"] == "response_format")
        }
    }

    @Test func `A response of the newer API has named events`() async throws {
        let source = StubSource { turn in
            _ = try? turn.add(.text("Hello"))
            turn.end(.finished(reason: "stop"))
        }
        try await serving(source) { client in
            let json = #"{"model": "m", "input": "hi", "stream": true}"#
            let answer = try await client.post("/v1/responses", json)
            #expect(answer.status == 200)
            #expect(answer.body.contains("event: response.created\ndata: {"))
            #expect(answer.body.contains("event: response.completed\ndata: {"))
            let whole = try await client.post("/v1/responses", #"{"model": "m", "input": "hi"}"#)
            #expect(whole.json["status"] == "completed")
        }
    }

    // MARK: Models and errors

    @Test(arguments: ["/v1/models/org/model", "/v1/models/org%2Fmodel"])
    func `A model's name may have slashes`(path: String) async throws {
        try await serving(StubSource()) { client in
            let answer = try await client.get(path)
            #expect(answer.status == 200)
            #expect(answer.json["id"] == "org/model")
            #expect(answer.json["object"] == "model")
        }
    }

    @Test func `The models are listed, and there are no others`() async throws {
        try await serving(StubSource()) { client in
            let list = try await client.get("/v1/models")
            let wanted = #"""
                {"object":"list","data":[\#
                {"id":"m","object":"model","created":7,"owned_by":"amaru"},\#
                {"id":"org/model","object":"model","created":7,"owned_by":"amaru"}]}
                """#
            #expect("\(list.json)" == wanted)
            let unknown = try await client.get("/v1/models/other")
            #expect(unknown.status == 404)
            #expect(unknown.json["error"]?["code"] == "model_not_found")
            let asked = try await client.post(
                "/v1/chat/completions",
                #"{"model": "other", "messages": [{"role": "user", "content": "hi"}]}"#
            )
            #expect(asked.status == 404)
            #expect(asked.json["error"]?["param"] == "model")
        }
    }

    @Test(
        arguments: [
            ("GET", "/v1/chat/completions", 405), ("GET", "/v1/nothing", 404),
            ("DELETE", "/v1/models/m", 405), ("POST", "/v1/embeddings", 501),
            ("POST", "/v1/completions", 501), ("GET", "/v1", 404),
        ]
    )
    func `What is not there says so in the API's shape`(
        method: String,
        path: String,
        status: Int
    ) async throws {
        try await serving(StubSource()) { client in
            let answer = try await client.request(method, path)
            #expect(answer.status == status)
            #expect(answer.json["error"]?["message"]?.string?.isEmpty == false)
            // Without it, the SDK sends the request again.
            #expect(answer.field("x-should-retry") == (status == 501 ? "false" : nil))
            #expect(answer.json["error"]?["type"] == "invalid_request_error")
            #expect((answer.field("allow") != nil) == (status == 405))
        }
    }

    @Test(arguments: [
        ("/v1/models", "GET, HEAD"), ("/health", "GET, HEAD"), ("/v1/responses", "POST"),
    ])
    func `Another method is refused with those that there are`(
        path: String,
        allowed: String
    ) async throws {
        try await serving(StubSource()) { client in
            let answer = try await client.request("PUT", path)
            #expect(answer.status == 405)
            #expect(answer.field("allow") == allowed)
        }
    }

    @Test(arguments: ["{", "null", "[]", String(repeating: "[", count: 500)])
    func `Rubbish is refused`(rubbish: String) async throws {
        try await serving(StubSource()) { client in
            let answer = try await client.post("/v1/chat/completions", rubbish)
            #expect(answer.status == 400)
            #expect(answer.json["error"]?["type"] == "invalid_request_error")
        }
    }

    @Test(arguments: [true, false])
    func `A server that ends takes its answers with it, and says so`(isBegun: Bool) async throws {
        let source = StubSource()
        let ending = AsyncValue<Void>()
        try await serving(source, ending: ending) { client in
            try await client.asking(#""stream": true"#) { reading in
                let turn = try await source.turn()
                if isBegun {
                    try turn.add(.text("first"))
                    #expect(try await reading.wait(for: "first"))
                }
                ending.set(())
                let answer = HTTPProbe.Reply(description: try await reading.rest())
                #expect(answer.status == (isBegun ? 200 : 503))
                #expect(answer.body.contains(#""code":"stopped""#))
            }
        }
        #expect(source.cancels == 1)
    }
}
