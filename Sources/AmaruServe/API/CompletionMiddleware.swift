// What every answer under /v1 has: the shape of its errors, and a request id.
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird

/// Writes errors under `/v1` in the API's shape and adds request ids, also where no route is.
struct CompletionMiddleware: RouterMiddleware {
    typealias Context = ServeContext

    func handle(
        _ request: Request,
        context: ServeContext,
        next: @concurrent (Request, ServeContext) async throws -> Response
    ) async throws -> Response {
        guard "\(request.uri.path)/".hasPrefix("/v1/") else {
            return try await next(request, context)
        }
        var response = await answer(request, context, next)
        response.headers[.requestID] = "req_\(Identifier.random())"
        return response
    }

    private func answer(
        _ request: Request,
        _ context: ServeContext,
        _ next: @concurrent (Request, ServeContext) async throws -> Response
    ) async -> Response {
        do {
            return try await next(request, context)
        } catch let error as APIError {
            return error.response()
        } catch let error as HTTPError {
            return Self.error(error, for: request).response()
        } catch is CancellationError {
            return APIError.stopped.response()
        } catch {
            return APIError(
                .internalServerError,
                "Something unexpected happened: \(type(of: error)).",
                type: "server_error",
                headers: [.shouldRetry: "false"]
            ).response()
        }
    }

    private static func error(_ error: HTTPError, for request: Request) -> APIError {
        let message =
            error.status == .notFound
            ? "There is no \(request.method) \(request.uri.path) here."
            : error.body ?? error.status.reasonPhrase
        return APIError(error.status, message, headers: error.headers)
    }
}

/// Names that nobody can guess.
enum Identifier {
    private static let letters = Array("0123456789abcdefghijklmnopqrstuvwxyz")

    static func random() -> String {
        var generator = SystemRandomNumberGenerator()
        return String((0..<24).map { _ in letters.randomElement(using: &generator) ?? "0" })
    }
}
