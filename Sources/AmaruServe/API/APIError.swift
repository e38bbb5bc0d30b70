// What goes wrong under /v1, in the API's own shape.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
package import HTTPTypes
package import Hummingbird

/// An error as clients of the API expect it: a status, and an object `error`.
///
/// https://platform.openai.com/docs/guides/error-codes
package struct APIError: Error, Sendable, Equatable {
    package var status: HTTPResponse.Status
    /// What happened, to what, and what to do.
    package var message: String
    /// The kind, such as `invalid_request_error`.
    package var type: String
    /// The field of the request that is at fault.
    package var param: String?
    /// The code, such as `model_not_found`.
    package var code: String?
    /// Further header fields of the response.
    package var headers: HTTPFields

    package init(
        _ status: HTTPResponse.Status,
        _ message: String,
        type: String = "invalid_request_error",
        param: String? = nil,
        code: String? = nil,
        headers: HTTPFields = [:]
    ) {
        self.status = status
        self.message = message
        self.type = type
        self.param = param
        self.code = code
        self.headers = headers
    }

    /// The request cannot be understood, or asks for what is not there.
    package static func invalid(_ message: String, param: String? = nil) -> APIError {
        APIError(.badRequest, message, param: param)
    }

    /// No such model is served here.
    static func unknownModel(_ name: String, known: [String]) -> APIError {
        APIError(
            .notFound,
            "The model '\(name)' does not exist here. There is \(known.joined(separator: ", ")).",
            param: "model",
            code: "model_not_found"
        )
    }

    /// As many answers as are possible are being made.
    static func busy(retryAfter seconds: Int) -> APIError {
        APIError(
            .tooManyRequests,
            "The server is busy with other answers. Try again in \(seconds) s.",
            type: "rate_limit_error",
            code: "rate_limit_exceeded",
            headers: [.retryAfter: "\(seconds)"]
        )
    }

    /// The turn has failed, so the script has run: running it again is not the client's to decide.
    init(_ failure: ChatFailure) {
        let (status, type) = Self.statuses[failure.code] ?? (.internalServerError, "server_error")
        // Where in the script is for who runs it.
        let message = failure.message.replacing(#/ at (?:\/|[A-Za-z]:\\).*, line \d+/#, with: "")
        self.init(
            status,
            message,
            type: type,
            code: failure.code == "script" ? "script_error" : failure.code,
            headers: [.shouldRetry: "false"]
        )
    }

    /// What the codes of failed turns mean to a client, unless that is 500.
    private static let statuses: [String: (HTTPResponse.Status, String)] = [
        "attachment": (.badRequest, "invalid_request_error"),
        "bad_request": (.badRequest, "invalid_request_error"),
        "no_model": (.notFound, "invalid_request_error"),
        "rate_limit": (.tooManyRequests, "rate_limit_error"),
        "start": (.serviceUnavailable, "server_error"),
        "authentication": (.badGateway, "server_error"),
        "connection": (.badGateway, "server_error"),
        "incomplete": (.badGateway, "server_error"),
        "not_found": (.badGateway, "server_error"),
        "not_openai": (.badGateway, "server_error"),
        "server": (.badGateway, "server_error"),
        "tls": (.badGateway, "server_error"),
        "stall": (.gatewayTimeout, "server_error"),
        "timeout": (.gatewayTimeout, "server_error"),
    ]

    /// The turn was stopped from elsewhere.
    static let stopped = lost("The answer was stopped before it was finished.", "stopped")
    /// The script has ended the program.
    static let ended = lost("The script has ended.", "script_ended")
    /// The turn's log no longer has the beginning.
    static let forgotten = lost("The beginning of the answer is not kept any more.", "lost")

    private static func lost(_ message: String, _ code: String) -> APIError {
        APIError(
            .serviceUnavailable,
            message,
            type: "server_error",
            code: code,
            headers: [.shouldRetry: "false"]
        )
    }

    /// The object `error`.
    var json: JSONValue {
        [
            "error": [
                "message": .string(message), "type": .string(type),
                "param": param.map { .string($0) } ?? .null,
                "code": code.map { .string($0) } ?? .null,
            ]
        ]
    }
}

extension APIError: HTTPResponseError {
    package func response(from request: Request, context: some RequestContext) -> Response {
        response()
    }

    /// The response that carries the error.
    package func response() -> Response {
        var response = Response(json: json, status: status)
        response.headers.append(contentsOf: headers)
        return response
    }
}

extension Response {
    /// A response that is one JSON value.
    init(json: JSONValue, status: HTTPResponse.Status = .ok) {
        self.init(
            status: status,
            headers: [
                .contentType: "application/json", .cacheControl: "no-store",
                .xContentTypeOptions: "nosniff",
            ],
            body: ResponseBody(byteBuffer: ByteBuffer(string: "\(json)"))
        )
    }
}
