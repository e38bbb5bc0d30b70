// A turn as server-sent events.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruChat
import AmaruEnvironment
import AmaruStore
import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOCore

/// What one page gets of one turn, from where it left off to the end.
///
/// https://html.spec.whatwg.org/multipage/server-sent-events.html
struct EventStream: Sendable {
    /// The least time between two messages: what comes faster gathers.
    private static let pace = Duration.milliseconds(40)
    /// How often a stream looks at the time.
    private static let tick = Duration.seconds(5)
    /// After how many ticks of silence a comment keeps proxies from closing the connection.
    private static let silentTicks = 3

    let id: Int64
    let source: FollowedTurn
    let from: EventPlace
    let ending: AsyncValue<Void>

    func response(to request: Request) -> Response {
        Response(
            status: .ok,
            headers: [
                .contentType: "text/event-stream; charset=utf-8",
                .cacheControl: "no-cache, no-transform",
                .accelBuffering: "no",
                // The connection is closed after a stream in any case.
                .connection: "close",
            ],
            body: ResponseBody { writer in
                let writer = EventWriter(writer, turn: id)
                // Nothing else tells that the page has gone.
                try await request.body.consumeWithCancellationOnInboundClose { _ in
                    try await write(to: writer)
                }
            }
        )
    }

    // MARK: Writing

    private func write(to writer: EventWriter) async throws {
        switch source {
        case .live(let live): try await follow(live, writer)
        case .stored(let turn, let log):
            try await writer.begin()
            var shown = AnswerStream(turn, log: log)
            // The numbers that the page knows are those of a log that is gone.
            if from != .beginning { try await writer.write([.reset]) }
            // Another process answers: the page connects again for more.
            try await writer.write(shown.changes(), then: source.isOver ? .end : .beginning)
        }
        try await writer.finish()
    }

    /// Writes what is added to a turn, until it ends, the page goes, or the server ends.
    private func follow(_ live: LiveTurn, _ writer: EventWriter) async throws {
        try await writer.begin()
        let (stream, position) = try await start(live, writer)
        let viewer = live.turn.watch(from: position)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await send(live, viewer, stream, writer) }
            group.addTask {
                try await ending.wait()
                // More than once: it may have come a moment before the viewer waits.
                while !Task.isCancelled {
                    viewer.nudge()
                    try await Task.sleep(for: Self.pace)
                }
            }
            group.addTask {
                while !Task.isCancelled {
                    try await Task.sleep(for: Self.tick)
                    writer.tick()
                    viewer.nudge()
                }
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    /// What the page knows already, or the whole again if that cannot be told.
    private func start(
        _ live: LiveTurn,
        _ writer: EventWriter
    ) async throws -> (AnswerStream, position: Int) {
        var stream = AnswerStream()
        if case .after(let position) = from, let known = live.turn.events(before: position) {
            for event in known { stream.take(event) }
            stream.skip()
            return (stream, position)
        }
        if from != .beginning { try await writer.write([.reset]) }
        return (stream, 0)
    }

    private func send(
        _ live: LiveTurn,
        _ viewer: TurnViewer,
        _ start: AnswerStream,
        _ writer: EventWriter
    ) async throws {
        var stream = start
        var earliest = ContinuousClock.now
        while true {
            if ending.current != nil, live.turn.end == nil {
                return try await writer.write([.status("the server is ending")])
            }
            switch try await viewer.next() {
            case .events(let events, let next):
                let start = ContinuousClock.now
                for event in events { stream.take(event) }
                let changes = stream.changes()
                // A block that is long takes its time: no viewer takes most of a core for it.
                let rest = start.duration(to: .now) * 4
                try await writer.write(changes, then: .after(next))
                earliest = .now + max(Self.pace, rest)
            case .end(let end):
                stream.finish(end, after: live.time)
                return try await writer.write(stream.changes(), then: .end)
            case .nothing where writer.silence >= Self.silentTicks:
                try await writer.comment()
            case .nothing: break
            }
            if live.turn.end == nil, earliest > .now {
                try await Task.sleep(until: earliest, clock: .continuous)
            }
        }
    }
}

extension FollowedTurn {
    /// Whether nothing is added any more.
    var isOver: Bool {
        switch self {
        case .live(let live): live.turn.end != nil
        case .stored(let turn, _): turn.state != .running
        }
    }
}
