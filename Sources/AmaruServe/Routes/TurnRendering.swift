// A turn of this process as bytes on the wire.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
import NIOCore

/// Renders a turn from some position on.
///
/// An object, because a task keeps the memory of the largest values it has ever held, and a server
/// has thousands of tasks that wait.
final class TurnRendering {
    private let live: LiveTurn
    private var stream = AnswerStream()
    /// The position up to which it knows the turn.
    private(set) var position = 0
    /// The bytes of the events before it.
    private(set) var size = 0

    /// For pages that know nothing of the turn.
    init(of live: LiveTurn) { self.live = live }

    /// For a page that knows the turn up to a position; nil if its events are not all kept.
    init?(of live: LiveTurn, before position: Int) {
        self.live = live
        guard position > 0 else { return }
        guard let known = live.turn.events(before: position) else { return nil }
        take(known)
        self.position = position
        skip()
    }

    /// Lets what may still change follow as a whole.
    func skip() { stream.skip() }

    private func take(_ events: [TurnEvent]) {
        for event in events {
            stream.take(event)
            size += event.size
        }
    }

    /// What events change, up to a position, and then the end if it has one.
    func take(_ events: [TurnEvent], to position: Int, then end: TurnEnd? = nil) -> ByteBuffer {
        take(events)
        self.position = position
        if let end { stream.finish(end, after: live.time) }
        return stream.changes().bytes(of: live.id, then: end == nil ? .after(position) : .end)
    }
}
