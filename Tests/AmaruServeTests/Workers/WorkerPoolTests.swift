// The pool with workers that are parts of the test.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruEnvironment
import AmaruTesting
import Testing

@testable import AmaruChat
@testable import AmaruServe

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

@Suite(.timeLimit(.minutes(5))) struct WorkerPoolTests {
    private func events(of turn: Turn) async -> [TurnEvent] {
        var events: [TurnEvent] = []
        do { for try await event in turn { events.append(event) } } catch {}
        return events
    }

    private func failure(of turn: Turn) async -> ChatFailure? {
        _ = await events(of: turn)
        guard case .failed(let failure) = turn.end else { return nil }
        return failure
    }

    // MARK: Messages

    @Test func `A message crosses with all of its parts, and all events of its answer come back`()
        async throws
    {
        let fake = FakePool(count: 1)
        let worker = try await fake.started()[0]
        let file = Attachment(name: "a\n.bin", mediaType: "x/y", bytes: Data(0...255))
        let question = ServedQuestion(
            question: "line\nbreak \u{0} \u{2028} é 🦜",
            history: [ChatExchange(question: "q", answer: "a", attachments: [file])],
            attachments: [file],
            request: ChatRequest(messages: "[{}]", options: #"{"n":1e400}"#)
        )
        let turn = fake.pool.send(question, key: "placeholder", in: nil)
        #expect(turn.attachments == [file])
        let (id, crossed) = try await worker.message()
        #expect(crossed == question)
        let answer: [TurnEvent] = [
            .text("te\nxt\u{2029}/"), .reasoning("why"), .display("whole"), .notice("note"),
            .toolCall(name: "f", arguments: #"{"a":1}"#), .attachment(file),
            .usage(prompt: 1, completion: 2), .skipped(3),
            .retrying(reason: "r", delay: .milliseconds(1500), attempt: 1, attempts: 3),
        ]
        worker.report(.events(turn: id, answer))
        worker.report(.end(turn: id, .finished(reason: "length")))
        #expect(await events(of: turn) == answer)
        #expect(turn.end == .finished(reason: "length"))
        await fake.pool.shutDown(grace: .seconds(1))
    }

    @Test(arguments: [
        TurnEnd.cancelled, .exited(3), .failed(ChatFailure(code: "c", message: "m", remedy: "r")),
    ])
    func `Each kind of end crosses`(_ end: TurnEnd) async throws {
        let fake = FakePool(count: 1)
        let worker = try await fake.started()[0]
        let turn = fake.pool.send(ServedQuestion(question: "hi"), key: "", in: nil)
        worker.report(.end(turn: try await worker.message().id, end))
        _ = await events(of: turn)
        #expect(turn.end == end)
        await fake.pool.shutDown(grace: .seconds(1))
    }

    @Test func `Stopping a turn is told to its worker, whose further events are dropped`()
        async throws
    {
        let fake = FakePool(count: 1)
        let worker = try await fake.started()[0]
        let turn = fake.pool.send(ServedQuestion(question: "hi"), key: "", in: nil)
        let id = try await worker.message().id
        turn.cancel()
        guard case .cancel(id) = try await worker.command() else {
            Issue.record("not told")
            return
        }
        worker.report(.events(turn: id, [.text("late")]))
        worker.report(.end(turn: id, .cancelled))
        // What is neither a turn nor between turns changes nothing.
        worker.report(.events(turn: 99, [.text("whose?")]))
        worker.report(.end(turn: -1, .cancelled))
        let next = fake.pool.send(ServedQuestion(question: "next"), key: "", in: nil)
        worker.report(.end(turn: try await worker.message().id, .finished(reason: "stop")))
        _ = await events(of: next)
        #expect(next.end == .finished(reason: "stop"))
        #expect(turn.size == 0)
        await fake.pool.shutDown(grace: .seconds(1))
    }

    @Test func `A worker hears what was taken of a turn, and a slow reader delays no other`()
        async throws
    {
        let fake = FakePool(count: 1)
        let worker = try await fake.started()[0]
        let slow = fake.pool.send(ServedQuestion(question: "slow"), key: "", in: nil)
        let quick = fake.pool.send(ServedQuestion(question: "quick"), key: "", in: nil)
        let (first, second) = (try await worker.message().id, try await worker.message().id)
        let much = TurnEvent.text(String(repeating: "x", count: SendWindow.size))
        worker.report(.events(turn: first, [much]))
        worker.report(.events(turn: second, [.text("a")]))
        worker.report(.end(turn: second, .finished(reason: "stop")))
        #expect(await events(of: quick) == [.text("a")])
        guard case .taken(second, let bytes) = try await worker.command() else {
            Issue.record("the slow turn counts as taken")
            return
        }
        #expect(bytes == TurnEvent.text("a").size)
        worker.report(.end(turn: first, .finished(reason: "stop")))
        #expect(await events(of: slow).reduce(0) { $0 + $1.size } >= SendWindow.size)
        await fake.pool.shutDown(grace: .seconds(1))
    }

    @Test func `More messages than a worker takes are refused at once`() async throws {
        let fake = FakePool(count: 2, limits: TurnLimits(open: 1, waiting: 1))
        let turns = (0..<5).map { _ in
            fake.pool.send(ServedQuestion(question: "hi"), key: "", in: nil)
        }
        #expect(turns.dropLast().allSatisfy { $0.end == nil })
        guard case .failed(let failure) = turns[4].end else {
            Issue.record("not refused")
            return
        }
        #expect(failure.code == "busy")
        await fake.pool.shutDown(grace: .seconds(1))
        #expect(turns[0].end == .cancelled)
    }

    @Test func `What a script says between turns is the pool's to say`() async throws {
        let fake = FakePool(count: 1)
        let worker = try await fake.started()[0]
        worker.report(.events(turn: WorkerReport.background, [.notice("behind")]))
        var background = fake.pool.background.viewer().makeAsyncIterator()
        #expect(try await background.next() == .notice("behind"))
        await fake.pool.shutDown(grace: .seconds(1))
    }

    // MARK: Processes

    @Test func `The others are started once the first has answered`() async throws {
        let fake = FakePool(count: 3)
        async let offer = fake.pool.start()
        let first = try await fake.worker()
        first.isReady(takesKey: true, model: "m")
        #expect(try await offer == .chat(takesKey: true))
        #expect(fake.pool.model == "m")
        #expect(await fake.pool.readsRequests())
        _ = (try await fake.worker(), try await fake.worker())
        #expect(fake.pool.ready == 1)
        await fake.pool.shutDown(grace: .seconds(1))
        #expect(fake.pool.ready == 0)
    }

    @Test func `A worker that dies takes its turns with it, and the next one answers`() async throws
    {
        let fake = FakePool(count: 1)
        let worker = try await fake.started()[0]
        let turn = fake.pool.send(ServedQuestion(question: "a"), key: "", in: nil)
        worker.report(.events(turn: try await worker.message().id, [.text("beg")]))
        var seen = turn.viewer().makeAsyncIterator()
        #expect(try await seen.next() == .text("beg"))
        worker.die("signal 9")
        #expect(await events(of: turn) == [.text("beg")])
        guard case .failed(let failure) = turn.end else {
            Issue.record("not failed")
            return
        }
        #expect(failure.code == "worker")
        #expect(failure.message == "the process that was answering has ended (signal 9)")
        #expect(failure.remedy.contains("send the message again"))
        let next = fake.pool.send(ServedQuestion(question: "b"), key: "", in: nil)
        let second = try await fake.worker()
        second.isReady()
        let (id, question) = try await second.message()
        #expect(question.question == "b")
        second.report(.end(turn: id, .finished(reason: "stop")))
        _ = await events(of: next)
        #expect(next.end == .finished(reason: "stop"))
        #expect(fake.pool.restarts == 1)
        await fake.pool.shutDown(grace: .seconds(1))
    }

    @Test func `A worker that answers has started, although it has not said so yet`() async throws {
        let fake = FakePool(count: 1)
        async let offer = fake.pool.start()
        let worker = try await fake.worker()
        let turn = fake.pool.send(ServedQuestion(question: "a"), key: "", in: nil)
        worker.report(.events(turn: try await worker.message().id, [.text("beg")]))
        #expect(try await turn.viewer().first { _ in true } == .text("beg"))
        worker.die("signal 9")
        _ = await events(of: turn)
        guard case .failed(let failure) = turn.end else {
            Issue.record("not failed")
            return
        }
        #expect(failure.message == "the process that was answering has ended (signal 9)")
        try await fake.worker().isReady()
        _ = try await offer
        await fake.pool.shutDown(grace: .seconds(1))
    }

    @Test func `A worker that sends no sign of life is ended, and another one started`()
        async throws
    {
        let isAlive = Lock(false)
        let isAliveNext: @Sendable () -> Bool = {
            isAlive.withLock { isAlive in
                defer { isAlive = true }
                return isAlive
            }
        }
        let fake = FakePool(count: 1, heartbeat: .milliseconds(200), isAlive: isAliveNext)
        let turn = fake.pool.send(ServedQuestion(question: "a"), key: "", in: nil)
        async let offer = fake.pool.start()
        _ = try await fake.worker()
        #expect(await failure(of: turn)?.message.contains("(it sent no sign of life)") == true)
        try await fake.worker().isReady()
        _ = try await offer
        await fake.pool.shutDown(grace: .seconds(1))
    }

    @Test func `A script that does not start is reported once, and nothing answers`() async throws {
        let fake = FakePool(count: 3)
        let waiting = fake.pool.send(ServedQuestion(question: "a"), key: "", in: nil)
        let fault = ChatFailure(code: "script", message: "the script raised X", remedy: "fix it")
        let offer = Task { try await fake.pool.start() }
        let worker = try await fake.worker()
        worker.report(.failed(fault))
        await worker.leave()
        await #expect(throws: fault) { try await offer.value }
        #expect(await failure(of: waiting) == fault)
        #expect(fake.pool.background.end == .failed(fault))
        #expect(fake.pool.send(ServedQuestion(question: "b"), key: "", in: nil).end != nil)
        await fake.pool.shutDown(grace: .seconds(1))
    }

    @Test func `When no worker starts any more the pool has ended`() async throws {
        let fake = FakePool(count: 2)
        let starting = Task { try await fake.pool.start() }
        let killing = Task {
            var count = 0
            for await worker in fake.launched {
                worker.die("signal 11")
                count += 1
            }
            return count
        }
        await #expect(throws: ChatFailure.self) {
            for try await _ in fake.pool.background.viewer() {}
        }
        await #expect(throws: ChatFailure.self) { try await starting.value }
        killing.cancel()
        #expect(await killing.value == WorkerSlots.attempts)
        await fake.pool.shutDown(grace: .seconds(1))
    }

    @Test func `Workers that have answered are started again however often they die`() async throws
    {
        let fake = FakePool(count: 2)
        for worker in try await fake.started(2) { worker.die("signal 11") }
        for _ in 0..<4 * WorkerSlots.attempts { try await fake.worker().die("signal 11") }
        #expect(fake.pool.background.end == nil)
        try await fake.worker().isReady()
        while fake.pool.ready == 0 { await Task.yield() }
        await fake.pool.shutDown(grace: .seconds(1))
    }

    @Test func `A worker that talks nonsense is ended`() async throws {
        let fake = FakePool(count: 1)
        let worker = try await fake.started()[0]
        let turn = fake.pool.send(ServedQuestion(question: "a"), key: "", in: nil)
        _ = try await worker.message()
        worker.sendRaw("{\"what\":1}")
        #expect(await failure(of: turn)?.code == "worker")
        await fake.pool.shutDown(grace: .seconds(1))
    }

    @Test func `Keys are told at the start, and one that was typed later once`() async throws {
        let key = Typed()
        var start = WorkerStart()
        start.variables = ["K": "of a variable"]
        let fake = FakePool(count: 1, start: start) { key.value }
        let worker = try await fake.started()[0]
        guard case .begin(let begin) = try await worker.command() else {
            Issue.record("no beginning")
            return
        }
        #expect(begin.variables == ["K": "of a variable"])
        #expect(begin.key == nil)
        key.value = "typed"
        for _ in 0..<2 { _ = fake.pool.send(ServedQuestion(question: "a"), key: "", in: nil) }
        guard case .key("typed") = try await worker.command(),
            case .send = try await worker.command(), case .send = try await worker.command()
        else {
            Issue.record("not told, or twice")
            return
        }
        worker.die("signal 9")
        guard case .begin(let again) = try await fake.worker().command() else {
            Issue.record("no beginning")
            return
        }
        #expect(again.key == "typed")
        await fake.pool.shutDown(grace: .seconds(1))
    }
}
