// A turn as server-sent events.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
import AmaruEnvironment
import AmaruStore
import Hummingbird

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
    /// Set when the page has gone.
    let disconnected: AsyncValue<Void>
    /// Set when the server ends.
    let ending: AsyncValue<Void>

    var response: Response { Response(events: { out in try await write(to: out) }) }

    // MARK: Writing

    private func write(to out: EventWriter) async throws {
        // At once, past what may gather small pieces on the way.
        try await out.write([ServerEvent(retry: 1000)])
        switch source {
        case .live(let live): try await follow(live, out)
        case .stored(let turn, let log):
            var shown = AnswerStream(turn, log: log)
            // The numbers that the page knows are those of a log that is gone.
            let start = from == .beginning ? [] : [PageEvent.reset]
            // Another process answers: the page connects again for more.
            let end = source.isOver ? EventPlace.end : .beginning
            try await out.write(events(start + shown.changes(), then: end))
        }
    }

    /// The events; behind the last one the page knows all up to a place.
    private func events(
        _ events: [PageEvent],
        then place: EventPlace = .beginning
    ) -> [ServerEvent] {
        var sent = events.map(\.sent)
        if !sent.isEmpty { sent[sent.count - 1].id = place.id(of: id) }
        return sent
    }

    /// Writes what is added to a turn, until it ends, the page goes, or the server ends.
    private func follow(_ live: LiveTurn, _ out: EventWriter) async throws {
        let (stream, position) = try await start(live, out)
        let viewer = live.turn.watch(from: position)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await send(live, viewer, stream, out) }
            group.addTask { try await disconnected.wait() }
            group.addTask {
                try await ending.wait()
                // More than once: it may have come a moment before the viewer waits.
                while true {
                    viewer.nudge()
                    try await Task.sleep(for: Self.pace)
                }
            }
            group.addTask {
                while true {
                    try await Task.sleep(for: Self.tick)
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
        _ out: EventWriter
    ) async throws -> (AnswerStream, position: Int) {
        var stream = AnswerStream()
        if case .after(let position) = from, let known = live.turn.events(before: position) {
            for event in known { stream.take(event) }
            stream.skip()
            return (stream, position)
        }
        if from != .beginning { try await out.write(events([.reset])) }
        return (stream, 0)
    }

    private func send(
        _ live: LiveTurn,
        _ viewer: TurnViewer,
        _ start: AnswerStream,
        _ out: EventWriter
    ) async throws {
        var stream = start
        var earliest = ContinuousClock.now
        var silence = 0
        while true {
            if ending.current != nil, live.turn.end == nil {
                return try await out.write(events([.status("the server is ending")]))
            }
            switch try await viewer.next() {
            case .events(let taken, let next):
                let start = ContinuousClock.now
                for event in taken { stream.take(event) }
                let changes = stream.changes()
                // A block that is long takes its time: no viewer takes most of a core for it.
                let rest = start.duration(to: .now) * 4
                try await out.write(events(changes, then: .after(next)))
                earliest = .now + max(Self.pace, rest)
                silence = 0
            case .end(let end):
                stream.finish(end, after: live.time)
                return try await out.write(events(stream.changes(), then: .end))
            case .nothing:
                silence += 1
                guard silence == Self.silentTicks else { break }
                try await out.write([.comment])
                silence = 0
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
