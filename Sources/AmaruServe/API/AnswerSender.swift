// Sends an answer: whole, or piece by piece as it comes.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
import AmaruEnvironment
import HTTPTypes
import Hummingbird

/// Sends one answer to the client that asked; a client that goes takes its turn with it.
struct AnswerSender: Sendable {
    private let feed: TurnFeed

    /// Begins to read the answer.
    ///
    /// - Parameters:
    ///   - answer: The answer.
    ///   - silence: How long to wait before saying that the answer still comes.
    ///   - endings: Set when the client has gone, or the server ends.
    init(_ answer: OpenAnswer, silence: Duration, until endings: [AsyncValue<Void>]) {
        feed = TurnFeed(
            answer.turn,
            owns: !answer.isRepeated,
            patience: silence,
            until: endings
        )
    }

    // MARK: Whole

    /// The response once the answer is there.
    func whole(_ writer: some AnswerWriter) async -> Response {
        var writer = writer
        var end = TurnEnd.cancelled
        defer { feed.stop() }
        do {
            try await feed.each { item in
                switch item {
                case .events(let events): for event in events { _ = writer.take(event) }
                case .silence: break
                case .end(let reached): end = reached
                }
                return !writer.wantsNoMore
            }
            return Response(json: try writer.whole(end))
        } catch {
            return (error as? RequestError ?? .stopped).response(for: .model)
        }
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
            return fault.response(for: .model)
        }
        return Response(events: { [writer, opening, end] out in
            defer { feed.stop() }
            try await send(opening, end, writer, to: out)
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
