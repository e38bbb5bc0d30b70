// What a client of /v1 sends, and reads of an answer.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting

@testable import AmaruServe

extension HTTPProbe {
    /// A question to the model `m`.
    static func question(_ fields: String = "") -> String {
        let more = fields.isEmpty ? "" : ", \(fields)"
        return #"{"model": "m", "messages": [{"role": "user", "content": "hi"}]\#(more)}"#
    }

    /// Asks the model `m`.
    func ask(_ fields: String = "", _ head: [String] = []) async throws -> Reply {
        try await post("/v1/chat/completions", Self.question(fields), head)
    }

    /// Asks the model `m`, and runs with the connection.
    func asking(_ fields: String, _ body: (Connection) async throws -> Void) async throws {
        try await connected { connection in
            try await connection.write(
                text(
                    "POST",
                    "/v1/chat/completions",
                    ["Content-Type: application/json"],
                    body: Self.question(fields)
                )
            )
            try await body(connection)
        }
    }
}

extension HTTPProbe.Reply {
    /// The body as JSON.
    var json: JSONValue { (try? JSONParser.parse(Array(body.utf8))) ?? .null }

    /// What the events of a chunked body carry.
    var data: [String] {
        body.split(separator: "\r\n").filter { !$0.allSatisfy(\.isHexDigit) }.joined()
            .split(separator: "\n\n").map { String($0.trimmingPrefix("data: ")) }
    }
}
