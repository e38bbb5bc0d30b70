// Conversations that go on in another run.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Foundation
import Testing

extension BuiltCommand {
    @Suite(.timeLimit(.minutes(5))) struct ContinueTests {
        let folder: TemporaryFolder

        init() throws { folder = try TemporaryFolder() }

        private func run(_ arguments: [String], input: String = "") async throws
            -> AmaruProcess.Result
        {
            try await AmaruProcess.run(arguments, input: input, in: folder)
        }

        /// The ids of the conversations that are kept.
        private func ids() async throws -> [String] {
            let listed = try await run(["history", "list"])
            return listed.output.split(separator: "\n").map { String($0.prefix { $0 != " " }) }
        }

        @Test func `A question goes on where the last one ended, or at an id`() async throws {
            let server = ScriptedServer((1...6).map { .chat("answer \($0)") })
            try await withChat(server) { options in
                #expect(try await run(options + ["-s", "Be brief.", "one"]).output == "answer 1\n")
                let id = try #require(try await ids().first)
                _ = try await run(options + ["-c", "two"])
                _ = try await run(options + ["--no-store", "-c"], input: "three")
                _ = try await run(options + ["another conversation"])
                _ = try await run(options + ["-c", String(id.prefix(6)), "four"])
                let last = try await run(options + ["five", "--continue=\(id)"])
                #expect(last.status == .exited(0), "\(last)")
            }
            let asked = try server.requests.map { try ChatBody($0).messages }
            let begin = ["Be brief.", "one", "answer 1"]
            let kept = begin + ["two", "answer 2"]
            #expect(asked[1].map(\.content) == begin + ["two"])
            #expect(asked[1].map(\.role) == ["system", "user", "assistant", "user"])
            // What was said without the store is not part of what goes on.
            #expect(asked[2].map(\.content) == kept + ["three"])
            #expect(asked[3].map(\.content) == ["another conversation"])
            #expect(asked[4].map(\.content) == kept + ["four"])
            #expect(asked[5].map(\.content) == kept + ["four", "answer 5", "five"])
            #expect(try await ids().count == 2)
        }

        @Test(
            "On a terminal the last exchange is shown where a conversation goes on",
            arguments: [
                ([], "\u{1B}[2m> two\u{1B}[0m"), (["--plain"], "\r\n> two\r\n"),
            ]
        )
        func lastExchange(options: [String], question: String) async throws {
            let long = (1...30).map { "line \($0)" }.joined(separator: "\n")
            let server = ScriptedServer([.chat("first"), .chat(long), .chat("more")])
            let terminal = try PseudoTerminal()
            try await withChat(server) { [folder] base in
                _ = try await run(base + ["one"])
                _ = try await run(base + ["-c", "two"])
                let chat = try AmaruProcess(base + options + ["-c"], on: terminal, in: folder)
                try await terminal.waitFor("going on with")
                try await terminal.waitFor("line 30")
                try await terminal.waitFor("> ")
                try terminal.send("three\r")
                try await terminal.waitFor("more")
                try terminal.send("\u{4}")
                #expect(try await chat.end() == .exited(0))
            }
            #expect(terminal.output.contains(question), "\(terminal.output)")
            #expect(terminal.output.contains("line 16") && !terminal.output.contains("line 15"))
            #expect(!terminal.output.contains("first"), "\(terminal.output)")
        }

        @Test func `Where there is none to go on with, that is said`() async throws {
            let none = try await run(["-c", "hello"])
            #expect(none.errors == "amaru: There is no conversation yet that could be continued.\n")
            #expect(none.status == .exited(1))
            try folder.write(
                "import amaru\n@amaru.reply\ndef answer(text): return 'said ' + text\n",
                to: "script.py"
            )
            #expect(try await run(["run", "script.py"], input: "hello\n").output == "said hello\n")
            let id = try #require(try await ids().first)
            let script = try await run(["--continue=\(id)", "more"])
            #expect(script.errors.contains("was with the script script.py"), "\(script)")
            #expect(script.errors.contains("amaru history show \(id)"), "\(script)")
            let unknown = try await run(["--continue=zzzz2", "more"])
            #expect(unknown.errors.contains("no conversation zzzz2"), "\(unknown)")
            let shown = try await run(["history", "show", id])
            #expect(shown.output.contains("said hello"), "\(shown)")
        }

        @Test func `A mistyped id is refused, and not sent as a part of the message`()
            async throws
        {
            let server = ScriptedServer(["one", "two", "three", "four"].map { .chat($0) })
            try await withChat(server) { options in
                _ = try await run(options + ["first"])
                let id = try #require(try await ids().first)
                let absent = id.hasPrefix("y2") ? "z3h" : "y2h"
                for word in [
                    "\(id.dropLast())1", id.dropLast() + "1x", "nosuchid00", "zzz9", absent,
                ] {
                    let refused = try await run(options + ["-c", String(word), "secret"])
                    #expect(refused.status == .exited(1), "\(word): \(refused)")
                    #expect(
                        refused.errors.contains("amaru -c -- \(word) …"),
                        "\(word): \(refused)"
                    )
                    let hasGuess = refused.errors.contains("Did you mean \(id) (first)?")
                    #expect(hasGuess == word.hasPrefix(id.prefix(8)), "\(word): \(refused)")
                }
                _ = try await run(options + ["-c", id.uppercased(), "second"])
                let third = try await run(options + ["-c", "--", "zzz9", "third"])
                let line = "amaru: going on with \(id): first (2 messages)\n"
                #expect(third.errors == line)
                // A short beginning needs a letter and a digit to be told from a word.
                let short = String(id.prefix(3))
                guard short.contains(where: \.isNumber), short.contains(where: \.isLetter) else {
                    return
                }
                let fourth = try await run(options + ["-c", short, "fourth", "--json"])
                #expect(fourth.errors.isEmpty, "\(fourth)")
                let last = try server.requests.last.map { try ChatBody($0).messages }
                #expect(last?.last?.content == "fourth")
                let pair = String(id.prefix(2))
                guard pair.contains(where: \.isNumber), pair.contains(where: \.isLetter) else {
                    return
                }
                let unclear = try await run(options + ["-c", pair, "secret"])
                #expect(unclear.errors.contains("amaru --continue=\(pair) …"), "\(unclear)")
            }
            let asked = try server.requests.map { try ChatBody($0).messages.map(\.content) }
            let begin = ["first", "one", "second"]
            #expect(asked.prefix(3) == [["first"], begin, begin + ["two", "zzz9 third"]])
        }

