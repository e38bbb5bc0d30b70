// What a hub takes, keeps and refuses.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
import AmaruStore
import AmaruTesting
import Testing

@testable import AmaruServe

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

@Suite(.timeLimit(.minutes(5))) struct TurnHubTests {
    static let waiting = """
        import amaru, asyncio
        go_on = asyncio.Event()
        @amaru.reply
        async def answer(message):
            yield f"{message} begun"
            if message == "go": go_on.set()
            await go_on.wait()
            yield " ended"
        """

    @Test func `More messages than there is room for are told to come back`() async {
        await #expect(processExitsWith: .success) {
            let served = try await ServedScript(
                Self.waiting,
                limits: TurnLimits(open: 2, waiting: 1)
            )
            let page = served.page
            var turns: [Int64] = []
            for name in ["a", "b", "c"] {
                turns.append(try await page.begin(name, in: page.converse()))
            }
            let conversation = try await page.converse()
            let refused = try await page.say("d", in: conversation)
            #expect(refused.status == 429)
            #expect(refused.field("retry-after") != nil)
            #expect(try refused.decoded(PageClient.Failed.self).error.code == "busy")
            // Not half begun either: the same request is taken once there is room.
            #expect(try await page.show(conversation).turns.isEmpty)
            _ = try await page.send("POST", "turns/\(turns[0])/stop")
            let taken = try await page.begin("go", in: conversation, request: "d")
            _ = try await page.send("POST", "turns/\(turns[1])/stop")
            #expect(try await page.watch(taken).text == "go begun ended")
            #expect(try await page.watch(turns[2]).text == "c begun ended")
        }
    }

    @Test func `No user takes the whole queue`() async {
        await #expect(processExitsWith: .success) {
            let served = try await ServedScript(Self.waiting) { $0.limits.openTurns = 3 }
            var (ann, bob) = (served.page, served.page)
            (ann.owner, bob.owner) = ("ann", "bob")
            for name in ["a", "b"] { _ = try await ann.begin(name, in: ann.converse()) }
            #expect(try await ann.say("c", in: ann.converse()).status == 429)
            let question = ServedQuestion(question: "c")
            await #expect(throws: HubError.self) {
                try await served.hub.open(question, owner: "ann")
            }
            try await bob.ask("go", in: bob.converse())
        }
    }

    @Test func `A message waits for the answer before it in its conversation`() async {
        await #expect(processExitsWith: .success) {
            let served = try await ServedScript(Self.waiting)
            let page = served.page
            let id = try await page.converse()
            let first = try await page.begin("a", in: id)
            for rest in ["", #","parent":\#(first)"#] {
                #expect(try await page.say("b", in: id, request: "b", rest).status == 409)
            }
            // Another branch does not.
            try await page.ask("go", in: id, #","parent":null"#)
            _ = try await page.watch(first)
            #expect(try await page.say("b", in: id, #","parent":\#(first)"#).status == 202)
        }
    }

    @Test(arguments: [String?.none, "file/conversations.db"])
    func `Without a store, and with one that fails, the conversation goes on in memory`(
        store: String?
    ) async {
        await #expect(processExitsWith: .success) { [store] in
            let served = try await ServedScript(PageRoutesTests.echo, store: store) {
                $0.limits.conversations = 2
            } preparing: {
                // Where the store's folder should be.
                try Data("x".utf8).write(to: $0.appending(path: "file"))
            }
            let page = served.page
            var all: [String] = []
            for name in ["a", "b", "c"] {
                let id = try await page.converse()
                all.append(id)
                try await page.ask(name, in: id)
                let (_, second) = try await page.ask("again", in: id)
                #expect(second.text.contains("again after ['\(name)', '\(name) after []']"))
            }
            #expect(try await page.show(all[2]).turns.map(\.state) == ["finished", "finished"])
            // The oldest is forgotten.
            #expect(try await page.send("GET", "conversations/\(all[0])").status == 404)
            let listed: PageClient.Listed = try await page.send("GET", "conversations").decoded()
            #expect(listed.conversations.map(\.id) == [all[2], all[1]])
            let found: PageClient.Listed =
                try await page.send("GET", "conversations?search=B%20AGAIN").decoded()
            #expect(found.conversations.map(\.id) == [all[1]])
        }
    }

    @Test func `An answer that is too long ends, and the script with it`() async {
        await #expect(processExitsWith: .success) {
            let served = try await ServedScript(
                """
                import amaru, asyncio
                @amaru.reply
                async def answer(message):
                    try:
                        while message == "on":
                            yield "x" * 1000
                            await asyncio.sleep(0)
                    finally:
                        with open(f"{folder}/ended", "w") as file: file.write("x")
                """
            ) { $0.limits.turn = 200_000 }
            let (_, page) = try await served.page.ask("on", in: served.page.converse())
            #expect(page.end == "failed")
            while served.note("ended").isEmpty { await Task.yield() }
        }
    }

    @Test func `After a kill the partial answer is there, and marked`() async throws {
        let folder = try TemporaryFolder()
        let source = """
            import amaru, asyncio
            @amaru.reply
            async def answer(message):
                yield "the first part"
                await asyncio.Event().wait()
            """
        await #expect(processExitsWith: .signal(SIGKILL)) {
            [path = folder.path as String, source = source as String] in
            let served = try await ServedScript(source, at: path)
            let page = served.page
            let id = try await page.converse()
            let turn = try await page.begin("go", in: id)
            try await page.follow(turn) { $0.name != "block" }
            // Until it is written down.
            var log = ""
            while log.isEmpty {
                log =
                    await served.store?.read { store throws(StoreError) in
                        try store.log(of: turn).map(\.data).joined()
                    } ?? ""
            }
            kill(getpid(), SIGKILL)
        }
        await #expect(processExitsWith: .success) {
            [path = folder.path as String, source = source as String] in
            // As on a full disk: the end of the turn cannot be written after what is there, which
            // is longer than this. Before the server starts, which opens the store at some time.
            signal(SIGXFSZ, SIG_IGN)
            var full = rlimit(rlim_cur: 32 << 10, rlim_max: rlim_t(Int.max))
            setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &full)
            let served = try await ServedScript(source, at: path)
            let page = served.page
            let listed: PageClient.Listed = try await page.send("GET", "conversations").decoded()
            let id = try #require(listed.conversations.first?.id)
            let shown = try #require(try await page.show(id).turns.first)
            #expect(shown.state == "interrupted")
            #expect(shown.blocks.joined().contains("the first part"))
            #expect(try await page.watch(shown.id).end == "interrupted")
            let written = await served.store?.read { store throws(StoreError) in
                try store.load(id)?.turns.first?.state
            }
            #expect(written == .running)
        }
        await #expect(processExitsWith: .success) {
            [path = folder.path as String, source = source as String] in
            let served = try await ServedScript(source, at: path)
            let page = served.page
            let listed: PageClient.Listed = try await page.send("GET", "conversations").decoded()
            let id = try #require(listed.conversations.first?.id)
            let shown = try #require(try await page.show(id).turns.first)
            #expect(shown.state == "interrupted")
            #expect(shown.blocks.joined().contains("the first part"))
            let followed = try await page.watch(shown.id)
            #expect(followed.end == "interrupted" && followed.text == "the first part")
        }
    }
}
