// What every answer under /v1 has: its errors' shape, a request id, origins that may read it.
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird

/// Gives what is under `/v1` the API's manners, also what no route answers.
struct CompletionMiddleware: RouterMiddleware {
    typealias Context = ServeContext

    let allowedOrigins: Set<String>

    func handle(
        _ request: Request,
        context: ServeContext,
        next: @concurrent (Request, ServeContext) async throws -> Response
    ) async throws -> Response {
        guard "\(request.uri.path)/".hasPrefix("/v1/") else {
            return try await next(request, context)
        }
        let origin = request.headers[.origin].flatMap { allowedOrigins.contains($0) ? $0 : nil }
        var response: Response
        if request.method == .options, let origin {
            response = Self.preflight(request, from: origin)
        } else {
            response = await answer(request, context, next)
        }
        response.headers[.requestID] = "req_\(Identifier.random())"
        guard !allowedOrigins.isEmpty else { return response }
        response.headers[.vary] = "Origin"
        guard let origin else { return response }
        response.headers[.accessControlAllowOrigin] = origin
        response.headers[.accessControlExposeHeaders] = "x-request-id, retry-after"
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

    // MARK: Preflight

    private static let requestFields: Set = [
        "accept", "authorization", "content-type", "idempotency-key", "openai-beta",
        "openai-organization", "openai-project", "user-agent", "x-api-key",
    ]

    private static func preflight(_ request: Request, from origin: String) -> Response {
        let asked = request.headers[.accessControlRequestHeaders] ?? ""
        let allowed = asked.lowercased().split(separator: ",")
            .map { $0.trimmingPrefix(while: \.isWhitespace) }
            .filter { requestFields.contains(String($0)) || $0.hasPrefix("x-stainless-") }
        return Response(
            status: .noContent,
            headers: [
                .accessControlAllowMethods: "GET, POST",
                .accessControlAllowHeaders: allowed.joined(separator: ", "),
                .accessControlMaxAge: "600",
            ]
        )
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
