// A turn under concurrent readers, writers and enders.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting
import Foundation
import Synchronization
import Testing

@testable import AmaruChat

@Suite(.timeLimit(.minutes(5))) struct TurnTests {
    @Test func `The owner reads every event, and the end of the turn ends the sequence`()
        async throws
    {
        let turn = Turn()
        try turn.add(.text("Hello, "))
        try turn.add(.text("world"))
        try turn.add(.usage(prompt: 1, completion: 2))
        turn.end(.finished(reason: "stop"))
        var events: [TurnEvent] = []
        for try await event in turn { events.append(event) }
        #expect(events == [.text("Hello, world"), .usage(prompt: 1, completion: 2)])
        #expect(turn.end == .finished(reason: "stop"))
    }

    @Test func `A turn that failed throws what went wrong, after what came before`() async throws {
        let turn = Turn()
        let failure = ChatFailure(code: "server", message: "it broke", remedy: "try again")
        try turn.add(.text("partial"))
        turn.end(.failed(failure))
        var events: [TurnEvent] = []
        await #expect(throws: failure) {
            for try await event in turn { events.append(event) }
        }
        #expect(events == [.text("partial")])
    }

    @Test func `Cancelling the task that reads as owner cancels the turn, once`() async throws {
        let cancels = Mutex(0)
        let turn = Turn { _ in cancels.withLock { $0 += 1 } }
        let reader = Task { for try await _ in turn {} }
        reader.cancel()
        await #expect(throws: CancellationError.self) { try await reader.value }
        #expect(turn.end == .cancelled)
        turn.cancel()
        #expect(cancels.withLock { $0 } == 1)
    }

    @Test func `An owner that leaves its loop early cancels the turn`() async throws {
        let turn = Turn()
        try turn.add(.text("enough"))
        for try await _ in turn { break }
        #expect(turn.end == .cancelled)
    }

    @Test func `A writer that waits can be cancelled`() async throws {
        let turn = Turn(limits: TurnLog.Limits(unread: 10))
        try turn.add(.text("more than ten bytes"))
        let writer = Task { await turn.drain() }
        writer.cancel()
        await writer.value
        #expect(turn.end == nil)
    }

    @Test func `A turn that nobody owns yet lets its writers go on`() async throws {
        let turn = Turn(limits: TurnLog.Limits(unread: 10), isOwned: false)
        for number in 0..<100 {
            try turn.add(.notice("\(number)"))
            await turn.drain()
        }
        turn.end(.finished(reason: "stop"))
        var count = 0
        for try await _ in turn { count += 1 }
        #expect(count == 100)
    }

    @Test func `A viewer that leaves cancels nothing`() async throws {
        let turn = Turn()
        let viewer = Task { for try await _ in turn.viewer() {} }
        viewer.cancel()
        await #expect(throws: CancellationError.self) { try await viewer.value }
        #expect(turn.end == nil)
        try turn.add(.text("on"))
        turn.end(.finished(reason: "stop"))
        var seen: [TurnEvent] = []
        for try await event in turn { seen.append(event) }
        #expect(seen == [.text("on")])
    }

    @Test func `Escapes are removed before anybody reads, whatever the cuts`() async throws {
        let turn = Turn()
        for piece in ["a\u{1B}", "[31", "mred\u{1B}]0;title", "\u{7}b", "\u{9B}2Jc"] {
            try turn.add(.text(piece))
        }
        turn.end(.finished(reason: "stop"))
        var text = ""
        for try await event in turn { if case .text(let more) = event { text += more } }
        #expect(text == "aredbc")
    }

    @Test func `A writer that does not wait is refused in the end, and told what to do`() throws {
        let turn = Turn(limits: TurnLog.Limits(unread: 100, refused: 1000))
        let error = #expect(throws: ChatFailure.self) {
            for _ in 0..<1000 { try turn.add(.text("0123456789")) }
        }
        #expect(error?.code == "overflow")
        #expect(error?.remedy.contains("drain()") == true)
    }

    @Test func `The files of an answer have a limit, until the turn ends`() throws {
        func file(_ name: String, _ size: Int) -> TurnEvent {
            .attachment(Attachment(name: name, mediaType: "x/y", bytes: Data(count: size)))
        }
        let turn = Turn()
        let limit = Attachment.answerLimit
        let large = #expect(throws: ChatFailure.self) { try turn.add(file("a", limit + 1)) }
        #expect(
            large?.message == """
                cannot add "a" (16.1 MiB): the files of an answer may have 16 MiB in all; send \
                fewer or smaller ones
                """
        )
        try turn.add(file("b", limit - 1 << 19))
        let name = "c" + String(repeating: "\u{301}", count: 9000)
        let more = #expect(throws: ChatFailure.self) { try turn.add(file(name, 1 << 20)) }
        #expect(more?.code == "file_limit")
        #expect(more?.message.contains("(1.0 MiB)") == true)
        #expect(more?.message.contains("and there are 15.5 MiB already") == true)
        #expect((more?.message.unicodeScalars.count ?? 0) < 300)
        #expect(try turn.add(file("d", 1 << 19)))
        #expect(try turn.add(file("e", 0)))
        turn.end(.finished(reason: "stop"))
        #expect(try !turn.add(file("f", 1)))
        #expect(turn.file(2)?.name == "e" && turn.file(3) == nil)
    }

    @Test func `An answer has a thousand files at most`() throws {
        let turn = Turn()
        let file = Attachment(name: "a", mediaType: "image/png", bytes: Data())
        var refusals: [String] = []
        for _ in 0..<300_000 {
            do { try turn.add(.attachment(file)) } catch { refusals.append(error.message) }
        }
        #expect(turn.file(999) == file && turn.file(1000) == nil)
        #expect(refusals.count == 299_000)
        #expect(
            Set(refusals) == ["cannot add \"a\": an answer may have 1000 files; send fewer"]
        )
        #expect(try turn.add(.text("so")))
    }

    @Test
    func `Ten readers, two stalled and one cancelled: the others lose nothing and wait for none`()
        async throws
    {
        let limits = TurnLog.Limits(unread: 2000, kept: 4000)
        let turn = Turn(limits: limits)
        let count = 5000
        let most = Mutex(0)
        // Two stalled viewers: they have read one event and come back at the very end.
        var stalled = [turn.viewer().makeAsyncIterator(), turn.viewer().makeAsyncIterator()]
        try turn.add(.notice("0"))
        for index in stalled.indices {
            let first = try await stalled[index].next()
            #expect(first == .notice("0"))
        }
        let cancelled = Task { for try await _ in turn.viewer() {} }
        try await withThrowingTaskGroup(of: (Int, [TurnEvent]).self) { group in
            group.addTask {
                var seen: [TurnEvent] = []
                for try await event in turn { seen.append(event) }
                return (0, seen)
            }
            for position in 1...6 {
                let reader = turn.requiredReader(from: position == 6 ? 0 : 1)
                group.addTask {
                    var seen: [TurnEvent] = []
                    for try await event in reader { seen.append(event) }
                    return (position, seen)
                }
            }
            for number in 1..<count {
                try turn.add(.notice("\(number)"))
                most.withLock { $0 = max($0, turn.unread) }
                await turn.drain()
                if number == count / 2 { cancelled.cancel() }
            }
            turn.end(.finished(reason: "stop"))
            let all = (0..<count).map { TurnEvent.notice("\($0)") }
            for try await (position, seen) in group {
                #expect(seen == (position == 0 || position == 6 ? all : Array(all[1...])))
            }
        }
        // One event above the bound: the one that reached it.
        #expect(most.withLock { $0 } <= limits.unread + 100)
        await #expect(throws: CancellationError.self) { try await cancelled.value }
        for index in stalled.indices {
            let next = try await stalled[index].next()
            guard case .skipped(let lost)? = next else {
                Issue.record("a stalled viewer was not told what it has missed")
                continue
            }
            #expect(lost > 1000)
            var last: TurnEvent?
            while let event = try await stalled[index].next() { last = event }
            #expect(last == .notice("\(count - 1)"))
        }
    }

    private final class Tally: Sendable {
        let ends = Mutex(0)
        let told = Mutex(0)
        let added = Mutex<[TurnEvent]>([])
    }

    @Test(arguments: 1...60)
    func `Whatever races, a turn ends once, loses nothing that was promised and wakes all`(
        seed: UInt64
    ) async throws {
        var random = SeededGenerator(seed: seed)
        let tally = Tally()
        let turn = Turn(limits: TurnLog.Limits(unread: 300, kept: 600)) { _ in
            tally.told.withLock { $0 += 1 }
        }
        let enders = 1 + Int.random(in: 0..<4, using: &random)
        let moments = (0..<enders).map { _ in Int.random(in: 0..<300, using: &random) }
        let store = turn.requiredReader()
        async let stored = Self.all(of: store)
        async let owned = Self.all(of: turn)
        await withTaskGroup(of: Void.self) { group in
            // The script.
            group.addTask {
                for number in 0..<250 {
                    let event = TurnEvent.notice("\(number)")
                    guard (try? turn.add(event)) == true else { return }
                    tally.added.withLock { $0.append(event) }
                    await turn.drain()
                }
                if turn.end(.finished(reason: "stop")) { tally.ends.withLock { $0 += 1 } }
            }
            // The user, a fault, the host: each at a moment of its own.
            for (index, moment) in moments.enumerated() {
                group.addTask {
                    for _ in 0..<moment { await Task.yield() }
                    let end: TurnEnd = [
                        .failed(ChatFailure(code: "x", message: "y")), .exited(1), .cancelled,
                    ][index % 3]
                    if end == .cancelled {
                        turn.cancel()
                        return
                    }
                    if turn.end(end) { tally.ends.withLock { $0 += 1 } }
                }
            }
            // Others that wait and go.
            for _ in 0..<3 {
                group.addTask { await turn.drain() }
                group.addTask {
                    let viewer = Task { try await Self.all(of: turn.viewer()) }
                    await Task.yield()
                    viewer.cancel()
                    _ = try? await viewer.value
                }
            }
        }
        let promised = tally.added.withLock { $0 }
        #expect(try await stored == promised)
        let seen = try await owned
        if turn.end == .cancelled {
            // The owner may be spared what the user wants no more.
            #expect(seen == Array(promised.prefix(seen.count)))
        } else {
            #expect(seen == promised)
        }
        #expect(turn.end != nil)
        #expect(tally.ends.withLock { $0 } + tally.told.withLock { $0 } == 1)
    }

    private static func all(
        of events: some AsyncSequence<TurnEvent, any Error> & Sendable
    ) async throws -> [TurnEvent] {
        var seen: [TurnEvent] = []
        do {
            for try await event in events { seen.append(event) }
        } catch is ChatFailure {
            // How the turn ended is looked at by the caller.
        }
        return seen
    }
}
