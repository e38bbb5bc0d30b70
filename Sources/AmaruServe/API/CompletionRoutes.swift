// The routes of /v1.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
package import AmaruEnvironment
import AmaruHTTP
import HTTPTypes
package import Hummingbird

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
    let group = router.group("v1").add(middleware: PacedBodies())
    group.post("chat/completions", use: routes.complete)
    group.post("responses", use: routes.respond)
    group.get("models", use: routes.models)
    group.get("models/**", use: routes.model)
    for path in ["completions", "embeddings"] {
        group.post(RouterPath(path)) { _, _ -> Response in
            throw RequestError.final(
                .notImplemented,
                "not_implemented",
                "/v1/\(path) is not supported: use /v1/chat/completions"
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
        let models = await configuration.models()
        return Response(json: json(for: try known(path[...].percentDecoded, in: models)))
    }

    private func json(for name: String) -> JSONValue {
        [
            "id": .string(name), "object": "model", "created": .integer(configuration.created),
            "owned_by": "amaru",
        ]
    }

    private func known(_ name: String, in models: [String]) throws(RequestError) -> String {
        guard models.contains(name) else {
            throw RequestError(
                .notFound,
                "model_not_found",
                "the model '\(name)' does not exist; available: \(models.joined(separator: ", "))",
                param: "model"
            )
        }
        return name
    }

    // MARK: Answers

    @Sendable func complete(_ request: Request, context: ServeContext) async throws -> Response {
        let asked = try await RequestBodies.working(on: context.bodySize) { [json = context.json] in
            try CompletionRequest(json)
        }
        let answer = try await open(asked, as: "chatcmpl-", request, context)
        let sender = sender(of: answer, context)
        let writer = CompletionWriter(
            answer.head,
            stop: asked.stop,
            isFormatted: asked.wantsFormat,
            streams: asked.streams,
            includesUsage: asked.includesUsage
        )
        return asked.streams ? try await sender.stream(writer) : await sender.whole(writer)
    }

    @Sendable func respond(_ request: Request, context: ServeContext) async throws -> Response {
        let asked = try await RequestBodies.working(on: context.bodySize) { [json = context.json] in
            try ResponsesRequest(json)
        }
        let answer = try await open(asked.completion, as: "resp_", request, context)
        let sender = sender(of: answer, context)
        let writer = ResponsesWriter(
            answer.head,
            isFormatted: asked.completion.wantsFormat,
            echo: asked.echo
        )
        return asked.completion.streams
            ? try await sender.stream(writer) : await sender.whole(writer)
    }

    private func sender(of answer: OpenAnswer, _ context: ServeContext) -> AnswerSender {
        AnswerSender(
            answer,
            silence: configuration.silence,
            until: [ending, context.disconnection()]
        )
    }

    /// Opens the turn of a request, or returns that of one with the same key.
    private func open(
        _ asked: CompletionRequest,
        as prefix: String,
        _ request: Request,
        _ context: ServeContext
    ) async throws -> OpenAnswer {
        let models = await configuration.models()
        let model = try known(asked.model, in: models)
        if asked.wantsFormat, await !source.readsRequests() {
            throw RequestError.invalid(
                "response_format is not supported by the script",
                param: "response_format"
            )
        }
        let key = request.headers[.idempotencyKey].map { prefix + $0 }
        let question = ServedQuestion(
            question: asked.messages.question,
            history: asked.messages.history,
            attachments: asked.messages.attachments,
            request: asked.request,
            model: models.first == model ? nil : model
        )
        let fingerprint = key == nil ? 0 : context.json?.description.hashValue ?? 0
        return try await answers.answer(
            key: key,
            owner: context.owner,
            fingerprint: fingerprint
        ) {
            let turn = try await source.open(question, owner: context.owner)
            let created = Int(Date().timeIntervalSince1970)
            let id = prefix + AccessTokens.random()
            return OpenAnswer(
                head: CompletionHead(id: id, created: created, model: model),
                turn: turn
            )
        }
    }
}
