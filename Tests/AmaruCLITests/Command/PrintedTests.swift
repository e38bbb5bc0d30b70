// What a chat script prints, beside the answers.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Testing

@testable import AmaruCLI

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

        @Test func `In a pipe, what is printed appears after what was yielded before`() async throws
        {
            let folder = try TemporaryFolder()
            try folder.write(
                """
                import amaru
                @amaru.reply
                def answer(message):
                    for n in range(50):
                        yield f"said {n}\\n"
                        print("printed", n)
                """,
                to: "script.py"
            )
            let run = ["run", "script.py"]
            let result = try await AmaruProcess.run(run, input: "go\n", in: folder)
            #expect(result.output == (0..<50).map { "said \($0)\nprinted \($0)\n" }.joined())
        }

        @Test func `In a pipe, what a forked child prints appears where it was forked`()
            async throws
        {
            let folder = try TemporaryFolder()
            try folder.write(
                """
                import amaru, os
                @amaru.reply
                def answer(message):
                    for n in range(50):
                        yield f"said {n}\\n"
                        if not os.fork():
                            print("child", n, flush=True)
                            os._exit(0)
                        os.wait()
                """,
                to: "script.py"
            )
            let run = ["run", "script.py"]
            let result = try await AmaruProcess.run(run, input: "go\n", in: folder)
            #expect(result.errors == "")
            #expect(result.output == (0..<50).map { "said \($0)\nchild \($0)\n" }.joined())
        }

        @Test func `In a pipe, what is printed within a print is not lost`() async throws {
            let folder = try TemporaryFolder()
            try folder.write(
                """
                import amaru, gc, os, signal
                class Late:
                    def __init__(self): self.me = self
                    def __del__(self): print("collected")
                @amaru.reply
                def answer(message):
                    signal.signal(signal.SIGUSR1, lambda *_: print("signalled"))
                    for n in range(300):
                        yield f"said {n}\\n"
                        print("printed", n)
                        Late()
                        os.kill(os.getpid(), signal.SIGUSR1)
                    gc.collect()
                """,
                to: "script.py"
            )
            let run = ["run", "script.py"]
            let result = try await AmaruProcess.run(run, input: "go\n", in: folder)
            #expect(result.errors.isEmpty)
            let lines = result.output.split(separator: "\n")
            for word in ["said", "printed", "collected", "signalled"] {
                #expect(lines.count { $0.hasPrefix(word) } == 300, "\(word)")
            }
        }

        @Test func `An output that a script has closed is an error, and nothing waits for it`()
            async throws
        {
            let folder = try TemporaryFolder()
            try folder.write(
                """
                import amaru, os
                @amaru.reply
                def answer(message):
                    yield "before"
                    output = os.fstat(1)
                    for number in range(256):
                        try:
                            if number != 2 and os.path.samestat(os.fstat(number), output):
                                os.close(number)
                        except OSError:
                            pass
                    yield "after"
                """,
                to: "script.py"
            )
            let run = ["run", "script.py"]
            let result = try await AmaruProcess.run(run, input: "go\n", in: folder)
            #expect(result.status == .exited(1))
            #expect(result.errors.contains("the output failed"))
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

        /// Starts a chat with a reply of these lines, and waits for its prompt.
        private func chat(
            _ reply: String,
            on terminal: PseudoTerminal
        ) async throws -> (AmaruProcess, TemporaryFolder) {
            let folder = try TemporaryFolder()
            let lines = reply.split(separator: "\n").map { "    \($0)\n" }.joined()
            let source = "import amaru, os, signal, sys, time\n@amaru.reply\n"
            try folder.write(source + "async def answer(message):\n" + lines, to: "script.py")
            let chat = try AmaruProcess(["run", "script.py"], on: terminal, in: folder)
            try await terminal.waitFor("> ")
            return (chat, folder)
        }

        @Test func `A signal's handler, an object's end and a fork may print in a print`()
            async throws
        {
            let terminal = try PseudoTerminal()
            let (chat, _) = try await chat(
                """
                class Cycle:
                    def __init__(self): self.itself = self
                    def __del__(self): print("collected")
                import gc, threading
                gc.set_threshold(20)
                handled = []
                def handle(*_):
                    handled.append(print("handled"))
                signal.signal(signal.SIGALRM, handle)
                signal.setitimer(signal.ITIMER_REAL, 0.002, 0.002)
                threading.Thread(target=lambda: [print("beside", n) for n in range(300)]).start()
                children = []
                for n in range(300):
                    Cycle()
                    print("line", n)
                    if n % 30 == 0 and not (child := os.fork()):
                        print("a child")
                        os._exit(0)
                    elif n % 30 == 0:
                        children.append(os.waitpid(child, 0)[1])
                signal.setitimer(signal.ITIMER_REAL, 0)
                yield f"{set(children)} {len(handled) > 3} end"
                """,
                on: terminal
            )
            try terminal.send("go\r")
            try await terminal.waitFor("{0} True end")
            try await terminal.waitFor("> ")
            try terminal.send("\u{4}")
            #expect(try await chat.end() == .exited(0))
        }

        @Test func `Ctrl-C reaches forked children once, and the answer once`() async throws {
            let terminal = try PseudoTerminal()
            let (chat, _) = try await chat(
                """
                import asyncio, multiprocessing
                context = multiprocessing.get_context("fork")
                def work():
                    print("a child runs")
                    time.sleep(60)
                if message == "go":
                    for _ in range(3):
                        context.Process(target=work).start()
                    await asyncio.sleep(60)
                for child in multiprocessing.active_children(): child.join()
                yield "joined"
                """,
                on: terminal
            )
            try terminal.send("go\r")
            for _ in 0..<3 { try await terminal.waitFor("a child runs") }
            try terminal.send("\u{3}")
            try await terminal.waitFor("(stopped)")
            try terminal.send("again\r")
            try await terminal.waitFor("joined")
            try await terminal.waitFor("> ")
            try terminal.send("\u{4}")
            #expect(try await chat.end() == .exited(0))
            #expect(terminal.output.matches(of: #/KeyboardInterrupt/#).count == 3)
        }

        @Test func `A child that a signal ends leaves the terminal, and a password is unseen`()
            async throws
        {
            let terminal = try PseudoTerminal()
            let (chat, _) = try await chat(
                """
                import getpass, multiprocessing
                with multiprocessing.get_context("fork").Pool(2) as pool:
                    print(pool.map(abs, [-1]))
                secret = getpass.getpass("Secret? ")
                yield "has " + secret[::-1] + " then " + input("More? ")
                """,
                on: terminal
            )
            try terminal.send("go\r")
            try await terminal.waitFor("Secret? ")
            try terminal.send("hunter2\r")
            try await terminal.waitFor("More? ")
            #expect(!terminal.output.contains("hunter2"))
            try terminal.send("of it\u{7F}\u{7F}all\r")
            try await terminal.waitFor("has 2retnuh then of all")
            try terminal.send("\u{4}")
            #expect(try await chat.end() == .exited(0))
        }

        @Test func `On a terminal, what is printed stands between what was yielded`() async throws {
            let terminal = try PseudoTerminal()
            let (chat, _) = try await chat(
                """
                for n in range(20):
                    yield f"said {n}"
                    print("printed", n)
                """,
                on: terminal
            )
            try terminal.send("go\r")
            try await terminal.waitFor("printed 19")
            try await terminal.waitFor("> ")
            try terminal.send("\u{4}")
            #expect(try await chat.end() == .exited(0))
            try await terminal.screen.waitForEnd()
            var screen = TerminalScreen(columns: 80, rows: 60) { CellWidth.of($0) }
            screen.feed(terminal.output)
            let lines = (0..<20).map { "said \($0)\nprinted \($0)\n" }.joined()
            #expect(screen.text == "> go\n\(lines)>")
        }

        @Test func `Progress in one row stays in it`() async throws {
            let terminal = try PseudoTerminal()
            let (chat, _) = try await chat(
                """
                yield "first "
                for n in range(50): print(end=f"\\rstep {n}", flush=True)
                print("\\rall steps")
                yield "last"
                """,
                on: terminal
            )
            try terminal.send("go\r")
            try await terminal.waitFor("all steps\r\n")
            try await terminal.waitFor("last")
            #expect(!terminal.output.contains("step 20\r\n"))
            try terminal.send("\u{4}")
            #expect(try await chat.end() == .exited(0))
        }
    }
}
