// What a chat script prints, beside the answers.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Testing

extension BuiltCommand {
    @Suite(.timeLimit(.minutes(5))) struct PrintedTests {
        @Test func `In a pipe, what is printed before an answer stands before it`() async throws {
            let folder = try TemporaryFolder()
            try folder.write(
                """
                import amaru, sys
                @amaru.reply
                async def answer(message):
                    print("before", message)
                    sys.stderr.write("an error\\n")
                    print("and", end=" ")
                    yield message
                """,
                to: "script.py"
            )
            let input = "one\ntwo\n"
            let result = try await AmaruProcess.run(["run", "script.py"], input: input, in: folder)
            let expected = "before one\nand one\nbefore two\nand two\n"
            #expect(result.output == expected)
            #expect(result.errors == "an error\nan error\n")
        }

        @Test func `On a terminal, no line is lost or cut, nor what is typed meanwhile`()
            async throws
        {
            let folder = try TemporaryFolder()
            try folder.write(
                """
                import amaru, asyncio, sys
                @amaru.reply
                async def answer(message):
                    print("first of", message)
                    yield "said **of** " + message
                    for n in range(200):
                        print("line", n, "of", end=" ")
                        await asyncio.sleep(0.001)
                        print(message)
                        yield f" word{n}"
                    sys.stderr.write("last of " + message)
                """,
                to: "script.py"
            )
            let terminal = try PseudoTerminal()
            let chat = try AmaruProcess(["run", "script.py"], on: terminal, in: folder)
            try await terminal.waitFor("> ")
            try terminal.send("one\r")
            try await terminal.waitFor("line 5 of one")
            try terminal.send("two\rthree")
            for message in ["one", "two"] {
                for number in stride(from: 10, to: 200, by: 27) {
                    try await terminal.waitFor("line \(number) of \(message)\r\n")
                }
                try await terminal.waitFor("last of \(message)\r\n")
            }
            try await terminal.waitFor("> three")
            try terminal.send("\u{15}\u{4}")
            #expect(try await chat.end() == .exited(0))
        }

        @Test func `A flood is stopped by Ctrl-C, and what is printed then is shown`() async throws
        {
            let folder = try TemporaryFolder()
            try folder.write(
                """
                import amaru, atexit, os
                atexit.register(print, "at the end")
                @amaru.reply
                def answer(message):
                    while message == "flood":
                        print("water " * 10)
                    if not os.fork():
                        print("a child")
                        os._exit(0)
                    os.wait()
                    print("dry", end="")
                """,
                to: "script.py"
            )
            let terminal = try PseudoTerminal()
            let chat = try AmaruProcess(["run", "script.py"], on: terminal, in: folder)
            try await terminal.waitFor("> ")
            try terminal.send("flood\r")
            try await terminal.waitFor("water water")
            try terminal.send("\u{3}")
            try await terminal.waitFor("\n> ")
            try terminal.send("again\r")
            try await terminal.waitFor("dry\r\n")
            try await terminal.waitFor("> ")
            try terminal.send("\u{4}")
            try await terminal.waitFor("at the end")
            #expect(try await chat.end() == .exited(0))
        }
    }
}
