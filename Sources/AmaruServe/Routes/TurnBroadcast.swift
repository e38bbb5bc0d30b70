// One rendering of a turn for all who follow it.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruChat
import AmaruEnvironment
import NIOCore

/// Renders a turn of this process once, from its beginning, for all pages that follow it.
///
/// It goes on as long as somebody holds it, until the turn or the server ends.
final class TurnBroadcast: Sendable {
    /// The least time between two messages: what comes faster gathers.
    private static let pace = Duration.milliseconds(40)
    /// After this long, or twice as long, a comment keeps proxies from closing silent connections.
    private static let silence = Duration.seconds(10)
    /// The bytes of events up to which renderings of pages that catch up are kept.
    private static let catchingUp = 4 << 20

    private let live: LiveTurn
    private let feed = MessageFeed()
    /// The renderings of pages that catch up, the oldest first.
    private let kept = Lock<[TurnRendering]>([])
    /// The bytes of the events of long parts that pages have not taken yet.
    private let untaken = Lock(0)
    private let rendering: Task<Void, Never>

    /// - `ending`: Set when the server ends.
    init(of live: LiveTurn, until ending: AsyncValue<Void>) {
        self.live = live
        // Not this object: it would never go.
        rendering = Task.detached { [feed] in
            await withTaskGroup(of: Void.self) { group in
                group.addTask { try? await Self.render(live, to: feed) }
                group.addTask { try? await ending.wait() }
                group.addTask { try? await Self.comment(to: feed) }
                await group.next()
                group.cancelAll()
            }
            feed.change { $0.close() }
        }
    }

    deinit { rendering.cancel() }

    /// Waits until there is something to find among the messages; nil if the follower has gone.
    func find<Found>(
        for follower: Follower,
        _ look: (MessageLog) -> Found?
    ) async -> Found? {
        await feed.find(for: follower, look)
    }

    /// A part of what a page misses, with the end after it if it has one.
    struct Part {
        let bytes: ByteBuffer
        /// The position that the page comes to.
        let next: Int
        /// How long to wait before the next part.
        let rest: Duration
        /// What counts a long part among those that pages have not taken yet.
        fileprivate let claim: Claim?
    }

    /// Reserves the memory of a long part until it is released.
    fileprivate final class Claim: Sendable {
        private let count: Lock<Int>
        private let bytes: Int

        private init(_ bytes: Int, in count: Lock<Int>) {
            (self.count, self.bytes) = (count, bytes)
        }

        /// Nil if so many pages take their time that there is no room for more.
        static func reserve(_ bytes: Int, limit: Int, in count: Lock<Int>) -> Claim? {
            let fits = count.withLock { count in
                guard count == 0 || count + bytes <= limit else { return false }
                count += bytes
                return true
            }
            return fits ? Claim(bytes, in: count) : nil
        }

        deinit { count.withLock { [bytes] in $0 -= bytes } }
    }

    /// Renders a part of what a page misses up to a target; nil if it can't go on from where it is.
    ///
    /// - `isWanted`: Looked at again and again; the part is empty without it.
    func part(
        from position: Int,
        to target: Int,
        then end: TurnEnd?,
        while isWanted: () -> Bool
    ) -> Part? {
        guard let rendering = rendering(before: position, while: isWanted) else { return nil }
        // As long as what was rendered again for it, about: else a long answer would be, for each
        // part of it. Only if the other pages take theirs: it stays in memory until then.
        let wanted = rendering.isNew ? rendering.size / 2 : 0
        let claim = wanted > 0 ? Claim.reserve(wanted, limit: Self.catchingUp, in: untaken) : nil
        let least = claim == nil ? 0 : wanted
        var (events, next) = live.turn.events(from: position, to: target)
        var size = events.reduce(0) { $0 + $1.size }
        while size < least, next < target {
            let (more, end) = live.turn.events(from: next, to: target)
            events += more
            size += more.reduce(0) { $0 + $1.size }
            next = end
        }
        let isLast = next == target
        let bytes = rendering.take(events, to: next, then: isLast ? end : nil, while: isWanted)
        guard isWanted() else { return Part(bytes: bytes, next: position, rest: .zero, claim: nil) }
        if !isLast { keep(rendering) }
        return Part(bytes: bytes, next: next, rest: rendering.rest, claim: claim)
    }

    /// The rendering for a page that knows the turn up to a position; nil if that can't be told.
    func rendering(
        before position: Int,
        while isWanted: () -> Bool = { true }
    ) -> TurnRendering? {
        let kept = kept.withLock { kept in
            kept.firstIndex { $0.position == position }.map { kept.remove(at: $0) }
        }
        return kept ?? TurnRendering(of: live, before: position, while: isWanted)
    }

    /// Keeps a rendering for when its page has taken what was sent.
    ///
    /// A page that takes nothing for long holds no rendering: it is made again.
    func keep(_ rendering: TurnRendering) {
        // What the next page to take it has been sent last may have been cut.
        rendering.skip()
        kept.withLock { kept in
            kept.append(rendering)
            var size = kept.reduce(0) { $0 + $1.size }
            while size > Self.catchingUp, kept.count > 1 { size -= kept.removeFirst().size }
        }
    }

    private static func render(_ live: LiveTurn, to feed: MessageFeed) async throws {
        let viewer = live.turn.watch(from: 0)
        let rendering = TurnRendering(of: live)
        while true {
            switch try await viewer.next() {
            case .events(let events, let position):
                let bytes = rendering.take(events, to: position) { !Task.isCancelled }
                try Task.checkCancellation()
                feed.change { $0.add(bytes, position: position) }
            case .end(let end):
                let position = rendering.position
                let bytes = rendering.take([], to: position, then: end) { !Task.isCancelled }
                try Task.checkCancellation()
                return feed.change { $0.finish(bytes) }
            }
            if live.turn.end == nil { try await Task.sleep(for: max(pace, rendering.rest)) }
        }
    }

    private static func comment(to feed: MessageFeed) async throws {
        while true {
            let count = feed.count
            try await Task.sleep(for: silence)
            feed.change { log in
                guard log.count == count else { return }
                log.add([ServerEvent.comment].bytes, position: log.position)
            }
        }
    }
}
