// What rendering costs, and when it stops.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
import AmaruEnvironment
import AmaruStore
import NIOCore
import Testing

@testable import AmaruServe

@Suite(.timeLimit(.minutes(5))) struct RenderingTests {
    // MARK: The end

    @Test func `Rendering stops when its client goes`() async {
        let client = Follower()
        let begun = AsyncValue<Void>()
        let task = Task { try await Self.endless(client, begun) }
        try? await begun.wait()
        client.leave()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test func `Rendering stops when its task is cancelled`() async {
        let begun = AsyncValue<Void>()
        let task = Task { try await Self.endless(Follower(), begun) }
        try? await begun.wait()
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    private static func endless(_ client: Follower, _ begun: AsyncValue<Void>) async throws {
        try await client.rendering { isWanted in
            begun.set(())
            while isWanted() {}
        }
    }

    @Test func `A text that nobody waits for is not read on`() {
        let text = String(repeating: "a\n\n", count: 100_000)
        var looks = 0
        var stream = AnswerStream()
        stream.take(.text(text)) {
            looks += 1
            return looks <= 10
        }
        #expect(stream.blocks.count < 10_000)
    }

    @Test func `Nor is it read again for the links that are defined below`() {
        let text = String(repeating: "[a]\n\n", count: 2000) + "[a]: https://b.test\n"
        for limit in [10, .max] {
            var looks = 0
            var stream = AnswerStream()
            stream.take(.text(text))
            stream.finish(.cancelled) {
                looks += 1
                return looks <= limit
            }
            #expect((stream.blocks.count < 2000) == (limit == 10))
        }
    }

    @Test func `A turn that nobody waits for is not read on`() {
        let log = (0..<1000).map { StoredEvent(seq: $0, kind: "text", data: "a\n\n", time: 0) }
        var turn = StoredTurn(parent: nil, question: "q", model: "m", at: 0)
        turn.state = .finished
        var looks = 0
        let stream = AnswerStream(turn, log: log) {
            looks += 1
            return looks <= 10
        }
        #expect(stream.blocks.count < 20)
        #expect(AnswerStream(turn, log: log).blocks.count == 1000)
    }

    // MARK: Pages that come late

    @Test func `A page that comes late is sent long code once`() throws {
        let live = Self.open()
        try live.turn.add(.text("```swift\n"))
        let line = String(repeating: "x", count: 4095) + "\n"
        for _ in 0..<256 { try live.turn.add(.text(line)) }
        live.turn.end(.finished(reason: "stop"))
        let sizes = try Self.parts(of: live, for: 1)
        #expect(sizes.count > 4)
        let sent = sizes.reduce(0, +)
        #expect(sent > 1 << 20)
        #expect(sent < 2 << 20, "\(sent)")
    }

    /// More than is kept for both of them.
    @Test func `Pages that come late by turns do not have all rendered for each part`() throws {
        let live = Self.open()
        let thought = String(repeating: "x", count: 16 << 10)
        for _ in 0..<512 { try live.turn.add(.reasoning(thought)) }
        live.turn.end(.finished(reason: "stop"))
        // Those that are kept, at the start.
        #expect(try Self.parts(of: live, for: 2).count < 2 * 60)
        #expect(try Self.parts(of: live, for: 1).count > 100)
    }

    @Test func `Parts that pages do not take have a bound in all`() throws {
        let live = Self.open()
        let thought = String(repeating: "x", count: 16 << 10)
        for _ in 0..<512 { try live.turn.add(.reasoning(thought)) }
        let broadcast = live.broadcast(until: AsyncValue())
        func part() throws -> TurnBroadcast.Part {
            try #require(broadcast.part(from: 256, to: 512, then: nil) { true })
        }
        var parts: [TurnBroadcast.Part] = []
        for _ in 0..<20 { parts.append(try part()) }
        #expect(parts[0].bytes.readableBytes > 2 << 20)
        let size = parts.reduce(0) { $0 + $1.bytes.readableBytes }
        #expect(size < 7 << 20, "\(size)")
        parts = []
        #expect(try part().bytes.readableBytes > 2 << 20)
    }

    /// The sizes of the parts that pages get of a turn that has ended, one for each by turns.
    private static func parts(of live: LiveTurn, for pages: Int) throws -> [Int] {
        let broadcast = live.broadcast(until: AsyncValue())
        var places = Array(repeating: 0, count: pages)
        var sizes: [Int] = []
        while let page = places.indices.min(by: { places[$0] < places[$1] }),
            places[page] < live.turn.count
        {
            let part = try #require(
                broadcast.part(
                    from: places[page],
                    to: live.turn.count,
                    then: live.turn.end
                ) { true }
            )
            places[page] = part.next
            sizes.append(part.bytes.readableBytes)
        }
        return sizes
    }

    private static func open() -> LiveTurn {
        let stored = StoredTurn(parent: nil, question: "q", model: "m", at: 0)
        let request = RequestKey(owner: "o", conversation: "c", name: "1")
        return LiveTurn(stored, Turn.remote(isOwned: false), in: "c", request)
    }
}
