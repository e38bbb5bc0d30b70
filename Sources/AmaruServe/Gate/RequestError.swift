// The error of a request that cannot be answered.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruChat
package import HTTPTypes
import Hummingbird
import NIOHTTP1

/// An error of a request, which is sent in the shape of the page or of OpenAI's API.
package struct RequestError: Error, Sendable, Equatable {
    /// The status of the answer.
    package var status: HTTPResponse.Status
    /// What identifies the error to programs, such as `model_not_found`.
    package var code: String
    /// What happened, to what.
    package var message: String
    /// What the user can do; empty if nothing.
    package var remedy = ""
    /// The field of the request that is at fault.
    package var param: String?
    /// Further fields of the answer's head, such as `Retry-After`.
    package var headers: HTTPFields = [:]

    /// Creates an error.
    package init(
        _ status: HTTPResponse.Status,
        _ code: String,
        _ message: String,
        remedy: String = "",
        param: String? = nil,
        headers: HTTPFields = [:]
    ) {
        self.status = status
        self.code = code
        self.message = message
        self.remedy = remedy
        self.param = param
        self.headers = headers
    }

    /// The request makes no sense, or asks for what the server does not have.
    package static func invalid(
        _ message: String,
        code: String = "invalid",
        param: String? = nil
    ) -> RequestError {
        RequestError(.badRequest, code, message, param: param)
    }

    /// An error after which the SDK must not send the request again: the script may have run.
    static func final(
        _ status: HTTPResponse.Status,
        _ code: String,
        _ message: String
    ) -> RequestError {
        RequestError(status, code, message, headers: [.shouldRetry: "false"])
    }

    /// The turn was stopped from elsewhere.
    static let stopped = final(
        .serviceUnavailable,
        "stopped",
        "the answer was stopped before it was finished"
    )
    /// The script has ended the program.
    static let ended = final(.serviceUnavailable, "script_ended", "the script has ended")
    /// The turn's log no longer has the beginning.
    static let forgotten = final(
        .serviceUnavailable,
        "lost",
        "the beginning of the answer is no longer kept"
    )

    // MARK: Other errors

    /// What the error of a route means to the client.
    init(_ error: any Error, for request: Request) {
        switch error {
        case let error as RequestError: self = error
        case let error as HubError: self.init(error)
        case let error as HTTPError:
            let reason = error.status.reasonPhrase
            let place = "\(request.method) \(request.uri.path.prefix(256))"
            self.init(
                error.status,
                reason.lowercased().replacing(" ", with: "_"),
                error.status == .notFound ? "there is no route \(place)" : error.body ?? reason,
                headers: error.headers
            )
        case is HTTPParserError:
            let close: HTTPFields = [.connection: "close"]
            self.init(.badRequest, "framing", "the request is not valid HTTP/1.1", headers: close)
        case is CancellationError: self = .stopped
        default:
            // What it says is about the inside of the program.
            self = .final(.internalServerError, "internal", "the server has failed")
        }
    }

    init(_ error: HubError) {
        let status: HTTPResponse.Status =
            switch error.code {
            case .unknown, .model: .notFound
            case .forgotten: .gone
            case .busy: .tooManyRequests
            case .conflict: .conflict
            case .invalid: .badRequest
            case .ending, .store: .serviceUnavailable
            }
        let isTemporary = [.busy, .ending, .store].contains(error.code)
        self.init(
            status,
            error.code.rawValue,
            error.message,
            remedy: error.remedy,
            headers: isTemporary ? [.retryAfter: "2"] : [:]
        )
    }

    /// The error of a turn that has failed.
    init(_ failure: ChatFailure) {
        self = .final(
            Self.statuses[failure.code] ?? .internalServerError,
            failure.code == "script" ? "script_error" : failure.code,
            Self.public(failure.message)
        )
        // How a script is fixed is for who runs it.
        if failure.code != "script" { remedy = Self.public(failure.remedy) }
        guard let wait = failure.retryAfter else { return }
        if status != .tooManyRequests { status = .serviceUnavailable }
        headers = [.retryAfter: "\(Self.seconds(wait))"]
    }

    /// Whole seconds that are no less, and at most a day.
    private static func seconds(_ wait: Duration) -> Int64 {
        let (seconds, rest) = wait.bounded.components
        return min(max(1, rest > 0 ? seconds + 1 : seconds), 86_400)
    }

    /// Without where in the script, which is for who runs it.
    private static func `public`(_ text: String) -> String {
        text.replacing(#/ at (?:\/|[A-Za-z]:\\).*, line \d+/#, with: "")
    }

    /// What the codes of failed turns mean to a client, unless that is 500.
    private static let statuses: [String: HTTPResponse.Status] = [
        "attachment": .badRequest, "bad_request": .badRequest, "bad_schema": .badRequest,
        "no_model": .notFound, "rate_limit": .tooManyRequests, "start": .serviceUnavailable,
        "authentication": .badGateway, "connection": .badGateway, "incomplete": .badGateway,
        "not_found": .badGateway, "not_openai": .badGateway, "server": .badGateway,
        "tls": .badGateway, "stall": .gatewayTimeout, "timeout": .gatewayTimeout,
    ]

    // MARK: Shapes

    /// The object `error` of the page.
    var pageJSON: JSONValue {
        ["error": JSONValue(ChatFailure(code: code, message: message, remedy: remedy))]
    }

    /// The object `error` of https://platform.openai.com/docs/guides/error-codes.
    var modelJSON: JSONValue {
        let type =
            switch status.code {
            case 429: "rate_limit_error"
            case ..<500, 501: "invalid_request_error"
            default: "server_error"
            }
        return [
            "error": [
                "message": .string(remedy.isEmpty ? message : "\(message): \(remedy)"),
                "type": .string(type), "param": JSONValue(param),
                // What OpenAI calls it.
                "code": .string(code == "busy" ? "rate_limit_exceeded" : code),
            ]
        ]
    }

    /// The answer, in the shape that clients of a part of the server expect.
    func response(for place: RequestPlace) -> Response {
        var response = Response(json: place == .model ? modelJSON : pageJSON, status: status)
        response.headers.append(contentsOf: headers)
        return response
    }
}

extension JSONValue {
    /// A failure as the page has it.
    init(_ failure: ChatFailure) {
        self = [
            "code": .string(failure.code),
            "message": .string(withoutFolders: failure.message),
            "remedy": .string(withoutFolders: failure.remedy),
        ]
    }

    /// A text about a script, whose places in files are named without the folders of this machine.
    static func string(withoutFolders text: String) -> JSONValue {
        let place = #/ at (?:\/|[A-Za-z]:\\)(?:[^\n]*?[\/\\])??([^\/\\\n]+, line \d+)(?![\d\/\\])/#
        return .string(text.replacing(place) { " at \($0.1)" })
    }
}

extension Response {
    /// A response that is one JSON value; not inlined, for the size of its many callers.
    @inline(never)
    init(json: JSONValue, status: HTTPResponse.Status = .ok) {
        self.init(
            status: status,
            headers: [.contentType: "application/json"],
            body: ResponseBody(json.text)
        )
    }
}
