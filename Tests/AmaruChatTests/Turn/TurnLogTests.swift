// A turn's log: positions, readers, bounds and the one end.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting
import Foundation
import Testing

@testable import AmaruChat

@Suite struct TurnLogTests {
    private static let small = TurnLog.Limits(unread: 400, refused: 2000, kept: 1000, merged: 64)

    @Test func `Texts that follow each other come merged, other events alone and in order`() {
        var log = TurnLog()
        let reader = log.addReader(.owner)
        for event in [.text("a"), .text("b"), .notice("n"), .text("c"), .text("d")] as [TurnEvent] {
            let result1 = log.add(event)
            #expect(result1 != nil)
        }
        let result2 = log.take(reader)
        #expect(result2.0 == .events([.text("ab"), .notice("n"), .text("cd")]))
        let result3 = log.take(reader)
        #expect(result3.0 == .wait)
    }

    @Test func `A reader that waits is woken once, by an event or by the end`() {
        var log = TurnLog()
        let reader = log.addReader(.owner)
        let result4 = log.take(reader)
        #expect(result4.0 == .wait)
        let result5 = log.add(.text("a"))
        #expect(result5 == TurnLog.Wakes(readers: [reader]))
        let result6 = log.add(.text("b"))
        #expect(result6 == TurnLog.Wakes())
        let result7 = log.take(reader)
        #expect(result7.0 == .events([.text("ab")]))
        let result8 = log.take(reader)
        #expect(result8.0 == .wait)
        let result9 = log.finish(.finished(reason: "stop"))
        #expect(result9 == TurnLog.Wakes(readers: [reader]))
        let result10 = log.take(reader)
        #expect(result10.0 == .end(.finished(reason: "stop")))
    }

    @Test func `The first end counts, and nothing is added after it`() {
        var log = TurnLog()
        let result11 = log.finish(.cancelled)
        #expect(result11 != nil)
        let result12 = log.finish(.finished(reason: "stop"))
        #expect(result12 == nil)
        let result13 = log.add(.text("late"))
        #expect(result13 == nil)
        #expect(log.end == .cancelled)
        #expect(log.count == 0)
    }

