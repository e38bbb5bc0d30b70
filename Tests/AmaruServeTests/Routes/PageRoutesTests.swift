// The page's API: conversations, messages, refusals.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
import AmaruStore
import AmaruTesting
import Testing

@testable import AmaruServe

@Suite(.timeLimit(.minutes(5))) struct PageRoutesTests {
    static let echo = """
        import amaru
        @amaru.reply
        async def answer(message, history):
            with open(f"{folder}/runs", "a") as file: file.write(message)
            yield f"{message} after {[m['content'] for m in history]}"
        """

    @Test func `A request that is sent again makes no second turn`() async {
        await #expect(processExitsWith: .success) {
            let served = try await ServedScript(Self.echo) { $0.limits.endedTurns = 1 }
            let page = served.page
            let conversation = try await page.converse()
            let replies = try await withThrowingTaskGroup(of: HTTPProbe.Reply.self) { group in
                for _ in 0..<6 {
                    group.addTask { try await page.say("x", in: conversation, request: "r") }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            let turns = try Set(replies.map { try $0.decoded(PageClient.Begun.self).turn })
            #expect(turns.count == 1)
            #expect(replies.map(\.status).sorted() == [200, 200, 200, 200, 200, 202])
            _ = try await page.watch(try #require(turns.first))
            // Also when its log is gone.
            try await page.ask("y", in: conversation)
            try await page.ask("z", in: conversation)
            let again = try await page.say("x", in: conversation, request: "r")
            #expect(again.status == 200)
            #expect(try again.decoded(PageClient.Begun.self).turn == turns.first)
            // The same name in another conversation is another request.
            let other = try await page.say("x", in: page.converse(), request: "r")
            #expect(other.status == 202)
            _ = try await page.watch(other.decoded(PageClient.Begun.self).turn)
            #expect(served.note("runs") == "xyzx")
        }
    }

    @Test func `The files of an answer are sent as what a browser may have`() async {
        await #expect(processExitsWith: .success) {
            let served = try await ServedScript(
                """
                import amaru
                @amaru.reply
                async def answer(message):
                    yield amaru.Attachment("../plot 1.png", "image/png", bytes([137, 80, 78]))
                    yield amaru.Attachment('a"é.html', "text/html", b"<script>1</script>")
                    amaru.notice("two files")
                """
            ) { $0.limits.endedTurns = 1 }
            let page = served.page
            let conversation = try await page.converse()
            let (turn, shown) = try await page.ask("go", in: conversation)
            #expect(shown.files == ["../plot 1.png", "a\"é.html"])
            let whole = try await page.show(conversation).turns
            #expect(whole.first?.files.map(\.name) == shown.files)
            #expect(whole.first?.files.map(\.size) == [3, 18])
            #expect(whole.first?.notices == ["two files"])
            let picture = try await page.send("GET", "turns/\(turn)/files/0")
            #expect(picture.field("content-type") == "image/png")
            #expect(
                picture.field("content-disposition")
                    == "attachment; filename*=UTF-8''plot%201.png"
            )
            let other = try await page.send("GET", "turns/\(turn)/files/1")
            #expect(other.body == "<script>1</script>")
            #expect(other.field("content-type") == "application/octet-stream")
            #expect(
                other.field("content-disposition")
                    == "attachment; filename*=UTF-8''a%22%C3%A9.html"
            )
            #expect(other.field("content-security-policy") == "default-src 'none'; sandbox")
            #expect(other.field("x-content-type-options") == "nosniff")
            for path in ["files/2", "files/-1", "files/x", "files/+1", "files/01", "files/%201"] {
                #expect(try await page.send("GET", "turns/\(turn)/\(path)").status == 404)
            }
            var others = page
            others.owner = "other"
            #expect(try await others.send("GET", "turns/\(turn)/files/0").status == 404)
            // The store keeps no files of answers.
            try await page.ask("again", in: conversation)
            // It may be forgotten a moment after the last event of the next.
            var status = 200
            for _ in 0..<1000 where status == 200 {
                status = try await page.send("GET", "turns/\(turn)/files/0").status
            }
            #expect(status == 410)
        }
    }

    @Test func `The files of an answer are there beside a long text, up to a limit`() async {
        await #expect(processExitsWith: .success) {
            let served = try await ServedScript(
                """
                import amaru
                @amaru.reply
                async def answer(message):
                    yield amaru.Attachment("a.bin", "x/y", b"a" * (9 << 20))
                    for _ in range(90):
                        yield amaru.Reasoning("x" * 100_000)
                    yield amaru.Attachment("b.bin", "x/y", b"b" * (6 << 20))
                    yield "both"
                    yield amaru.Attachment("c.bin", "x/y", bytes(int(message) << 20))
                """
            )
            let page = served.page
            let conversation = try await page.converse()
            for (size, failure) in [("0", false), ("30", true)] {
                let (turn, shown) = try await page.ask(size, in: conversation)
                for (number, bytes) in [9, 6].enumerated() {
                    let file = try await page.send("GET", "turns/\(turn)/files/\(number)")
                    #expect(file.status == 200)
                    #expect(file.body.utf8.count == bytes << 20)
                }
                let last = try await page.send("GET", "turns/\(turn)/files/2")
                #expect(last.status == (failure ? 404 : 200))
                let whole = try await page.show(conversation).turns
                #expect(shown.end == (failure ? "failed" : "finished"))
                let limit =
                    #"cannot add \"c.bin\" (30.0 MiB): the files of an answer may have 16 MiB "#
                    + "in all, and there are 15.0 MiB already; send fewer or smaller ones"
                let text = try await page.send("GET", "conversations/\(conversation)").body
                #expect(text.contains(limit) == failure)
                #expect(!text.contains("fix the script"))
                #expect(whole.last?.files.first?.name == "a.bin")
            }
        }
    }

    @Test func `What is another owner's is refused as what does not exist`() async {
        await #expect(processExitsWith: .success) {
            let served = try await ServedScript(Self.echo) { $0.limits.endedTurns = 1 }
            let mine = served.page
            var theirs = mine
            theirs.owner = "other"
            let conversation = try await mine.converse()
            // One whose log is gone, and one whose log is here.
            let (old, _) = try await mine.ask("a", in: conversation)
            let (turn, _) = try await mine.ask("b", in: conversation)
            let empty = try await mine.converse()
            for (name, number) in [
                (conversation, turn), (conversation, old), (empty, turn), ("unknown", 1),
            ] {
                let message = #"{"message":"m","request":"r"}"#
                let replies = [
                    try await theirs.send("GET", "conversations/\(name)"),
                    try await theirs.send("PATCH", "conversations/\(name)", #"{"title":"t"}"#),
                    try await theirs.send("PATCH", "conversations/\(name)", #"{"head":\#(turn)}"#),
                    try await theirs.send("DELETE", "conversations/\(name)"),
                    try await theirs.send("POST", "conversations/\(name)/turns", message),
                    try await theirs.send("GET", "turns/\(number)/events"),
                    try await theirs.send("POST", "turns/\(number)/stop"),
                ]
                for (index, reply) in replies.enumerated() {
                    let what = "\(name) \(number) \(index): \(reply.body)"
                    #expect(reply.status == 404, "\(what)")
                    #expect(reply.body == replies[0].body, "\(what)")
                }
            }
            // The other's turn is not to be branched from either.
            let own = try await theirs.converse()
            #expect(try await theirs.say("m", in: own, #","parent":\#(turn)"#).status == 404)
            let listed: PageClient.Listed = try await theirs.send("GET", "conversations").decoded()
            #expect(listed.conversations.isEmpty)
            let found: PageClient.Listed = try await theirs.send(
                "GET",
                "conversations?search=after"
            ).decoded()
            #expect(found.conversations.isEmpty)
            #expect(try await mine.show(conversation).turns.count == 2)
            #expect(served.note("runs") == "ab")
        }
    }

    @Test(arguments: [true, false])
    func `A conversation has branches, a title, and an end`(isKept: Bool) async {
        await #expect(processExitsWith: .success) { [isKept] in
            let served = try await ServedScript(
                Self.echo,
                store: isKept ? "store/conversations.db" : nil
            )
            let page = served.page
            let id = try await page.converse()
            #expect(try await page.show(id).turns.isEmpty)
            let (first, _) = try await page.ask("one", in: id)
            let (second, shown) = try await page.ask("two", in: id)
            #expect(shown.text.contains("two after ['one', 'one after []']"))
            let (third, branched) = try await page.ask("three", in: id, #","parent":\#(first)"#)
            #expect(branched.text.contains("three after ['one', 'one after []']"))
            let (root, alone) = try await page.ask("root", in: id, #","parent":null"#)
            #expect(alone.text == "root after []")
            #expect(try await page.show(id).turns.map(\.id) == [root])

            let head = try await page.send("PATCH", "conversations/\(id)", #"{"head":\#(first)}"#)
            #expect(head.status == 204)
            let branch = try await page.show(id)
            #expect(branch.turns.map(\.id) == [first, third])
            #expect(branch.turns.map(\.questions) == [[first, root], [second, third]])
            #expect(branch.turns.map(\.answers) == [[first], [third]])
            #expect(branch.title == "one")

            // The same question again has another answer.
            let (again, _) = try await page.ask("one", in: id, #","parent":null"#, request: "2")
            let newest = try #require(try await page.show(id).turns.first)
            #expect(newest.id == again && newest.request?.hasSuffix(" 2") == true)
            #expect(newest.questions == [again, root] && newest.answers == [first, again])
            _ = try await page.send("PATCH", "conversations/\(id)", #"{"head":\(root)}"#)
            #expect(try await page.show(id).turns[0].questions == [again, root])

            let title = try await page.send("PATCH", "conversations/\(id)", #"{"title":" A  b "}"#)
            #expect(title.status == 204)
            #expect(try await page.show(id).title == "A b")
            let found: PageClient.Listed =
                try await page.send("GET", "conversations?search=root&limit=5").decoded()
            #expect(found.conversations.map(\.id) == [id])
            let other = try await page.converse()
            try await page.ask("other", in: other)
            let last: PageClient.Listed =
                try await page.send("GET", "conversations?limit=1").decoded()
            #expect(last.conversations.map(\.id) == [other] && last.more)

            #expect(try await page.send("DELETE", "conversations/\(id)").status == 204)
            #expect(try await page.send("GET", "conversations/\(id)").status == 404)
            #expect(try await page.send("GET", "turns/\(second)/events").status == 404)
            // Nothing that is removed breaks what is kept afterwards.
            try await page.ask("still", in: other)
            #expect(try await page.show(other).turns.count == 2)
            #expect(served.store?.hasFailed != true)
        }
    }

    @Test func `The time that a turn took stays the same`() async {
        await #expect(processExitsWith: .success) {
            let served = try await ServedScript(Self.echo) { $0.limits.endedTurns = 1 }
            let page = served.page
            let id = try await page.converse()
            var times: [Int?] = []
            for message in ["a", "b", "c"] {
                times.append(try await page.ask(message, in: id).page.milliseconds)
                // Those of former turns are in the store alone.
                #expect(try await page.show(id).turns.map(\.ms) == times)
            }
            #expect(!times.contains(nil))
        }
    }

    @Test func `What makes no sense is refused with what is wrong`() async {
        await #expect(processExitsWith: .success) {
            let served = try await ServedScript(Self.echo)
            let page = served.page
            let id = try await page.converse()
            let long = String(repeating: "x", count: 101)
            let table: [(String, Int, String)] = [
                ("", 400, "must be a JSON object"),
                ("[1", 400, "not valid JSON"),
                ("[]", 400, "must be a JSON object"),
                (#"{"message":"m"}"#, 400, "request is required"),
                (#"{"message":1,"request":"r"}"#, 400, "message must be text"),
                (#"{"message":" \n","request":"r"}"#, 400, "must be text that is not empty"),
                (#"{"message":"m","request":""}"#, 400, "1 to 100 bytes"),
                (#"{"message":"m","request":"\#(long)"}"#, 400, "1 to 100 bytes"),
                (#"{"message":"m","request":"r","parent":"x"}"#, 400, "parent must be an integer"),
                (#"{"message":"m","request":"r","parent":7}"#, 404, "nothing of that name"),
                (String(repeating: "[", count: 100_000), 400, "not valid JSON"),
                (#""\#(String(repeating: "x", count: 2 << 20))""#, 413, "larger than 1024 KiB"),
            ]
            for (body, status, words) in table {
                let reply = try await page.send("POST", "conversations/\(id)/turns", body)
                #expect(reply.status == status, "\(body.prefix(60))")
                let failed = try reply.decoded(PageClient.Failed.self)
                #expect(failed.error.message.contains(words), "\(failed.error.message)")
            }
            let form = try await page.send(
                "POST",
                "conversations/\(id)/turns",
                #"{"message":"m","request":"r"}"#,
                type: "text/plain"
            )
            #expect(form.status == 415)
            for title in ["", " ", String(repeating: "x", count: 201)] {
                let body = #"{"title":"\#(title)"}"#
                #expect(try await page.send("PATCH", "conversations/\(id)", body).status == 400)
            }
            for turn in ["x", "1.5", "99999999999999999999"] {
                #expect(try await page.send("GET", "turns/\(turn)/events").status == 404)
            }
            #expect(served.note("runs").isEmpty)
            let state = try await page.send("GET", "state")
            #expect(state.body.contains(#""fault":null"#) && state.status == 200)
            #expect(state.field("cache-control") == "no-store")
        }
    }
}
