// The routes of /v1.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
import AmaruHTTP
import HTTPTypes
package import Hummingbird
import NIOCore

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Adds the API of https://platform.openai.com/docs/api-reference under `/v1`, as far as a script
/// can be behind it.
package func addCompletionRoutes(
    to router: Router<ServeContext>,
    source: any TurnSource,
    configuration: CompletionConfiguration
) {
    let routes = CompletionRoutes(source: source, configuration: configuration)
    router.add(
        middleware: CompletionMiddleware(allowedOrigins: Set(configuration.allowedOrigins))
    )
    let group = router.group("v1")
    group.post("chat/completions", use: routes.complete)
    group.post("responses", use: routes.respond)
    group.get("models", use: routes.models)
    group.get("models/**", use: routes.model)
    for path in ["completions", "embeddings"] {
        group.post(RouterPath(path)) { _, _ -> Response in
            throw APIError(
                .notImplemented,
                "/v1/\(path) is not served here. Use /v1/chat/completions.",
                code: "not_implemented",
                headers: [.shouldRetry: "false"]
            )
        }
    }
}

/// The handlers of the routes.
struct CompletionRoutes: Sendable {
    let source: any TurnSource
    let configuration: CompletionConfiguration
    private let answers = OpenAnswers()

    init(source: any TurnSource, configuration: CompletionConfiguration) {
        self.source = source
        self.configuration = configuration
    }

    // MARK: Models

    @Sendable func models(_ request: Request, context: ServeContext) async throws -> Response {
        let models = await configuration.models().map(json)
        return Response(json: ["object": "list", "data": .array(models)])
    }

    @Sendable func model(_ request: Request, context: ServeContext) async throws -> Response {
        // As it was sent, since the name may have slashes, escaped or not.
        let path = request.uri.path.dropFirst("/v1/models/".count)
        return Response(json: json(for: try await known(path[...].percentDecoded)))
    }

    private func json(for name: String) -> JSONValue {
        [
            "id": .string(name), "object": "model", "created": .integer(configuration.created),
            "owned_by": "amaru",
        ]
    }

    private func known(_ name: String) async throws(APIError) -> String {
        let models = await configuration.models()
        guard models.contains(name) else { throw .unknownModel(name, known: models) }
        return name
    }

    // MARK: Answers

    @Sendable func complete(_ request: Request, context: ServeContext) async throws -> Response {
        let (request, body) = try await read(request)
        let asked = try CompletionRequest(body.json)
        let answer = try await open(asked, as: "chatcmpl-", body, request, context)
        let sender = AnswerSender(answer, request, silence: configuration.silence)
        guard asked.streams else {
            return await sender.whole(CompletionGatherer(answer.head, stop: asked.stop))
        }
        return await sender.stream(
            CompletionWriter(answer.head, stop: asked.stop, includesUsage: asked.includesUsage)
        )
    }

    @Sendable func respond(_ request: Request, context: ServeContext) async throws -> Response {
        let (request, body) = try await read(request)
        let asked = try ResponsesRequest(body.json)
        let answer = try await open(asked.completion, as: "resp_", body, request, context)
        let sender = AnswerSender(answer, request, silence: configuration.silence)
        let writer = ResponsesWriter(answer.head, echo: asked.echo)
        return asked.completion.streams
            ? await sender.stream(writer) : await sender.whole(ResponsesGatherer(writer))
    }

    /// Opens the turn of a request, or returns that of one with the same key.
    private func open(
        _ asked: CompletionRequest,
        as prefix: String,
        _ body: Body,
        _ request: Request,
        _ context: ServeContext
    ) async throws -> OpenAnswer {
        let model = try await known(asked.model)
        if asked.wantsFormat, await !source.readsRequests() {
            throw APIError.invalid(
                "The script does not read formats. Leave response_format out.",
                param: "response_format"
            )
        }
        let key = request.headers[.idempotencyKey].map { "\(context.owner) \(prefix) \($0)" }
        let question = ServedQuestion(
            question: asked.messages.question,
            history: asked.messages.history,
            attachments: asked.messages.attachments,
            request: asked.request,
            owner: context.owner
        )
        do {
            return try await answers.answer(key: key, fingerprint: body.bytes.hashValue) {
                let turn = try await source.open(question)
                let created = Int(Date().timeIntervalSince1970)
                let id = prefix + Identifier.random()
                return OpenAnswer(
                    head: CompletionHead(id: id, created: created, model: model),
                    turn: turn
                )
            }
        } catch let busy as TurnsBusy {
            throw APIError.busy(retryAfter: busy.retryAfter)
        }
    }

    private struct Body {
        let bytes: [UInt8]
        let json: JSONValue
    }

    /// Collects a request's body into it, and reads that.
    private func read(_ request: Request) async throws -> (Request, Body) {
        let type = request.headers[.contentType]?.split(separator: ";").first
        guard type?.lowercased().trimmingPrefix(" ") == "application/json" else {
            let message = "The body must be JSON: send it as application/json."
            throw APIError(.unsupportedMediaType, message)
        }
        var request = request
        let bytes: [UInt8]
        do {
            bytes = Array(buffer: try await request.collectBody(upTo: configuration.bodyLimit))
        } catch is NIOTooManyBytesError {
            throw APIError(
                .contentTooLarge,
                "The body has more than \(configuration.bodyLimit) bytes."
            )
        }
        do {
            return (request, Body(bytes: bytes, json: try JSONParser.parse(bytes)))
        } catch {
            throw APIError.invalid("The body is not JSON that can be read: \(error.message).")
        }
    }
}
