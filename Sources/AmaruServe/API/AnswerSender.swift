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
    func whole(_ writer: some AnswerWriter) async -> Response {
        var writer = writer
        var end = TurnEnd.cancelled
        do {
            try await feed.each { item in
                switch item {
                case .events(let events): for event in events { _ = writer.take(event) }
                case .silence: break
                case .end(let reached): end = reached
                }
                return !writer.wantsNoMore
            }
            return respond(with: Response(json: try writer.whole(end)))
        } catch {
            return respond(with: (error as? RequestError ?? .stopped).response(for: .model))
        }
    }

    /// Sends a response that is there, watched to its end.
    private func respond(with response: Response) -> Response {
        feed.stop()
        var response = response
        let body = response.body
        response.headers[.connection] = "close"
        response.body = ResponseBody(contentLength: body.contentLength) { out in
            do { try await body.write(out) } catch {
                await finish()
                throw error
            }
            await finish()
        }
        return response
    }

    private func finish() async {
        feed.stop()
        await watch.end()
    }

    // MARK: Piece by piece

    /// The response as soon as there is something to send: a turn that fails before has a status.
    func stream(_ writer: some AnswerWriter) async -> Response {
        var writer = writer
        var opening: [ServerEvent] = []
        var end: TurnEnd?
        do {
            try await feed.each { item in
                switch item {
                case .events(let events):
                    opening += events.flatMap { writer.take($0) }
                    return opening.isEmpty && !writer.wantsNoMore
                case .silence: opening = [.comment]
                case .end(let reached): end = reached
                }
                return false
            }
        } catch {
            end = .cancelled
        }
        if opening.isEmpty, let end, let fault = writer.fault(end) {
            return respond(with: fault.response(for: .model))
        }
        return Response(events: { [writer, opening, end] out in
            do { try await send(opening, end, writer, to: out) } catch {
                await finish()
                throw error
            }
            await finish()
        })
    }

    // Not on the caller's actor: the writer is not, either.
    @concurrent private func send(
        _ opening: [ServerEvent],
        _ reached: TurnEnd?,
        _ writer: some AnswerWriter,
        to out: EventWriter
    ) async throws {
        var writer = writer
        var end = reached
        try await out.write(opening)
        if end == nil, !writer.wantsNoMore {
            do {
                try await feed.each { item in
                    switch item {
                    case .events(let events):
                        try await out.write(events.flatMap { writer.take($0) })
                    case .silence: try await out.write([.comment])
                    case .end(let reached): end = reached
                    }
                    return !writer.wantsNoMore
                }
            } catch is CancellationError {
                // The server ends; the client is told.
                end = .cancelled
            }
        }
        try await out.write(writer.finish(end ?? .cancelled))
    }
}
