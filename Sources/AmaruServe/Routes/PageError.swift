// Refusals as the page gets them.
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOCore

/// What the page is told in place of an answer: `{"error":{"code","message","remedy"}}`.
struct PageError: Error, Encodable {
    let status: HTTPResponse.Status
    let code: String
    let message: String
    var remedy = ""
    var retryAfter: Int?

    private enum CodingKeys: CodingKey { case code, message, remedy }

    init(
        _ status: HTTPResponse.Status,
        _ code: String,
        _ message: String,
        remedy: String = ""
    ) {
        self.status = status
        self.code = code
        self.message = message
        self.remedy = remedy
    }

    init(_ error: HubError) {
        let status: HTTPResponse.Status =
            switch error.code {
            case .unknown: .notFound
            case .busy: .tooManyRequests
            case .conflict: .conflict
            case .invalid: .badRequest
            case .ending: .serviceUnavailable
            }
        self.init(status, error.code.rawValue, error.message, remedy: error.remedy)
        if error.code == .busy || error.code == .ending { retryAfter = 2 }
    }

    /// The answer to what a route has thrown.
    init(_ error: any Error) {
        switch error {
        case let error as PageError: self = error
        case let error as HubError: self.init(error)
        case is NIOTooManyBytesError:
            self.init(.contentTooLarge, "too_large", "the request is too large")
        case let error as any HTTPResponseError:
            self.init(error.status, "request", error.status.reasonPhrase)
        default:
            self.init(.internalServerError, "internal", "the server has failed at this request")
        }
    }

    var response: Response {
        var response = Response(json: ["error": self], status: status)
        if let retryAfter { response.headers[.retryAfter] = "\(retryAfter)" }
        return response
    }
}

/// Answers with a ``PageError`` when a route throws.
struct PageErrors: RouterMiddleware {
    typealias Context = ServeContext

    func handle(
        _ request: Request,
        context: ServeContext,
        next: @concurrent (Request, ServeContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as CancellationError {
            throw error
        } catch {
            return PageError(error).response
        }
    }
}
