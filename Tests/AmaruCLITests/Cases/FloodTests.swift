// A server that floods, into a slow terminal and into outputs that nobody reads.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

extension BuiltCommand {
    @Suite(.timeLimit(.minutes(5))) struct FloodTests {
        private static let flood = delta("a flood of text that never ends ")

        /// What a stop may take; it takes a hundredth of that on a machine with nothing else to do.
        private static let bound = Duration.seconds(3)

        /// Measures a stop, tells how long it took, and expects that to be soon.
        private func expectSoon(
            _ what: String,
            _ stop: () async throws -> Void
        ) async throws {
            let start = ContinuousClock.now
            try await stop()
            let time = start.duration(to: .now)
            print("\(what): stopped after \(time / .milliseconds(1)) ms")
            #expect(time < Self.bound)
        }

        #if os(Linux)
            /// Expects that a program takes no more memory over three seconds of flood, once its
            /// buffers are full.
            private func expectFlatMemory(of program: AmaruProcess) async throws {
                var growth = 0
                for _ in 0..<10 {
                    let before = try program.memory
                    try await Task.sleep(for: .seconds(3))
                    growth = try program.memory - before
                    print("\(before >> 10) KiB of memory, \(growth >> 10) KiB more after 3 s")
                    if growth < 1 << 20 { return }
                }
                Issue.record("\(growth) bytes more in three seconds")
            }
        #else
            private func expectFlatMemory(of program: AmaruProcess) async throws {}
        #endif

        // MARK: A slow terminal

        @Test func `A flood into a slow terminal is stopped by Ctrl-C, and the chat goes on`()
            async throws
        {
            let server = ScriptedServer([.flood(Self.flood), .chat("the next answer")])
            let terminal = try PseudoTerminal(pace: .bytesPerSecond(100_000))
            try await withChat(server) { options in
                let chat = try AmaruProcess(options, on: terminal)
                try await terminal.waitFor("> ")
                try terminal.send("hello\r")
                for _ in 0..<2000 { try await terminal.waitFor("never ends") }
                try await expectFlatMemory(of: chat)
                try await expectSoon("a slow terminal, Ctrl-C") {
                    let shown = terminal.screen.count
                    try terminal.send("\u{3}")
                    try await terminal.waitFor("\n> ")
                    // What the system held already, and no more.
                    #expect(terminal.screen.count - shown < 300_000)
                }
                try terminal.send("next\r")
                try await terminal.waitFor("the next answer")
                try await terminal.waitFor("> ")
                try terminal.send("\u{4}")
                #expect(try await chat.end() == .exited(0))
            }
        }

        @Test(arguments: [SIGINT, SIGTERM, SIGHUP])
        func `A flood into a slow terminal is ended by a signal`(_ signal: Int32) async throws {
            let terminal = try PseudoTerminal(pace: .bytesPerSecond(100_000))
            try await withChat(ScriptedServer([.flood(Self.flood)])) { options in
                let chat = try AmaruProcess(["hello"] + options, on: terminal)
                for _ in 0..<1000 { try await terminal.waitFor("never ends") }
                let expected: AmaruProcess.Status =
                    signal == SIGINT ? .interrupted : .signalled(signal)
                try await expectSoon("a slow terminal, signal \(signal)") {
                    chat.signal(signal)
                    let status = try await chat.end()
                    #expect(status == expected)
                }
            }
        }

        #if os(Linux)
            @Test func `An answer takes little more memory than its length`() async throws {
                let words = "a flood of text that never ends "
                let (first, second) = (1_500_000 / words.utf8.count, 8_000_000 / words.utf8.count)
                let (measured, ended) = (Gate(), Gate())
                let thousand = ScriptedResponse.Step.text(
                    String(repeating: delta(words), count: 1000)
                )
                let server = ScriptedServer([
                    ScriptedResponse(
                        [.text(ScriptedResponse.head("text/event-stream"))]
                            + Array(repeating: thousand, count: first / 1000)
                            + [.text(delta("[first]")), .wait(measured)]
                            + Array(repeating: thousand, count: second / 1000)
                            + [.text(delta("[second]")), .wait(ended)]
                    )
                ])
                let terminal = try PseudoTerminal()
                try await withChat(server) { options in
                    // As it is: to lay it out takes a debug build ten times as long.
                    let chat = try AmaruProcess(["hello", "--plain"] + options, on: terminal)
                    try await terminal.waitFor("[first]")
                    let before = try chat.memory
                    measured.open()
                    try await terminal.waitFor("[second]")
                    let bytes = second / 1000 * 1000 * words.utf8.count
                    let kept = Double(try chat.memory - before) / Double(bytes)
                    print("\(kept) bytes are kept for each of an answer")
                    // Once in the turn, for readers to come, and once in the history.
                    #expect(kept < 4)
                    chat.signal(SIGKILL)
                    _ = try await chat.end()
                    ended.open()
                }
            }
        #endif

        // MARK: Outputs that nobody reads

        @Test(arguments: [SIGINT, SIGTERM])
        func `A flood into a pipe that nobody reads is held back, and ended by a signal`(
            _ signal: Int32
        ) async throws {
            let reached = Gate()
            let server = ScriptedServer([.flood(Self.flood) { reached.open() }])
            try await withChat(server) { options in
                let chat = try AmaruProcess(["hello"] + options, pace: .held)
                try await reached.wait()
                try await expectFlatMemory(of: chat)
                let expected: AmaruProcess.Status =
                    signal == SIGINT ? .interrupted : .signalled(signal)
                try await expectSoon("an unread pipe, signal \(signal)") {
                    chat.signal(signal)
                    let status = try await chat.end()
                    #expect(status == expected)
                }
            }
        }

        @Test func `A flood of a script's own is held back too`() async throws {
            let folder = try TemporaryFolder()
            try folder.write(
                """
                import amaru, itertools, os
                @amaru.reply
                async def answer(text):
                    for number in itertools.count():
                        yield "a flood of text that never ends "
                        if number == 100:
                            os.write(2, b"flooding")
                """,
                to: "script.py"
            )
            let chat = try AmaruProcess(
                ["run", "script.py"],
                input: .text("hello\n"),
                in: folder,
                pace: .held
            )
            try await chat.waitForErrors("flooding")
            try await expectFlatMemory(of: chat)
            try await expectSoon("an unread pipe and a script, SIGINT") {
                chat.signal(SIGINT)
                let status = try await chat.end()
                #expect(status == .interrupted)
            }
        }

        @Test func `A pipe whose reader comes late gets the whole answer`() async throws {
            let reached = Gate()
            let words = (0..<40_000).map { "word\($0) " }.joined()
            let server = ScriptedServer([
                ScriptedResponse([
                    .text(ScriptedResponse.head("text/event-stream")),
                    .text(delta(words, finish: "stop") + "data: [DONE]\n\n"),
                    .call { reached.open() }, .close,
                ])
            ])
            try await withChat(server) { options in
                let chat = try AmaruProcess(["hello"] + options, pace: .held)
                try await reached.wait()
                try chat.output.release()
                let result = try await chat.result()
                #expect(result.status == .exited(0))
                #expect(result.output == words + "\n")
            }
        }
    }
}
