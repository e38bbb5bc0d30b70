// A turn of this process as bytes on the wire.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
import NIOCore

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Renders a turn from some position on.
///
/// An object, because a task keeps the memory of the largest values it has ever held, and a server
/// has thousands of tasks that wait.
final class TurnRendering {
    private let live: LiveTurn
    private var stream = AnswerStream()
    /// The position that the page knew when it was made.
    private let start: Int
    /// The position up to which it knows the turn.
    private(set) var position = 0
    /// The bytes of the events before it.
    private(set) var size = 0
    /// How long to wait after what was taken last: a block that is long takes its time, and no turn
    /// most of a core for it.
    private(set) var rest = Duration.zero

    /// For pages that know nothing of the turn.
    init(of live: LiveTurn) {
        self.live = live
        start = 0
    }

    /// For a page that knows the turn up to a position; nil if its events are not all kept.
    ///
    /// - `isWanted`: Looked at again and again; the rendering is of no use without it.
    init?(of live: LiveTurn, before position: Int, while isWanted: () -> Bool) {
        self.live = live
        start = position
        guard position > 0 else { return }
        guard let known = live.turn.events(before: position) else { return nil }
        take(known, isWanted)
        self.position = position
        skip()
    }

    /// Whether nothing has been sent of it: it was made again.
    var isNew: Bool { position == start }

    /// Lets what may still change follow as a whole.
    func skip() { stream.skip() }

    private func take(_ events: [TurnEvent], _ isWanted: () -> Bool) {
        for event in events {
            guard isWanted() else { return }
            stream.take(event, while: isWanted)
            size += event.size
        }
    }

    /// What events change, up to a position, and then the end if it has one.
    ///
    /// - `isWanted`: Looked at again and again; what is returned, and the rendering, are of no use
    ///   without it.
    func take(
        _ events: [TurnEvent],
        to position: Int,
        then end: TurnEnd? = nil,
        while isWanted: () -> Bool = { true }
    ) -> ByteBuffer {
        let start = Self.processorTime
        defer { rest = (Self.processorTime - start) * 4 }
        take(events, isWanted)
        self.position = position
        if let end { stream.finish(end, after: live.time, while: isWanted) }
        guard isWanted() else { return ByteBuffer() }
        return stream.changes().bytes(of: live.id, then: end == nil ? .after(position) : .end)
    }

    /// What this thread has used; on a busy machine, the time of day would count the others too.
    private static var processorTime: Duration {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}
