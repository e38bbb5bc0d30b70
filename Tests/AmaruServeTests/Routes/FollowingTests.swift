// Pages that follow a turn, leave and come back.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
import AmaruEnvironment
import AmaruTesting
import Testing

@testable import AmaruServe

@Suite(.timeLimit(.minutes(5))) struct FollowingTests {
    @Test func `Two pages that come back at 20 moments miss nothing, and the script runs once`()
        async
    {
        await #expect(processExitsWith: .success) {
            let served = try await ServedScript(
                """
                import amaru, asyncio
                @amaru.reply
                async def answer(message):
                    with open(f"{folder}/runs", "a") as file: file.write("x")
                    for number in range(300):
                        if number % 10 == 0: yield amaru.Reasoning(f"thought {number} \u{1F600} ")
                        if number % 50 == 0: amaru.notice(f"notice {number}")
                        yield f"{' ' if number else ''}w{number}"
                        await asyncio.sleep(0.004)
                """
            )
            let turn = try await served.page.begin("go", in: served.page.converse())
            let pages = try await withThrowingTaskGroup(of: FollowedPage.self) { group in
                for seed in 1...2 {
                    group.addTask {
                        var generator = SeededGenerator(seed: UInt64(seed))
                        var page = FollowedPage()
                        for _ in 0..<20 where page.end == nil {
                            var left = Int.random(in: 1...9, using: &generator)
                            try await served.page.follow(turn, after: page.lastID) { event in
                                left -= 1
                                return try page.take(event) && left > 0
                            }
                        }
                        guard page.end == nil else { return page }
                        try await served.page.follow(turn, after: page.lastID) {
                            try page.take($0)
                        }
                        return page
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            for page in pages {
                #expect(page.gaps == 0)
                #expect(page.text == (0..<300).map { "w\($0)" }.joined(separator: " "))
                let thoughts = (0..<30).map { "thought \($0 * 10) \u{1F600} " }
                #expect(page.reasoning == thoughts.joined())
                #expect(page.notices == (0..<6).map { "notice \($0 * 50)" })
                #expect(page.end == "finished")
                // The browser stops to connect again.
                let status = try await served.page.follow(turn, after: page.lastID) { _ in true }
                #expect(status == 204)
            }
            #expect(served.note("runs") == "x")
        }
    }

    @Test func `A page that goes stops nothing, and Stop reaches the script`() async {
        await #expect(processExitsWith: .success) {
            let served = try await ServedScript(
                """
                import amaru, asyncio
                go_on = asyncio.Event()
                @amaru.reply
                async def answer(message):
                    if message == "go on": go_on.set()
                    yield f"{message} begun"
                    try:
                        if message == "stop": await asyncio.Event().wait()
                    except asyncio.CancelledError:
                        with open(f"{folder}/stopped", "w") as file: file.write(message)
                        raise
                    await go_on.wait()
                    yield " and ended"
                """
            )
            let page = served.page
            let conversation = try await page.converse()
            let left = try await page.begin("left", in: conversation)
            try await page.follow(left) { _ in false }
            let other = try await page.converse()
            try await page.ask("go on", in: other)
            #expect(try await page.watch(left).text == "left begun and ended")

            let stopped = try await page.begin("stop", in: conversation)
            var shown = FollowedPage()
            try await page.follow(stopped) { event in
                let goesOn = try shown.take(event)
                return goesOn && shown.text.isEmpty
            }
            #expect(try await page.send("POST", "turns/\(stopped)/stop").status == 204)
            try await page.follow(stopped, after: shown.lastID) { try shown.take($0) }
            #expect(shown.end == "stopped")
            while served.note("stopped").isEmpty { await Task.yield() }
            #expect(try await page.send("POST", "turns/\(stopped)/stop").status == 204)
            let kept = try await page.show(conversation)
            #expect(kept.turns.map(\.state) == ["finished", "stopped"])
            #expect(kept.turns[1].blocks.joined().contains("stop begun"))
            #expect(!kept.turns[1].blocks.joined().contains("ended"))
        }
    }

    @Test func `A turn whose log is gone is shown as a whole, and once`() async {
        await #expect(processExitsWith: .success) {
            let served = try await ServedScript(
                """
                import amaru
                @amaru.reply
                def answer(message):
                    yield amaru.Reasoning("hm")
                    yield message * 2
                    if message == "fail": raise ValueError("broken")
                """
            ) { $0.limits.endedTurns = 0 }
            let page = served.page
            let conversation = try await page.converse()
            for (message, end) in [("ok", "finished"), ("fail", "failed")] {
                let (turn, first) = try await page.ask(message, in: conversation)
                #expect(first.end == end)
                // What is here once the log is gone, and the answer is written down.
                var again = FollowedPage()
                repeat {
                    again = first
                    again.end = nil
                    again.blocks = ["another answer"]
                    try await page.follow(turn, after: "\(turn).1") { try again.take($0) }
                } while again.end == "interrupted" || again.end == nil
                #expect(again.blocks == first.blocks && again.reasoning == first.reasoning)
                #expect(again.end == first.end)
                let status = try await page.follow(turn, after: again.lastID) { _ in true }
                #expect(status == 204)
                #expect(try await page.follow(turn, after: "0.1") { _ in false } == 200)
            }
        }
    }

    @Test func `Those who follow are told of the server's end, and the turn is interrupted`()
        async
    {
        await #expect(processExitsWith: .success) {
            let served = try await ServedScript(
                """
                import amaru, asyncio
                @amaru.reply
                async def answer(message):
                    yield "begun"
                    await asyncio.Event().wait()
                """
            )
            let page = served.page
            let conversation = try await page.converse()
            let turn = try await page.begin("a", in: conversation)
            var told: [String] = []
            try await page.follow(turn) { event in
                told.append(event.name)
                served.ending.set(())
                return true
            }
            #expect(told.last == "status")
            await served.hub.end(within: .seconds(60))
            #expect(try await page.watch(turn).end == "interrupted")
            let kept = try await page.show(conversation).turns
            #expect(kept.map(\.state) == ["interrupted"])
            #expect(kept.first?.blocks.joined().contains("begun") == true)
            #expect(try await page.say("b", in: conversation).status == 503)
        }
    }
}
