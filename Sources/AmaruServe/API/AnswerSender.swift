// Sends an answer: whole, or piece by piece as it comes.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
import AmaruEnvironment
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

    /// The response once the answer is there.
    func whole(_ writer: any AnswerWriter) async -> Response {
        var writer = writer
        defer { feed.stop() }
        do {
            let end = try await read(&writer) { _ in true }
            return Response(json: try writer.whole(end ?? .cancelled))
        } catch {
            return (error as? RequestError ?? .stopped).response(for: .model)
        }
    }

    /// The response as soon as there is something to send: a turn that fails before has a status.
    func stream(_ writer: any AnswerWriter) async throws -> Response {
        var writer = writer
        var opening: [ServerEvent] = []
        let end = try await read(&writer) { events in
            opening += events
            return opening.isEmpty
        }
        if opening.isEmpty, let end, let fault = writer.fault(end) {
            return fault.response(for: .model)
        }
        return Response(events: { [writer, opening] out in
            defer { feed.stop() }
            try await send(opening, end, writer, to: out)
        })
    }

    private func send(
        _ opening: [ServerEvent],
        _ reached: TurnEnd?,
        _ writer: any AnswerWriter,
        to out: EventWriter
    ) async throws {
        var writer = writer
        var end = reached
        try await out.write(opening)
        if end == nil, !writer.wantsNoMore {
            end = try await read(&writer) { events in
                try await out.write(events)
                return true
            }
        }
        try await out.write(writer.finish(end ?? .cancelled))
    }

    /// Reads on until `take` returns false, the writer wants no more, or the turn has ended.
    ///
    /// - Returns: The turn's end, if it has been reached.
    @concurrent private func read(
        _ writer: inout any AnswerWriter,
        _ take: @concurrent ([ServerEvent]) async throws -> Bool
    ) async throws -> TurnEnd? {
        var end: TurnEnd?
        do {
            try await feed.each { item in
                switch item {
                case .events(let events):
                    let goesOn = try await take(events.flatMap { writer.take($0) })
                    return goesOn && !writer.wantsNoMore
                case .silence: return try await take([.comment])
                case .end(let reached):
                    end = reached
                    return false
                }
            }
        } catch is CancellationError {
            // The server ends; the client is told.
            end = .cancelled
        }
        return end
    }
}
