// The routes of /v1.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
package import AmaruEnvironment
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
///
/// - `source`: Opens the turns.
/// - `ending`: Set when the server ends, and with it the answers that are being made.
package func addCompletionRoutes(
    to router: Router<ServeContext>,
    source: any TurnSource,
    configuration: CompletionConfiguration,
    ending: AsyncValue<Void> = AsyncValue()
) {
    let routes = CompletionRoutes(source: source, configuration: configuration, ending: ending)
    router.add(middleware: CompletionMiddleware())
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
    let ending: AsyncValue<Void>
    private let answers = OpenAnswers()

    init(
        source: any TurnSource,
        configuration: CompletionConfiguration,
        ending: AsyncValue<Void>
    ) {
        self.source = source
        self.configuration = configuration
        self.ending = ending
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
        let (request, body) = try await read(request, context)
        let asked = try CompletionRequest(body.json)
        let answer = try await open(asked, as: "chatcmpl-", body, request, context)
        let sender = sender(of: answer, to: request)
        guard asked.streams else {
            return await sender.whole(CompletionGatherer(answer.head, stop: asked.stop))
        }
        return await sender.stream(
            CompletionWriter(answer.head, stop: asked.stop, includesUsage: asked.includesUsage)
        )
    }

    @Sendable func respond(_ request: Request, context: ServeContext) async throws -> Response {
        let (request, body) = try await read(request, context)
        let asked = try ResponsesRequest(body.json)
        let answer = try await open(asked.completion, as: "resp_", body, request, context)
        let sender = sender(of: answer, to: request)
        let writer = ResponsesWriter(answer.head, echo: asked.echo)
        return asked.completion.streams
            ? await sender.stream(writer) : await sender.whole(ResponsesGatherer(writer))
    }

    private func sender(of answer: OpenAnswer, to request: Request) -> AnswerSender {
        AnswerSender(answer, request, silence: configuration.silence, ending: ending)
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
            request: asked.request
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
    private func read(
        _ request: Request,
        _ context: ServeContext
    ) async throws -> (Request, Body) {
        var request = request
        // As a rule it is there already: the gate has seen to its type, its length and its time.
        let buffer = try await request.collectBody(upTo: context.maxUploadSize)
        let bytes = Array(buffer: buffer)
        do {
            return (request, Body(bytes: bytes, json: try JSONParser.parse(bytes)))
        } catch {
            throw APIError.invalid("The body is not JSON that can be read: \(error.message).")
        }
    }
}
