// Several messages at once, each with its own history.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruTesting
import Testing

@testable import AmaruChat

@Suite(.timeLimit(.minutes(5))) struct SharedSessionTests {
    @Test func `Ten answers go on at once, one is stopped, one fails, and none is mixed up`()
        async
    {
        await #expect(processExitsWith: .success) {
            let session = try Script.session(
                """
                import amaru, asyncio
                begun, stopped, all_here = [], [], asyncio.Event()
                @amaru.reply
                async def answer(message, history):
                    if message == "stopped": yield " ".join(stopped); return
                    said = [m["content"] for m in history]
                    yield f"{message} after {said}:"
                    amaru.notice(f"notice {message}")
                    begun.append(message)
                    if len(begun) == 10: all_here.set()
                    try:
                        if message == "3": await asyncio.Event().wait()
                    except asyncio.CancelledError:
                        stopped.append(message)
                        raise
                    await all_here.wait()
                    if message == "5": raise ValueError("five")
                    yield " end"
                """,
                limits: TurnLimits(open: 10)
            )
            let turns = (0..<10).map { number in
                session.send(
                    "\(number)",
                    after: [ChatExchange(question: "q\(number)", answer: "a\(number)")]
                )
            }
            await withTaskGroup(of: Void.self) { group in
                for (number, turn) in turns.enumerated() {
                    group.addTask {
                        let start = "\(number) after ['q\(number)', 'a\(number)']:"
                        var text = ""
                        var notices: [String] = []
                        do {
                            for try await event in turn {
                                if case .text(let more) = event { text += more }
                                if case .notice(let line) = event { notices.append(line) }
                                if number == 3, !notices.isEmpty { turn.cancel() }
                            }
                        } catch {
                            #expect(number == 5, "\(error)")
                        }
                        let isCut = number == 3 || number == 5
                        #expect(text == (isCut ? start : start + " end"))
                        #expect(notices == ["notice \(number)"])
                    }
                }
            }
            for (number, turn) in turns.enumerated() where number != 3 && number != 5 {
                #expect(turn.end == .finished(reason: "stop"))
            }
            #expect(turns[3].end == .cancelled)
            guard case .failed(let failure) = turns[5].end else {
                Issue.record("not failed")
                return
            }
            #expect(failure.message.contains("five"))
            var stopped = ""
            while stopped.isEmpty {
                stopped = try await Script.text(of: session.send("stopped", after: []))
            }
            #expect(stopped == "3")
            #expect(session.background.end == nil)
        }
    }

    @Test func `Stopping a message does not interrupt the code that answers another`() async {
        await #expect(processExitsWith: .success) {
            let session = try Script.session(
                """
                import amaru, asyncio, time
                @amaru.reply
                async def answer(message, turn):
                    yield "begun"
                    if message == "wait": await asyncio.Event().wait()
                    turn.text(" busy")
                    end = time.monotonic() + 1.5
                    while time.monotonic() < end or message == "forever":
                        for _ in range(100): pass
                    yield " done"
                """,
                limits: TurnLimits(open: 3)
            )
            let waiting = session.send("wait", after: [])
            var events = waiting.viewer().makeAsyncIterator()
            #expect(try await events.next() == .text("begun"))
            let busy = session.send("busy", after: [])
            var text = ""
            for try await event in busy {
                guard case .text(let more) = event else { continue }
                text += more
                if text == "begun busy" { waiting.cancel() }
            }
            #expect(text == "begun busy done")
            #expect(busy.end == .finished(reason: "stop"))
            // One that is stopped itself is interrupted.
            let forever = session.send("forever", after: [])
            var hasBegun = false
            for try await event in forever where !hasBegun {
                hasBegun = event == .text(" busy") || event == .text("begun busy")
                if hasBegun { forever.cancel() }
            }
            #expect(try await Script.text(of: session.send("more", after: [])).contains("done"))
        }
    }

    @Test func `Of several that are stopped at once, the one that blocks the rest is interrupted`()
        async
    {
        await #expect(processExitsWith: .success) {
            let session = try Script.session(
                """
                import amaru, asyncio
                @amaru.reply
                async def answer(message, turn):
                    turn.text(message)
                    if message == "wait": await asyncio.Event().wait()
                    while message == "loop": pass
                """,
                limits: TurnLimits(open: 5)
            )
            let turns = ["wait", "wait", "wait", "loop"].map { session.send($0, after: []) }
            for turn in turns {
                for try await _ in turn.viewer() { break }
            }
            for turn in turns.reversed() { turn.cancel() }
            #expect(try await Script.text(of: session.send("more", after: [])) == "more")
        }
    }

    @Test func `A script of the tutorial's kind gets one message after another`() async {
        await #expect(processExitsWith: .success) {
            let session = try Script.session(
                """
                import asyncio, js_module
                open_ones = 0
                async def answer(text):
                    global open_ones
                    open_ones += 1
                    count = open_ones
                    await asyncio.sleep(0.01)
                    js_module.displayResponse(f"{text} {count}")
                    open_ones -= 1
                def sender_message_proxy(key, text):
                    asyncio.get_running_loop().create_task(answer(text))
                """,
                limits: TurnLimits(open: 4)
            )
            let turns = ["a", "b", "c"].map { session.send($0, after: []) }
            for (turn, name) in zip(turns, ["a", "b", "c"]) {
                #expect(try await Script.text(of: turn) == "\(name) 1")
            }
        }
    }

    @Test func `Those above the limit wait, can be stopped, and are refused when too many wait`()
        async
    {
        await #expect(processExitsWith: .success) {
            let session = try Script.session(
                """
                import amaru, asyncio
                seen, go_on = [], asyncio.Event()
                @amaru.reply
                async def answer(message):
                    seen.append(message)
                    if message == "go": go_on.set()
                    await go_on.wait()
                    yield " ".join(seen)
                """,
                limits: TurnLimits(open: 2, waiting: 2)
            )
            let first = session.send("first", after: [])
            #expect(session.send("no history").isBusy)
            let second = session.send("second", after: [])
            let third = session.send("third", after: [])
            let last = session.send("go", after: [])
            #expect(session.send("one too many", after: []).isBusy)
            third.cancel()
            second.cancel()
            let seen = try await Script.text(of: last)
            #expect(seen.hasPrefix("first") && seen.hasSuffix("go") && !seen.contains("third"))
            #expect(try await Script.text(of: first).hasPrefix("first"))
            #expect(try await Script.text(of: session.send("alone")).hasSuffix("alone"))
        }
    }

    @Test func `A task that fails beside the answers is said, and stops none of them`() async {
        await #expect(processExitsWith: .success) {
            let session = try Script.session(
                """
                import amaru, asyncio
                async def fail(): raise ValueError("beside")
                @amaru.reply
                async def answer(message):
                    yield "begun"
                    task = asyncio.create_task(fail())
                    await asyncio.wait([task])
                    del task
                    yield " end"
                """,
                limits: TurnLimits(open: 2)
            )
            #expect(try await Script.text(of: session.send("a", after: [])) == "begun end")
            var notices = session.background.viewer().makeAsyncIterator()
            guard case .notice(let line) = try await notices.next() else {
                Issue.record("nothing said")
                return
            }
            #expect(line.contains("beside"))
            #expect(session.background.end == nil)
        }
    }
}

extension Turn {
    fileprivate var isBusy: Bool {
        if case .failed(let failure) = end { failure.code == "busy" } else { false }
    }
}
