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
    ///
    /// - `next`: The fields of a question that is sent at once behind the first.
    func asking(
        _ fields: String,
        then next: String? = nil,
        _ body: (Connection) async throws -> Void
    ) async throws {
        let questions = [fields, next].compactMap(\.self).map { fields in
            text(
                "POST",
                "/v1/chat/completions",
                ["Content-Type: application/json"],
                body: Self.question(fields)
            )
        }
        // The first does not end the connection.
        let first = questions.dropLast().map { $0.replacing("Connection: close\r\n", with: "") }
        try await connected { connection in
            try await connection.write((first + questions.suffix(1)).joined())
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
