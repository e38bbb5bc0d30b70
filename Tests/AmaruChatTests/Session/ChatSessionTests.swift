// A session with real scripts, each in a process of its own: Python starts once in each.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruTesting
import Testing

@testable import AmaruChat

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

@Suite(.timeLimit(.minutes(5))) struct ChatSessionTests {
    @Test func `A script's answer comes as events, and its turn ends`() async {
        await #expect(processExitsWith: .success) {
            let session = try Script.session(
                """
                import amaru
                @amaru.reply
                async def answer(message):
                    yield "You said: "
                    yield message
                """
            )
            for message in ["one", "two"] {
                let turn = session.send(message)
                #expect(try await Script.text(of: turn) == "You said: \(message)")
                #expect(turn.end == .finished(reason: "stop"))
            }
            await session.shutDown()
        }
    }

    @Test func `A turn can do without packages: lone surrogates, tool calls, usage`() async {
        await #expect(processExitsWith: .success) {
            let session = try Script.session(
                #"""
                import amaru
                def sender_message_proxy(api_key, message):
                    turn = amaru.current_turn()
                    turn.text("a\ud83d\ude00b\udc00c\x1b[2J")
                    turn.tool_call("look", '{"x": 1}')
                    turn.usage(3, 4)
                    assert turn.finished("length") and not turn.finished()
                    assert turn.ended and not turn.text("late")
                """#
            )
            let turn = session.send("go", key: "k")
            var events: [TurnEvent] = []
            for try await event in turn { events.append(event) }
            #expect(
                events == [
                    .text("a\u{1F600}b\u{FFFD}c"), .toolCall(name: "look", arguments: #"{"x": 1}"#),
                    .usage(prompt: 3, completion: 4),
                ]
            )
            #expect(turn.end == .finished(reason: "length"))
        }
    }

    @Test func `A start that fails fails the turn, with its cause`() async {
        await #expect(processExitsWith: .success) {
            struct Refused: Error {}
            let session = ChatSession { throw Refused() }
            let turn = session.send("hello")
            await #expect(throws: ChatFailure.self) { for try await _ in turn {} }
            guard case .failed(let failure) = turn.end else {
                Issue.record("not failed")
                return
            }
            #expect(failure.code == "start" && failure.cause is Refused)
            #expect(session.startFailure is Refused)
        }
    }

    @Test func `A second message is refused while one is open`() async {
        await #expect(processExitsWith: .success) {
            let session = try Script.session("def sender_message_proxy(key, text): pass")
            let first = session.send("one")
            let second = session.send("two")
            guard case .failed(let failure) = second.end else {
                Issue.record("not refused")
                return
            }
            #expect(failure.code == "busy")
            first.cancel()
            #expect(first.end == .cancelled)
        }
    }

    @Test func `Cancelling ends the turn at once, and then the task and Python code that blocks`()
        async
    {
        await #expect(processExitsWith: .success) {
            let session = try Script.session(
                """
                import amaru
                caught = []
                def sender_message_proxy(key, message):
                    turn = amaru.current_turn()
                    if message == "caught?":
                        turn.text(" ".join(caught))
                        turn.finished()
                        return
                    turn.text("started")
                    try:
                        # CPython's table of handlers leaves out a loop's jump back.
                        while True:
                            for _ in range(100): len(caught)
                    except KeyboardInterrupt as exc:
                        caught.append(type(exc).__name__)
                        raise
                """
            )
            let turn = session.send("loop")
            for try await event in turn where event == .text("started") { turn.cancel() }
            #expect(turn.end == .cancelled)
            #expect(!session.isSettled)
            #expect(try await Script.text(of: session.send("caught?")) == "KeyboardInterrupt")
            while !session.isSettled { await Task.yield() }
        }
    }

    @Test func `sys.exit ends the open turn and the background with its code`() async {
        await #expect(processExitsWith: .success) {
            let session = try Script.session(
                """
                import asyncio, sys
                queue = asyncio.Queue()
                def sender_message_proxy(key, text): queue.put_nowait(text)
                async def main():
                    await queue.get()
                    sys.exit(3)
                """
            )
            let turn = session.send("bye")
            #expect(try await Script.text(of: turn) == "")
            #expect(turn.end == .exited(3))
            #expect(session.background.end == .exited(3))
            #expect(session.send("more").end == .exited(3))
        }
    }

    @Test func `A script of the tutorial's kind is watched, dies, and is started again`() async {
        await #expect(processExitsWith: .success) {
            let session = try Script.session(
                """
                import asyncio, js_module
                queue = asyncio.Queue()
                starts = 0
                def sender_message_proxy(key, text): queue.put_nowait(text)
                async def receiver():
                    while True:
                        text = await queue.get()
                        if text == "die": raise KeyError("choices")
                        js_module.displayResponse(f"{text} {starts}")
                async def main():
                    global starts
                    starts += 1
                    asyncio.get_running_loop().create_task(receiver())
                    while True: await asyncio.sleep(1)
                """
            )
            #expect(try await Script.text(of: session.send("one")) == "one 1")
            let dying = session.send("die")
            await #expect(throws: ChatFailure.self) { for try await _ in dying {} }
            guard case .failed(let failure) = dying.end else {
                Issue.record("not failed")
                return
            }
            #expect(failure.message.contains("KeyError"))
            #expect(try await Script.text(of: session.send("two")) == "two 2")
        }
    }

    @Test func `A script that dies before it takes a message is given up`() async throws {
        await #expect(processExitsWith: .success) {
            let session = try Script.session(
                """
                import asyncio
                def sender_message_proxy(key, text): pass
                async def main():
                    await asyncio.sleep(0)
                    raise ValueError("at once")
                """
            )
            _ = try await session.start()
            var notices: [String] = []
            await #expect(throws: ChatFailure.self) {
                for try await event in session.background {
                    if case .notice(let text) = event { notices.append(text) }
                }
            }
            #expect(notices.count == 2)
            guard case .failed(let failure) = session.background.end else {
                Issue.record("not given up")
                return
            }
            #expect(failure.message.contains("stopped twice"))
        }
    }

    @Test func `A script that cancels its own main is started again`() async {
        await #expect(processExitsWith: .success) {
            let session = try Script.session(
                """
                import asyncio, amaru
                queue = asyncio.Queue()
                def sender_message_proxy(key, text):
                    queue.put_nowait((amaru.current_turn(), text))
                async def main():
                    while True:
                        turn, text = await queue.get()
                        if text == "cancel":
                            for task in asyncio.all_tasks(): task.cancel()
                            await asyncio.sleep(0)
                        turn.text(text)
                        turn.finished()
                """
            )
            let turn = session.send("cancel")
            await #expect(throws: ChatFailure.self) { for try await _ in turn {} }
            #expect(try await Script.text(of: session.send("on")) == "on")
        }
    }
}