    @Test func `Writers wait for the slowest required reader, and not for viewers`() {
        var log = TurnLog(limits: Self.small)
        let owner = log.addReader(.owner)
        let store = log.addReader(.required)
        _ = log.addReader(.viewer)
        while !log.mustWait() { _ = log.add(.notice("0123456789")) }
        #expect(log.unread > 400 && log.unread < 500)
        // One of two has caught up: not enough.
        while case (.events, let wakes) = log.take(owner) { #expect(!wakes.writers) }
        let stillWaits = log.mustWait()
        #expect(stillWaits)
        var woken = false
        while case (.events, let wakes) = log.take(store) { woken = woken || wakes.writers }
        let mustWait = log.mustWait()
        #expect(woken && !mustWait)
    }

    @Test func `A required reader that leaves frees the writers`() {
        var log = TurnLog(limits: Self.small)
        let store = log.addReader(.required)
        while !log.mustWait() { _ = log.add(.notice("0123456789")) }
        let wakes = log.removeReader(store)
        #expect(wakes.writers)
    }

    @Test func `The end frees writers, and a turn that has ended lets nobody wait`() {
        var log = TurnLog(limits: Self.small)
        _ = log.addReader(.owner)
        while !log.mustWait() { _ = log.add(.text("0123456789")) }
        let wakes = log.finish(.cancelled)
        #expect(wakes?.writers == true)
        let mustWait = log.mustWait()
        #expect(!mustWait)
    }

    @Test func `A late viewer learns how much is gone; nobody required loses anything`() {
        var log = TurnLog(limits: Self.small)
        let owner = log.addReader(.owner)
        var seen: [TurnEvent] = []
        for number in 0..<200 {
            _ = log.add(.notice("\(number)"))
            while case (.events(let events), _) = log.take(owner) { seen += events }
        }
        #expect(seen == (0..<200).map { .notice("\($0)") })
        let viewer = log.addReader(.viewer)
        guard case (.events(let events), _) = log.take(viewer), case .skipped(let lost) = events[0]
        else {
            Issue.record("the viewer was not told what it has missed")
            return
        }
        #expect(lost > 100)
        #expect(events[1] == .notice("\(lost)"))
    }

    @Test func `Files stay, and take no room of texts`() {
        var log = TurnLog(limits: Self.small)
        let owner = log.addReader(.owner)
        let file = Attachment(name: "a", mediaType: "x/y", bytes: Data(count: 5000))
        for event in [.notice("first"), .attachment(file), .notice("last")] as [TurnEvent] {
            _ = log.add(event)
            while case (.events, _) = log.take(owner) {}
        }
        #expect(log.events(before: 3)?.count == 3)
        for _ in 0..<100 {
            _ = log.add(.notice("more"))
            while case (.events, _) = log.take(owner) {}
        }
        #expect(log.events(before: 3) == nil)
        #expect(log.files == [file])
        #expect(log.fileSize == 5000)
        #expect(!log.isOverfull)
    }

    @Test func `Events that are kept joined are read one by one, and cut where they were`() {
        var log = TurnLog(limits: TurnLog.Limits(kept: 100_000, merged: 1))
        let owner = log.addReader(.owner)
        var random = SeededGenerator(seed: 7)
        var added: [TurnEvent] = []
        for number in 0..<6000 {
            let text = String(
                repeating: "é\(number) ",
                count: Int.random(in: 1...9, using: &random)
            )
            let event: TurnEvent =
                switch Int.random(in: 0..<40, using: &random) {
                case 0: .notice(text)
                case 1: .text(String(repeating: text, count: 900))
                case 2...9: .reasoning(text)
                default: .text(text)
                }
            added.append(event)
            _ = log.add(event)
            while case (.events, _) = log.take(owner) {}
        }
        #expect(log.count == added.count)
        #expect(log.total == added.reduce(0) { $0 + $1.size })
        let viewer = log.addReader(.viewer)
        var seen: [TurnEvent] = []
        while case (.events(let events), _) = log.take(viewer) { seen += events }
        guard case .skipped(let lost)? = seen.first else {
            Issue.record("nothing was dropped")
            return
        }
        #expect(Array(seen.dropFirst()) == Array(added[lost...]))
        let kept = added[lost...].reduce(0) { $0 + $1.size }
        #expect(kept <= 100_000 && kept + added[lost - 1].size > 100_000)
        for _ in 0..<200 {
            var position = Int.random(in: lost..<added.count, using: &random)
            let event = added[position]
            #expect(log.events(from: &position, to: position + 1) == [event])
        }
    }

    @Test func `The owner of a cancelled turn is spared the rest, a viewer is not`() {
        var log = TurnLog()
        let (owner, viewer) = (log.addReader(.owner), log.addReader(.viewer))
        _ = log.add(.text("unread"))
        _ = log.finish(.cancelled)
        let result14 = log.take(owner)
        #expect(result14.0 == .end(.cancelled))
        let result15 = log.take(viewer)
        #expect(result15.0 == .events([.text("unread")]))
        let result16 = log.take(viewer)
        #expect(result16.0 == .end(.cancelled))
    }

    @Test(arguments: 1...40)
    func `Random lives of a log agree with a plain list`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var log = TurnLog(limits: Self.small)
        var added: [TurnEvent] = []
        var readers: [(id: TurnLog.ReaderID, seen: [TurnEvent], from: Int)] = []
        var waiting: Set<TurnLog.ReaderID> = []
        var writerWaits = false
        var ends = 0

        func note(_ wakes: TurnLog.Wakes?) {
            guard let wakes else { return }
            // Whoever is woken was waiting.
            #expect(waiting.isSuperset(of: wakes.readers))
            waiting.subtract(wakes.readers)
            if wakes.writers {
                #expect(writerWaits)
                writerWaits = false
            }
        }
        for step in 0..<400 {
            switch Int.random(in: 0..<10, using: &random) {
            case 0 where readers.count < 5:
                readers.append((log.addReader(.required), [], added.count))
                // A required reader that starts here is promised what comes from here on.
                _ = log.removeReader(readers[readers.count - 1].id)
                readers[readers.count - 1].id = log.addReader(.required, from: added.count)
            case 1...4:
                let event = TurnEvent.notice("\(step)")
                let wakes = log.add(event)
                if wakes != nil { added.append(event) }
                #expect((wakes == nil) == (ends > 0))
                note(wakes)
            case 5: writerWaits = log.mustWait() || writerWaits
            case 6 where Int.random(in: 0..<40, using: &random) == 0:
                let wakes = log.finish(.finished(reason: "\(step)"))
                #expect((wakes != nil) == (ends == 0))
                if wakes != nil { ends += 1 }
                note(wakes)
            default:
                guard !readers.isEmpty else { continue }
                let index = Int.random(in: 0..<readers.count, using: &random)
                let (taken, wakes) = log.take(readers[index].id)
                note(wakes)
                switch taken {
                case .events(let events): readers[index].seen += events
                case .wait: waiting.insert(readers[index].id)
                case .end: #expect(ends == 1)
                }
            }
        }
        note(log.finish(.cancelled))
        let mustWait = log.mustWait()
        #expect(!writerWaits && !mustWait)
        #expect(waiting.isEmpty)
        for index in readers.indices {
            while case (.events(let events), _) = log.take(readers[index].id) {
                readers[index].seen += events
            }
            #expect(readers[index].seen == Array(added[readers[index].from...]))
        }
    }
}
