// What a browser is told whose page of another origin may use `/v1`.
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird

/// Answers in the terms of https://fetch.spec.whatwg.org/#http-cors-protocol.
enum CrossOriginAnswer {
    /// The fields that clients of OpenAI's API send, apart from those with the prefix.
    private static let fields: Set = [
        "authorization", "content-type", "idempotency-key", "openai-beta", "x-api-key",
    ]
    private static let prefix = "x-stainless-"

    /// Says what a request may be that a page wants to make.
    static func preflight(_ request: Request, from origin: String) -> Response {
        let wanted = request.headers[.accessControlRequestHeaders] ?? ""
        let names = wanted.lowercased().split(separator: ",").map { $0.filter { $0 != " " } }
        let granted = names.filter { fields.contains($0) || $0.hasPrefix(prefix) }
        return Response(
            status: .noContent,
            headers: [
                .accessControlAllowMethods: "GET, POST",
                .accessControlAllowHeaders: granted.joined(separator: ", "),
                .accessControlMaxAge: "600",
            ]
        )
    }

    /// Lets the page read an answer.
    static func add(to headers: inout HTTPFields, for origin: String) {
        headers[.accessControlAllowOrigin] = origin
        // What the SDK reads.
        headers[.accessControlExposeHeaders] = "x-request-id, retry-after, x-should-retry"
        headers[.vary] = "Origin"
    }
}
