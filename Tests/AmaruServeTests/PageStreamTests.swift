// An answer that comes in pieces, as a page shows it.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
import AmaruMarkdown
import AmaruTesting
import Testing

@testable import AmaruServe

@Suite(.timeLimit(.minutes(10))) struct PageStreamTests {
    @Test(arguments: 0..<20)
    func `The page comes to the whole answer, however it was cut`(_ group: Int) {
        for number in 0..<15 {
            let seed = UInt64(500_000 + group * 15 + number)
            var random = RandomMarkdown(random: SeededGenerator(seed: seed))
            let text = random.text(lines: 16)
            var stream = AnswerStream()
            var page = ShownPage()
            for piece in random.cut(text) {
                stream.take(.text(piece))
                guard Bool.random(using: &random.random) else { continue }
                for event in stream.changes() { page.show(event) }
            }
            stream.finish(.finished(reason: "stop"))
            for event in stream.changes() { page.show(event) }
            #expect(page.blocks == HTMLRenderer.blocks(text), "\(seed) \(text.debugDescription)")
            #expect(page.blocks == stream.blocks)
            #expect(page.end?.state == "finished")
        }
    }

    @Test(arguments: 0..<10)
    func `A page that comes back after any event misses and repeats nothing`(_ group: Int) {
        for number in 0..<8 {
            let seed = UInt64(600_000 + group * 8 + number)
            var random = RandomMarkdown(random: SeededGenerator(seed: seed))
            let text = random.text(lines: 12)
            let events =
                random.cut(text).map { TurnEvent.text($0) } + [.reasoning("äö"), .notice("n")]
            let cut = Int.random(in: 0...events.count, using: &random.random)
            var page = ShownPage()
            var first = AnswerStream()
            for event in events[..<cut] { first.take(event) }
            for event in first.changes() { page.show(event) }
            var second = AnswerStream()
            for event in events[..<cut] { second.take(event) }
            second.skip()
            for event in events[cut...] {
                second.take(event)
                let changes = second.changes()
                for change in changes { page.show(change) }
                // What comes twice changes nothing.
                let before = page
                for change in changes { page.show(change) }
                #expect(page == before, "\(seed)")
            }
            second.finish(.cancelled)
            for event in second.changes() { page.show(event) }
            #expect(page.blocks == HTMLRenderer.blocks(text), "\(seed) \(text.debugDescription)")
            #expect(page.reasoning == "äö")
            #expect(page.notices == ["n"])
        }
    }

    @Test func `A page that comes back gets what may still change as a whole`() {
        var stream = AnswerStream()
        stream.take(.text("a *b"))
        stream.skip()
        #expect(stream.changes() == [.block(0, html: "<p>a *b</p>")])
        stream.take(.text("c*\n\n```\nd"))
        stream.skip()
        let code = stream.changes()
        guard case .block(1, let html) = code.first, code.count == 1 else {
            Issue.record("\(code)")
            return
        }
        #expect(html.contains("<code>d\n</code>"))
    }

    @Test func `A page that comes back gets no finished line of code again`() {
        var stream = AnswerStream()
        stream.take(.text("a\n\n```\nb\nc"))
        stream.skip()
        #expect(stream.changes() == [.code(1, at: 2, text: "c\n")])
        stream.take(.text("d\n"))
        #expect(stream.changes() == [.code(1, at: 2, text: "cd\n")])
    }

    @Test(arguments: 0..<10)
    func `A block that another follows stays until the end`(_ group: Int) {
        for number in 0..<15 {
            let seed = UInt64(700_000 + group * 15 + number)
            var random = RandomMarkdown(random: SeededGenerator(seed: seed))
            var stream = AnswerStream()
            var page = ShownPage()
            for piece in random.cut(random.text(lines: 16)) {
                let closed = stream.blocks.dropLast()
                stream.take(.text(piece))
                for event in stream.changes() { page.show(event) }
                #expect(page.blocks.starts(with: closed), "\(seed)")
            }
        }
    }

    @Test func `Code that grows is sent by what is added`() {
        var stream = AnswerStream()
        var page = ShownPage()
        var sent = 0
        stream.take(.text("```swift\n"))
        for number in 0..<500 {
            stream.take(.text("let value\(number)"))
            for event in stream.changes() {
                (sent += event.sent.data?.count ?? 0, page.show(event)).1
            }
            stream.take(.text(" = \"😀\(number)\"\n"))
            for event in stream.changes() {
                (sent += event.sent.data?.count ?? 0, page.show(event)).1
            }
        }
        stream.take(.text("```\n\nDone"))
        stream.finish(.finished(reason: "stop"))
        for event in stream.changes() { page.show(event) }
        #expect(page.blocks == stream.blocks)
        #expect(page.blocks.count == 2)
        #expect(sent < 100_000, "\(sent)")
    }

    @Test(arguments: [2, -2])
    func `A delay may be longer than its seconds can be asked for`(_ factor: Int) {
        var stream = AnswerStream()
        let delay = Duration(secondsComponent: .max, attosecondsComponent: 0) * factor
        stream.take(.retrying(reason: "busy", delay: delay, attempt: 1, attempts: 2))
        let data = "\(stream.changes().first?.sent.data ?? "")"
        #expect(data.contains("busy; trying again in \(factor > 0 ? 3_200_000_000 : 0) s"))
    }

    @Test func `Replies of a script are texts of their own`() {
        var stream = AnswerStream()
        stream.take(.text("a"))
        stream.take(.display("```\nopen"))
        stream.take(.display("[x]\n\n[x]: https://b.test"))
        stream.finish(.finished(reason: "stop"))
        #expect(stream.blocks.count == 3)
        #expect(stream.blocks.last?.contains("href=\"https://b.test\"") == true)
    }

    @Test func `What is no text has events of its own, and the end comes once`() {
        var stream = AnswerStream()
        stream.take(.reasoning("Hm"))
        stream.take(.toolCall(name: "find", arguments: "{}"))
        #expect(stream.changes() == [.reasoning(at: 0, text: "Hm"), .status("Calling find …")])
        stream.take(.reasoning("m.\n"))
        stream.take(.notice("slow"))
        stream.take(.usage(prompt: 3, completion: 5))
        #expect(stream.changes() == [.reasoning(at: 2, text: "m.\n"), .notice(0, text: "slow")])
        let failure = ChatFailure(code: "connection", message: "no route", remedy: "look")
        stream.finish(.failed(failure), milliseconds: 12)
        stream.take(.text("late"))
        let end = PageEnd(
            state: "failed",
            prompt: 3,
            completion: 5,
            milliseconds: 12,
            blocks: 0
        )
        #expect(stream.changes() == [.error(failure), .done(end)])
        #expect(stream.changes() == [])
    }

    private static let ends: [(TurnEnd, String, String?)] = [
        (.finished(reason: "length"), "finished", "length"), (.cancelled, "stopped", nil),
        (.exited(0), "finished", "exit"), (.exited(3), "failed", "exit"),
    ]

    @Test(arguments: ends)
    func `Each end has a state`(_ end: TurnEnd, _ state: String, _ reason: String?) {
        var stream = AnswerStream()
        stream.finish(end)
        let events = stream.changes()
        #expect(events.last == .done(PageEnd(state: state, reason: reason, blocks: 0)))
        #expect(events.count == (end == .exited(3) ? 2 : 1))
    }

    @Test func `Data are one line of JSON`() {
        let done = PageEnd(state: "finished", reason: "stop", prompt: 1, completion: 2, blocks: 3)
        let events: [(PageEvent, String, String)] = [
            (.reset, "reset", "{}"),
            (.block(1, html: "<p>\"\n\r</p>"), "block", #"{"i":1,"html":"<p>\"\n\r</p>"}"#),
            (.code(2, at: 7, text: "x"), "code", #"{"i":2,"at":7,"text":"x"}"#),
            (.reasoning(at: 1, text: "a"), "reasoning", #"{"at":1,"text":"a"}"#),
            (.status("s"), "status", #"{"text":"s"}"#),
            (
                .done(done), "done",
                #"{"state":"finished","reason":"stop","blocks":3,"usage":{"prompt":1,"completion":2}}"#
            ),
        ]
        for (event, name, data) in events {
            #expect(event.sent == ServerEvent(name: name, data: OutgoingText(data)))
        }
    }

    @Test(arguments: HostileMarkdown.texts)
    func `Cut at every byte, nothing but the known elements comes`(_ text: String) {
        let bytes = Array(text.utf8)
        for cut in bytes.indices {
            var stream = AnswerStream()
            for piece in [bytes[..<cut], bytes[cut...]] {
                stream.take(.text(String(decoding: piece, as: UTF8.self)))
                check(stream.changes())
            }
            stream.finish(.finished(reason: "stop"))
            check(stream.changes())
        }
    }

    private func check(_ events: [PageEvent]) {
        for case .block(_, let html) in events {
            #expect(HTMLChecker.offences(in: html) == [], "\(html)")
        }
    }
}