        @Test func `A question that failed is said, and goes on only if there is nothing else`()
            async throws
        {
            let refusal = ScriptedResponse.apiError("no", status: 400)
            let server = ScriptedServer([.chat("yes"), refusal, refusal, .chat("fine")])
            try await withChat(server) { options in
                _ = try await run(options + ["my colour is blue"])
                _ = try await run(options + ["oops"])
                _ = try await run(options + ["-c", "which?"])
                let last = try await run(options + ["-c", "and now?"])
                #expect(
                    last.errors.hasSuffix(
                        "\namaru: the last message has no answer and is not sent again: which?\n"
                    )
                )
            }
            let asked = try server.requests.map { try ChatBody($0).messages.map(\.content) }
            #expect(asked[2] == ["my colour is blue", "yes", "which?"])
            #expect(asked[3] == ["my colour is blue", "yes", "and now?"])
        }

        @Test func `That another server is asked than before is said`() async throws {
            let (first, second) = (ScriptedServer([.chat("one")]), ScriptedServer([.chat("two")]))
            try await withChat(first) { _ = try await run($0 + ["hello"]) }
            let result = try await withChat(second) { try await run($0 + ["-c", "again"]) }
            let line =
                "amaru: the whole conversation is now sent to \(second.url); \(first.url) "
                + "answered before\n"
            #expect(result.errors.hasSuffix(line), "\(result)")
        }

        @Test func `With --no-store nothing is left on the disk`() async throws {
            let server = ScriptedServer([.chat("fine")])
            let result = try await withChat(server) { options in
                try await run(options + ["--no-store", "hello"])
            }
            #expect(result.output == "fine\n", "\(result)")
            #expect(!FileManager.default.fileExists(atPath: folder.path + "/.local"))
        }

        @Test func `A branch whose answer was stopped before it began says so`() async throws {
            let (asked, never) = ([Gate(), Gate()], Gate())
            let server = ScriptedServer(
                asked.map { gate in
                    ScriptedResponse { _ in
                        gate.open()
                        return [.wait(never)]
                    }
                }
            )
            try await server.start()
            let terminal = try PseudoTerminal()
            let arguments = ["--base-url", "\(server.url)/v1"]
            let chat = try AmaruProcess(arguments, on: terminal, in: folder)
            for (line, gate) in zip(["one", "/retry"], asked) {
                try await terminal.waitFor("> ")
                try terminal.send(line + "\r")
                try await gate.wait()
                try terminal.send("\u{3}")
                try await terminal.waitFor("(stopped)")
            }
            try await terminal.waitFor("> ")
            try terminal.send("/branch\r")
            for number in 1...2 { try await terminal.waitFor("answer \(number)") }
            try await terminal.waitFor("> ")
            #expect(terminal.output.contains("(stopped) (1 message)"))
            #expect(!terminal.output.contains("still being answered"), "\(terminal.output)")
            try terminal.send("\u{4}")
            #expect(try await chat.end() == .exited(0))
            never.open()
            await server.shutDown()
        }

        @Test func `An answer is taken back, changed, asked for again, and found in its branch`()
            async throws
        {
            let server = ScriptedServer((1...9).map { .chat("answer \($0) is here") })
            try await server.start()
            let terminal = try PseudoTerminal()
            let arguments = ["--base-url", "\(server.url)/v1"]
            let chat = try AmaruProcess(arguments, on: terminal, in: folder)
            func say(_ line: String, _ expected: String) async throws {
                try await terminal.waitFor("> ")
                try terminal.send(line + "\r")
                try await terminal.waitFor(expected)
            }
            try await say("/retry", "nothing has been said yet")
            try await say("one", "answer 1 is here")
            try await say("two", "answer 2 is here")
            try await say("/retry", "answer 3 is here")
            try await say("/edit three", "answer 4 is here")
            try await say("/undo", "Taken back: three")
            try await say("four", "answer 5 is here")
            try await say("/branch", "* 4  four (2 messages)")
            try await say("/branch 2", "Branch 2: answer: answer 3 is here (2 messages)")
            try await say("five", "answer 6 is here")
            try await say("/branch 9", "there is no branch 9")
            try await say("/help", "/branch: list the branches")
            // The last message is put before the user, who adds to it.
            try await say("/edit", "five")
            try terminal.send(" and more\r")
            try await terminal.waitFor("answer 7 is here")
            try await terminal.waitFor("> ")
            try terminal.send("\u{4}")
            #expect(try await chat.end() == .exited(0))
            await server.shutDown()
            let asked = try server.requests.map { try ChatBody($0).messages.map(\.content) }
            let first = ["one", "answer 1 is here"]
            let third = ["two", "answer 3 is here"]
            #expect(
                asked == [
                    ["one"], first + ["two"], first + ["two"], first + ["three"],
                    first + ["four"], first + third + ["five"], first + third + ["five and more"],
                ]
            )
            let id = try #require(try await ids().first)
            let shown = try await run(["history", "show", id])
            let all = try await run(["history", "show", "--all", id])
            #expect(shown.output.contains("answer 7") && !shown.output.contains("answer 6"))
            for number in 1...7 { #expect(all.output.contains("answer \(number) "), "\(all)") }
        }

        @Test func `A stopped answer is kept, marked, and part of what goes on`() async throws {
            let server = ScriptedServer([
                .chat("partial answer", pauseAt: Gate()), .chat("next"),
            ])
            try await withChat(server) { options in
                let stopped = try AmaruProcess(options + ["one"], in: folder)
                try await stopped.waitForOutput("partial ")
                stopped.signal(SIGINT)
                #expect(try await stopped.end() == .interrupted)
                let shown = try await run(["history", "show", try #require(try await ids().first)])
                #expect(shown.output.contains("partial \n\n*(stopped)*"), "\(shown)")
                _ = try await run(options + ["-c", "two"])
            }
            let asked = try ChatBody(try #require(server.requests.last)).messages
            #expect(asked.map(\.content) == ["one", "partial ", "two"])
        }
    }
}
