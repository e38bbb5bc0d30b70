// Events of a chat completion, written by hand.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting
import Foundation

/// An event with a piece of an answer.
func delta(_ content: String, finish: String? = nil) -> String {
    let finish = finish.map { "\"\($0)\"" } ?? "null"
    return event(#"{"content": \#(quoted(content))}"#, finish: finish)
}

/// An event with any delta.
func event(_ delta: String, finish: String = "null") -> String {
    let choice = #"{"index": 0, "delta": \#(delta), "finish_reason": \#(finish)}"#
    return #"data: {"id": "1", "object": "chat.completion.chunk", "choices": [\#(choice)]}"#
        + "\n\n"
}

private func quoted(_ text: String) -> String {
    let data = try? JSONEncoder().encode(text)
    return data.map { String(decoding: $0, as: UTF8.self) } ?? #""""#
}

extension ScriptedResponse {
    /// A stream of these events, which ends with the connection.
    static func events(
        _ events: String...,
        type: String = "text/event-stream"
    ) -> ScriptedResponse {
        .raw(head(type) + events.joined() + "data: [DONE]\n\n", .close)
    }

    /// These bytes again and again, some gigabytes of them.
    ///
    /// - `reached`: Called when the first 64 KiB have been taken by the system.
    static func flood(
        _ bytes: String,
        head: String = head("text/event-stream"),
        reached: @escaping @Sendable () -> Void = {}
    ) -> ScriptedResponse {
        let piece = Data(String(repeating: bytes, count: (1 << 16) / bytes.utf8.count + 1).utf8)
        return ScriptedResponse(
            [.text(head), .bytes(piece), .call(reached)]
                + Array(repeating: .bytes(piece), count: 100_000)
        )
    }

    static func head(_ type: String, status: Int = 200) -> String {
        head(
            status: status,
            headers: [("Content-Type", type), ("Connection", "close")]
        )
    }
}

/// Starts a server, runs a body with the options that point the chat to it, and ends it.
func withChat<Value: Sendable>(
    _ server: ScriptedServer,
    _ body: (_ options: [String]) async throws -> Value
) async throws -> Value {
    try await server.start()
    do {
        let value = try await body(["--base-url", "\(server.url)/v1"])
        await server.shutDown()
        return value
    } catch {
        await server.shutDown()
        throw error
    }
}

/// What of a request to chat completions these tests look at.
struct ChatBody: Decodable {
    struct Message: Decodable, Equatable {
        let role: String
        let content: String
    }

    let model: String
    let messages: [Message]

    init(_ request: RecordedRequest) throws {
        self = try JSONDecoder().decode(ChatBody.self, from: request.body)
    }

    /// The last messages of these requests.
    static func asked(_ requests: [RecordedRequest]) throws -> [String] {
        try requests.map { try ChatBody($0).messages.last?.content ?? "" }
    }
}
