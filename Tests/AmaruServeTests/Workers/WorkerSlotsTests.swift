// Which worker gets a message.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import Testing

@testable import AmaruChat
@testable import AmaruServe

@Suite struct WorkerSlotsTests {
    private func message(_ id: Int) -> WorkerSlots.Message {
        WorkerSlots.Message(id: id, turn: Turn.remote(), question: ServedQuestion(question: "q"))
    }

    private func slots(_ count: Int, limit: Int = 8) throws -> WorkerSlots {
        var slots = WorkerSlots(count: count, limit: limit)
        for index in 0..<count {
            slots.use(index)
            _ = slots.launched(try FakeWorker().process, at: index, hasKey: false)
            _ = slots.isReady(index)
        }
        return slots
    }

    /// The slot that has a turn.
    private func place(of id: Int, in slots: WorkerSlots, _ count: Int) -> Int? {
        (0..<count).first { slots.turn(id, of: $0) != nil }
    }

    @Test func `A conversation stays where it is, and many are everywhere`() throws {
        var slots = try slots(4, limit: 1000)
        var places: [Int: Set<Int>] = [:]
        for id in 0..<400 {
            _ = slots.add(message(id), in: "conversation \(id % 40)", key: false)
            places[id % 40, default: []].insert(try #require(place(of: id, in: slots, 4)))
        }
        #expect(places.values.allSatisfy { $0.count == 1 })
        #expect(Set(places.values.joined()) == [0, 1, 2, 3])
    }

    @Test func `What belongs to no conversation goes where the fewest turns are`() throws {
        var slots = try slots(3)
        for id in 0..<6 { _ = slots.add(message(id), in: nil, key: false) }
        let places = (0..<6).compactMap { place(of: $0, in: slots, 3) }
        #expect(places.sorted() == [0, 0, 1, 1, 2, 2])
        #expect(slots.cancel(4) != nil)
        #expect(slots.cancel(4) == nil)
        // Its process may not have stopped yet.
        _ = slots.add(message(8), in: nil, key: false)
        #expect(place(of: 8, in: slots, 3) == places[0])
        #expect(slots.finish(4, of: places[4]) == nil)
        _ = slots.add(message(9), in: nil, key: false)
        #expect(place(of: 9, in: slots, 3) == places[4])
        // One that is being started again has none, and is not the first choice for that.
        _ = slots.lost(places[4], "signal 9")
        _ = slots.add(message(10), in: nil, key: false)
        #expect(place(of: 10, in: slots, 3) != nil)
    }

    @Test func `The questions of one worker have a bound, also of one that takes none`() throws {
        var slots = WorkerSlots(count: 1, limit: 1000)
        let text = String(repeating: "q", count: WorkerSlots.byteLimit / 4 + 1)
        let large = { (id: Int) in
            let question = ServedQuestion(
                question: "q",
                history: [ChatExchange(question: text, answer: "")]
            )
            return WorkerSlots.Message(id: id, turn: Turn.remote(), question: question)
        }
        let isTaken = { (slots: inout WorkerSlots, id: Int) in
            if case .refused = slots.add(large(id), in: nil, key: false) { false } else { true }
        }
        slots.use(0)
        // No process is there yet.
        #expect((0..<4).map { isTaken(&slots, $0) } == [true, true, true, false])
        _ = slots.cancel(0)
        #expect(isTaken(&slots, 4))
        _ = slots.launched(try FakeWorker().process, at: 0, hasKey: false)
        #expect(!isTaken(&slots, 5))
        // One that was stopped is on its way to the process until that has ended it.
        _ = slots.cancel(1)
        #expect(!isTaken(&slots, 6))
        _ = slots.finish(1, of: 0)
        #expect(isTaken(&slots, 7))
        _ = slots.lost(0, "signal 9")
        #expect((8..<12).map { isTaken(&slots, $0) } == [true, true, true, false])
    }

    @Test func `A worker whose script does not start is avoided`() throws {
        var slots = try slots(2)
        _ = slots.lost(1, "signal 9")
        // It waits for the next process, which does not start.
        for id in 0..<8 { _ = slots.add(message(id), in: "\(id)", key: false) }
        _ = slots.launched(try FakeWorker().process, at: 1, hasKey: false)
        let lost = slots.lost(1, "signal 9")
        #expect(!lost.isOver)
        #expect(!lost.turns.isEmpty)
        #expect(lost.failure.message.contains("before its script answered (signal 9)"))
        for id in 10..<14 { _ = slots.add(message(id), in: "\(id - 10)", key: false) }
        #expect((10..<14).allSatisfy { slots.turn($0, of: 0) != nil })
    }

    @Test func `A fault that comes once the script has answered does not end the pool`() throws {
        var slots = try slots(1)
        for attempt in 0...2 * WorkerSlots.attempts {
            // Now and then it ends without a word, by a message that had waited for it.
            if attempt % 3 == 0 {
                slots.failed(0, ChatFailure(code: "script", message: "the database is down"))
            }
            #expect(!slots.lost(0, "signal 11").isOver)
            _ = slots.launched(try FakeWorker().process, at: 0, hasKey: false)
        }
        var unused = WorkerSlots(count: 1, limit: 8)
        unused.use(0)
        unused.failed(0, ChatFailure(code: "script", message: "a syntax error"))
        #expect(unused.lost(0, "exit code 0").isOver)
    }

    @Test func `A window lets the sender wait until enough is taken, or nobody reads`() async {
        let window = SendWindow()
        window.sent(SendWindow.size - 1)
        #expect(!window.isFull)
        await window.wait()
        window.sent(SendWindow.size)
        #expect(window.isFull)
        let waiting = Task { await window.wait() }
        window.taken(SendWindow.size)
        #expect(!window.isFull)
        await waiting.value
        window.taken(.max)
        window.taken(.min)
        window.sent(SendWindow.size)
        #expect(window.isFull)
        let closed = Task { await window.wait() }
        window.close()
        #expect(!window.isFull)
        await closed.value
    }
}
