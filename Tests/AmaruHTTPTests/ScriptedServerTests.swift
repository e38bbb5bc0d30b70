// The scripted server's chat answers, as other tests rely on them.
// SPDX-License-Identifier: Apache-2.0

import AmaruHTTP
import AmaruTesting
import Foundation
import Testing

@Suite(.timeLimit(.minutes(5)))
struct ScriptedServerTests {
    func ask(_ server: ScriptedServer, _ backend: NIOHTTPBackend, _ body: String) async throws
        -> String
    {
        let request = server.request(
            "POST",
            "/v1/chat/completions",
            body: .data(Data(body.utf8))
        )
        return try await backend.open(request).text()
    }

    func content(_ json: some StringProtocol, in key: String) throws -> String? {
        let object = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
        let choices = object?["choices"] as? [[String: Any]]
        let part = choices?.first?[key] as? [String: Any]
        return part?["content"] as? String
    }

    @Test func `A streamed chat is a delta for each word, then DONE`() async throws {
        let text = "Hello \"you\",\nnaïve 🐍"
        let server = ScriptedServer([.chat(text)])
        try await withServer(server) { (backend) async throws in
            let answer = try await ask(
                server,
                backend,
                #"{"model": "m", "stream": true, "stream_options": {"include_usage": true}}"#
            )
            let events = answer.components(separatedBy: "\n\n").filter { !$0.isEmpty }
            #expect(events.last == "data: [DONE]")
            #expect(events.allSatisfy { $0.hasPrefix("data: ") })
            let pieces = try events.dropLast().compactMap {
                try content($0.dropFirst(6), in: "delta")
            }
            #expect(pieces.joined() == text)
            #expect(pieces.count > 2)
            #expect(events.dropLast().last?.contains(#""usage""#) == true)
        }
    }

    @Test func `A chat without a stream is one object`() async throws {
        let server = ScriptedServer([.chat("Hello there")])
        try await withServer(server) { (backend) async throws in
            let answer = try await ask(server, backend, #"{"model": "m"}"#)
            #expect(try content(answer, in: "message") == "Hello there")
        }
    }

    @Test func `A stream waits at its gate after the first word`() async throws {
        let gate = Gate()
        let server = ScriptedServer([.chat("one two", pauseAt: gate)])
        try await withServer(server) { (backend) async throws in
            let body = HTTPTransferRequest.Body.data(Data(#"{"stream": true}"#.utf8))
            let exchange = backend.open(server.request("POST", body: body))
            var seen = ""
            while !seen.contains("one"), let piece = try await exchange.read() {
                seen += String(decoding: piece, as: UTF8.self)
            }
            #expect(!seen.contains("two"))
            gate.open()
            #expect(try await exchange.text().contains("two"))
        }
    }

    @Test func `An API error has the form of the API`() async throws {
        let server = ScriptedServer([
            .apiError("slow down", status: 429, headers: [("Retry-After", "1")])
        ])
        try await withServer(server) { (backend) async throws in
            let exchange = backend.open(server.request())
            let head = try await exchange.head()
            #expect(head.status == 429)
            #expect(head.reason == "Too Many Requests")
            #expect(head.headers.firstValue(of: "retry-after") == "1")
            #expect(try await exchange.text().contains(#""message": "slow down""#))
        }
    }
}
