// The messages that all who follow a turn are sent.
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing

@testable import AmaruServe

@Suite struct MessageLogTests {
    @Test func `Who has joined gets each message once, and the end last`() {
        var log = MessageLog()
        #expect(log.place(of: 0) == .joined(0))
        #expect(log.next(0) == nil)
        log.add(ByteBuffer(string: "a"), position: 3)
        log.add(ByteBuffer(), position: 5)
        log.finish(ByteBuffer(string: "end"))
        log.add(ByteBuffer(string: "late"), position: 9)
        #expect(log.next(0) == .message(.init(bytes: ByteBuffer(string: "a"), position: 3)))
        #expect(log.next(1) == .message(.init(bytes: ByteBuffer(string: "end"), position: nil)))
        #expect(log.next(2) == .behind)
        #expect(log.place(of: 5) == .over)
    }

    @Test func `Who comes late or early is told what is between`() {
        var log = MessageLog()
        log.add(ByteBuffer(string: "a"), position: 3)
        log.add(ByteBuffer(), position: 5)
        #expect(log.place(of: 0) == .behind(5))
        #expect(log.place(of: 3) == .behind(5))
        #expect(log.place(of: 5) == .joined(1))
        #expect(log.place(of: 6) == nil)
    }

    @Test func `Messages above the limit are dropped, but never the last`() {
        var log = MessageLog(limit: 10)
        let long = ByteBuffer(repeating: 0, count: 100)
        for position in 1...4 { log.add(ByteBuffer(repeating: 0, count: 5), position: position) }
        #expect((0..<4).map { log.next($0) == .behind } == [true, false, false, false])
        log.add(long, position: 5)
        #expect(log.next(1) == .behind)
        #expect(log.next(4) == .message(.init(bytes: long, position: 5)))
        log.add(long, position: 6)
        #expect(log.next(4) == .behind)
    }

    @Test func `Who waits for a turn that is no longer rendered has to go on alone`() {
        var log = MessageLog()
        log.close()
        log.finish(ByteBuffer(string: "end"))
        #expect(log.next(0) == .behind)
        #expect(log.place(of: 7) == .over)
    }
}

@Suite(.timeLimit(.minutes(10))) struct FollowerTests {
    @Test func `Who is woken before they wait goes on at once, and once`() async {
        let follower = Follower()
        follower.wake()
        follower.wake()
        await follower.wait()
        async let woken: Void = follower.wait()
        follower.wake()
        await woken
        #expect(!follower.hasGone)
    }

    @Test func `Who has gone waits for nothing`() async {
        let follower = Follower()
        async let woken: Void = follower.wait()
        follower.leave()
        await woken
        follower.wake()
        for _ in 0..<3 { await follower.wait() }
        #expect(follower.hasGone)
        #expect(await MessageFeed().find(for: follower) { $0.count } == nil)
        let cancelled = Task { await Follower().wait() }
        cancelled.cancel()
        await cancelled.value
    }
}
