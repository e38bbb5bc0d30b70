// Sends an answer: whole, or piece by piece as it comes.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
import AmaruEnvironment
import HTTPTypes
import Hummingbird

/// Sends one answer to the client that asked; a client that goes takes its turn with it.
struct AnswerSender: Sendable {
    private let turn: Turn
    private let feed: TurnFeed
    private let watch: ClientWatch

    /// Begins to read the answer.
    ///
    /// - Parameters:
    ///   - answer: The answer.
    ///   - request: The request, whose body has been collected into it.
    ///   - silence: How long to wait before saying that the answer still comes.
    ///   - ending: Set when the server ends.
    init(
        _ answer: OpenAnswer,
        _ request: Request,
        silence: Duration,
        ending: AsyncValue<Void>
    ) {
        let feed = TurnFeed(
            answer.turn,
            owns: !answer.isRepeated,
            patience: silence,
            until: ending
        )
        turn = answer.turn
        self.feed = feed
        watch = ClientWatch(request) { feed.stop() }
    }

    // MARK: Whole

    /// The response once the answer is there.
    func whole(_ gatherer: some AnswerGatherer) async -> Response {
        var gatherer = gatherer
        var end = TurnEnd.cancelled
        do {
            try await feed.each { item in
                switch item {
                case .events(let events): for event in events { gatherer.take(event) }
                case .silence: break
                case .end(let reached): end = reached
                }
                return !gatherer.wantsNoMore
            }
            return respond(with: Response(json: try gatherer.finish(end)))
        } catch {
            return respond(with: (error as? APIError ?? .stopped).response())
        }
    }

    /// Sends a response that is there, watched to its end.
    private func respond(with response: Response) -> Response {
        feed.stop()
        var response = response
        let body = response.body
        response.headers[.connection] = "close"
        response.body = ResponseBody(contentLength: body.contentLength) { [watch] out in
            do {
                try await body.write(out)
            } catch {
                await watch.end()
                throw error
            }
            await watch.end()
        }
        return response
    }

    // MARK: Piece by piece

    /// The response as soon as there is something to send: a turn that fails before has a status.
    func stream<Writer: AnswerWriter>(_ writer: Writer) async -> Response {
        var writer = writer
        var opening = ""
        var end: TurnEnd?
        do {
            try await feed.each { item in
                switch item {
                case .events(let events):
                    opening += Self.text(events.flatMap { writer.take($0) })
                    return opening.isEmpty && !writer.wantsNoMore
                case .silence: opening = ServerEvent.silence
                case .end(let reached): end = reached
                }
                return false
            }
        } catch {
            end = .cancelled
        }
        if opening.isEmpty, let end, let fault = writer.fault(end) {
            return respond(with: fault.response())
        }
        return Response(
            status: .ok,
            headers: [
                .contentType: "text/event-stream; charset=utf-8",
                .cacheControl: "no-cache, no-transform", .accelBuffering: "no",
                .connection: "close", .xContentTypeOptions: "nosniff",
            ],
            body: ResponseBody { [writer, opening, end] out in
                do {
                    try await send(opening, end, writer, to: &out)
                } catch {
                    feed.stop()
                    await watch.end()
                    throw error
                }
                feed.stop()
                await watch.end()
            }
        )
    }

    // Not on the caller's actor: the writer is not, either.
    @concurrent private func send(
        _ opening: String,
        _ reached: TurnEnd?,
        _ writer: some AnswerWriter,
        to out: inout any ResponseBodyWriter
    ) async throws {
        var writer = writer
        var end = reached
        if !opening.isEmpty { try await out.write(ByteBuffer(string: opening)) }
        if end == nil, !writer.wantsNoMore {
            do {
                try await feed.each { item in
                    switch item {
                    case .events(let events):
                        let text = Self.text(events.flatMap { writer.take($0) })
                        if !text.isEmpty { try await out.write(ByteBuffer(string: text)) }
                    case .silence: try await out.write(ByteBuffer(string: ServerEvent.silence))
                    case .end(let reached): end = reached
                    }
                    return !writer.wantsNoMore
                }
            } catch is CancellationError {
                // The server ends; the client is told.
                end = .cancelled
            }
        }
        let last = Self.text(writer.finish(end ?? .cancelled))
        if !last.isEmpty { try await out.write(ByteBuffer(string: last)) }
        try await out.finish(nil)
    }

    private static func text(_ events: [ServerEvent]) -> String {
        events.map(\.text).joined()
    }
}
