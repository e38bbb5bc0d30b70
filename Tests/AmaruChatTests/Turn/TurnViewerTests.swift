// A viewer that knows its place.
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AmaruChat

@Suite(.timeLimit(.minutes(5))) struct TurnViewerTests {
    @Test func `A viewer is told the position behind what it gets, and goes on from there`()
        async throws
    {
        let turn = Turn(isOwned: false)
        for text in ["a", "b"] { try turn.add(.text(text)) }
        try turn.add(.reasoning("c"))
        let viewer = turn.watch(from: 0)
        #expect(try await viewer.next() == .events([.text("ab"), .reasoning("c")], next: 3))
        try turn.add(.text("d"))
        #expect(try await viewer.next() == .events([.text("d")], next: 4))
        #expect(
            try await turn.watch(from: 1).next()
                == .events([.text("b"), .reasoning("c"), .text("d")], next: 4)
        )
        turn.end(.finished(reason: "stop"))
        #expect(try await viewer.next() == .end(.finished(reason: "stop")))
        #expect(try await turn.watch(from: 99).next() == .end(.finished(reason: "stop")))
    }

    @Test func `The events between two positions come in parts`() throws {
        let turn = Turn(limits: TurnLog.Limits(unread: 100), isOwned: false)
        for text in ["a", "b", "c"] { try turn.add(.text(text)) }
        #expect(turn.events(from: 1, to: 2) == ([.text("b")], next: 2))
        #expect(turn.events(from: 1, to: 9) == ([.text("bc")], next: 3))
        #expect(turn.events(from: 3, to: 3) == ([], next: 3))
        #expect(turn.events(from: 9, to: 9) == ([], next: 3))
        for _ in 0..<9 { try turn.add(.text("d")) }
        let (events, next) = turn.events(from: 0, to: turn.count)
        #expect(next < turn.count && events == turn.events(before: next))
    }

    @Test func `The events before a position are there as long as all are kept`() throws {
        let turn = Turn(limits: TurnLog.Limits(kept: 200), isOwned: false)
        for number in 0..<4 { try turn.add(.text("\(number)")) }
        try turn.add(.notice("n"))
        #expect(turn.events(before: 2) == [.text("01")])
        #expect(turn.events(before: 0) == [])
        #expect(turn.events() == [.text("0123"), .notice("n")])
        #expect(turn.events(before: 6) == nil)
        for _ in 0..<10 { try turn.add(.text("more")) }
        #expect(turn.events(before: 2) == nil)
        #expect(turn.size == 4 * 33 + 33 + 10 * 36)
    }
}
