// Pages that follow one turn, at their own speed.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruChat
import AmaruEnvironment
import AmaruStore
import HTTPTypes
import Hummingbird
import NIOCore
import Testing

@testable import AmaruServe

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

@Suite(.timeLimit(.minutes(5))) struct EventStreamTests {
    @Test func `Pages that follow a turn get the same bytes`() async throws {
        let live = Self.open()
        let pages = (0..<3).map { _ in SlowBody() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for page in pages { group.addTask { try await Self.follow(live, page) } }
            for number in 0..<50 {
                try live.turn.add(.text("\(number) *word*\n\n"))
                await Task.yield()
            }
            live.turn.end(.finished(reason: "stop"))
            try await group.waitForAll()
        }
        let sent = pages.map(\.sent)
        #expect(sent.allSatisfy { $0 == sent[0] })
        #expect(pages[0].page.blocks.count == 50)
    }

    @Test func `A page that takes nothing for long is shown all, and nothing twice`() async throws {
        let live = Self.open()
        let (fast, slow) = (SlowBody(), SlowBody())
        try await withThrowingTaskGroup(of: Void.self) { group in
            for page in [fast, slow] { group.addTask { try await Self.follow(live, page) } }
            try live.turn.add(.reasoning("\u{1F600} begun "))
            while slow.page.reasoning.isEmpty { await Task.yield() }
            slow.stall()
            // More than is kept for those who come late.
            for number in 0..<12 {
                try live.turn.add(.reasoning(String(repeating: "\(number)", count: 50_000)))
                try live.turn.add(.text("\(number)\n\n```\n\(number)"))
                try live.turn.add(.text("\n```\n\n"))
                while fast.page.blocks.count < 2 * (number + 1) {
                    await Task.yield()
                }
            }
            slow.goOn()
            while slow.page.blocks.count < 24 { await Task.yield() }
            live.turn.end(.cancelled)
            try await group.waitForAll()
        }
        let (first, second) = (fast.page, slow.page)
        #expect(first.gaps == 0 && second.gaps == 0)
        #expect(first.repeats == 0 && second.repeats == 0)
        #expect(second.reasoning == first.reasoning)
        #expect(second.blocks == first.blocks)
        #expect(second.end == "stopped")
    }

    @Test func `A turn that nobody follows is not rendered`() async throws {
        let live = Self.open()
        weak var broadcast: TurnBroadcast?
        do {
            let follower = Follower()
            let following = Task { try await Self.follow(live, SlowBody(), as: follower) }
            let made = live.broadcast(until: AsyncValue())
            broadcast = made
            #expect(live.broadcast(until: AsyncValue()) === made)
            follower.leave()
            try await following.value
        }
        #expect(broadcast == nil)
    }

    @Test func `Renderings of pages that take nothing are not all kept`() throws {
        let live = Self.open()
        let broadcast = live.broadcast(until: AsyncValue())
        let file = Attachment(name: "a", mediaType: "text/plain", bytes: Data(count: 9 << 20))
        let renderings = try (1...2).map { position in
            let rendering = try #require(broadcast.rendering(before: 0))
            _ = rendering.take([.attachment(file)], to: position)
            broadcast.keep(rendering)
            return rendering
        }
        #expect(broadcast.rendering(before: 2) === renderings[1])
        #expect(broadcast.rendering(before: 2) == nil)
        #expect(broadcast.rendering(before: 1) == nil)
    }

    private static func open() -> LiveTurn {
        let stored = StoredTurn(parent: nil, question: "q", model: "m", at: 0)
        let request = RequestKey(owner: "o", conversation: "c", name: "1")
        return LiveTurn(stored, Turn.remote(isOwned: false), in: "c", request)
    }

    private static func follow(
        _ live: LiveTurn,
        _ body: SlowBody,
        as follower: Follower = Follower()
    ) async throws {
        let stream = EventStream(
            id: live.id,
            source: .live(live),
            from: .beginning,
            follower: follower,
            ending: AsyncValue()
        )
        try await stream.write(to: EventWriter(body))
    }
}

/// A page that takes what is written, and can stall.
private final class SlowBody: ResponseBodyWriter, Sendable {
    private struct State {
        var sent: [UInt8] = []
        var reader = EventReader()
        var page = FollowedPage()
        /// Set when it goes on.
        var room: AsyncValue<Void>?
    }

    private let state = Lock(State())

    var sent: [UInt8] { state.withLock { $0.sent } }
    var page: FollowedPage { state.withLock { $0.page } }

    func stall() { state.withLock { $0.room = AsyncValue() } }

    func goOn() {
        let room = state.withLock { state in
            defer { state.room = nil }
            return state.room
        }
        room?.set(())
    }

    func write(_ buffer: ByteBuffer) async throws {
        let room = try state.withLock { state in
            state.sent += buffer.readableBytesView
            for event in state.reader.take(Array(buffer.readableBytesView)) {
                _ = try state.page.take(event)
            }
            return state.room
        }
        try await room?.wait()
    }

    func finish(_: HTTPFields?) async throws {}
}
