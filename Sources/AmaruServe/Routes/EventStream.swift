// A turn as server-sent events.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
import AmaruEnvironment
import AmaruStore
import Hummingbird
import NIOCore

/// What one page gets of one turn, from where it left off to the end.
///
/// https://html.spec.whatwg.org/multipage/server-sent-events.html
struct EventStream: Sendable {
    let id: Int64
    let source: FollowedTurn
    let from: EventPlace
    /// Leaves when the page has gone.
    let follower: Follower
    /// Set when the server ends.
    let ending: AsyncValue<Void>

    var response: Response { Response(events: { out in try await write(to: out) }) }

    // MARK: Writing

    func write(to out: EventWriter) async throws {
        // At once, past what may gather small pieces on the way.
        try await out.write([ServerEvent(retry: 1000)])
        switch source {
        case .live(let live): try await follow(live, out)
        case .stored: try await out.write(try await follower.rendering(stored))
        }
    }

    /// All that is stored of a turn.
    private func stored(while isWanted: () -> Bool) -> ByteBuffer {
        var shown = AnswerStream(source, while: isWanted)
        guard isWanted() else { return ByteBuffer() }
        // The numbers that the page knows are those of a log that is gone.
        let start = from == .beginning ? [] : [PageEvent.reset]
        // Another process answers: the page connects again for more.
        let end = source.isOver ? EventPlace.end : .beginning
        return (start + shown.changes()).bytes(of: id, then: end)
    }

    /// Writes what is added to a turn, until it ends, the page goes, or the server ends.
    ///
    /// All who follow get the same messages; who comes late, or has not taken them while they were
    /// kept, catches up first.
    private func follow(_ live: LiveTurn, _ out: EventWriter) async throws {
        let broadcast = live.broadcast(until: ending)
        var position = 0
        if case .after(let known) = from, known <= live.turn.count {
            position = known
        } else if from != .beginning {
            try await out.write([PageEvent.reset].bytes(of: id))
        }
        while var number = try await catchUp(live, broadcast, from: &position, out) {
            while case .message(let message) = await broadcast.find(
                for: follower,
                { [number] in $0.next(number) }
            ) {
                try await out.write(message.bytes)
                guard let behind = message.position else { return }
                (number, position) = (number + 1, behind)
            }
        }
    }

    /// Writes what a page misses of that which the others have.
    ///
    /// - Returns: The number of the next message for all; nil if nothing follows.
    private func catchUp(
        _ live: LiveTurn,
        _ broadcast: TurnBroadcast,
        from position: inout Int,
        _ out: EventWriter
    ) async throws -> Int? {
        while let place = await broadcast.find(
            for: follower,
            { [position] in $0.place(of: position) }
        ) {
            let (target, end): (Int, TurnEnd?)
            switch (place, live.turn.end) {
            case (.joined(let number), _): return number
            case (.behind(let head), _): (target, end) = (head, nil)
            case (.over, let reached?): (target, end) = (live.turn.count, reached)
            case (.over, nil):
                let status = PageEvent.status("the server is ending")
                try await out.write([status].bytes(of: id))
                return nil
            }
            let rest: Duration
            do {
                let part = broadcast.part(from: position, to: target, then: end) {
                    !follower.hasGone && !Task.isCancelled
                }
                try Task.checkCancellation()
                guard let part else {
                    try await out.write([PageEvent.reset].bytes(of: id))
                    position = 0
                    continue
                }
                (position, rest) = (part.next, part.rest)
                // It counts as untaken until it is written, and no longer.
                defer { withExtendedLifetime(part) {} }
                try await out.write(part.bytes)
            }
            if position == target, end != nil { return nil }
            if live.turn.end == nil { try await Task.sleep(for: rest) }
        }
        return nil
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
