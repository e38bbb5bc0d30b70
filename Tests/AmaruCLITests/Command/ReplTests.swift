// `amaru repl`: Python typed on a terminal, and piped in.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Foundation
import Testing

import enum Amaru.LinkedPython

/// What a terminal turns into SIGINT.
private let controlC = "\u{3}"

extension BuiltCommand {
    @Suite(.timeLimit(.minutes(5))) struct ReplTests {
        private let folder: TemporaryFolder

        init() throws { folder = try TemporaryFolder() }

        /// Starts a session on a terminal, and waits for its first prompt.
        private func start(
            _ arguments: [String] = [],
            environment: [String: String?] = [:]
        ) async throws -> (PseudoTerminal, AmaruProcess) {
            let terminal = try PseudoTerminal()
            let repl = try AmaruProcess(
                ["repl"] + arguments,
                on: terminal,
                in: folder,
                environment: environment
            )
            try await terminal.waitFor(">>> ")
            return (terminal, repl)
        }

        private func pipe(_ arguments: [String] = [], _ lines: String) async throws
            -> AmaruProcess.Result
        {
            try await AmaruProcess.run(["repl"] + arguments, input: lines, in: folder)
        }

        // MARK: On a terminal

        /// Types a line, and waits for what it shows and for the next prompt.
        private func type(
            _ line: String,
            _ shown: String,
            then prompt: String = ">>> ",
            on terminal: PseudoTerminal
        ) async throws {
            try terminal.send(line + "\r")
            if !shown.isEmpty { try await terminal.waitFor(shown) }
            try await terminal.waitFor(prompt)
        }

        @Test func `A session shows values, keeps names, and awaits`() async throws {
            let (terminal, repl) = try await start()
            #expect(terminal.output.contains("Type \"help\""))
            try await type("x = 20 + 1", "", on: terminal)
            try await type("x * 2", "42\r\n", on: terminal)
            try await type("_ + 1", "43\r\n", on: terminal)
            try await type("import asyncio", "", on: terminal)
            try await type("await asyncio.sleep(0, 'slept')", "'slept'\r\n", on: terminal)
            try await type("def f(x):", "", then: "... ", on: terminal)
            try await type("    return x + 1", "", then: "... ", on: terminal)
            try await type("", "", on: terminal)
            try await type("f(6)", "7\r\n", on: terminal)
            try terminal.send("input('na' + 'me? ') + '!'\r")
            try await terminal.waitFor("name? ")
            try await type("Ada", "'Ada!'\r\n", on: terminal)
            try terminal.send("\u{4}")
            #expect(try await repl.end() == .exited(0), "\(terminal.output)")
        }

        @Test func `A traceback begins with the line, and the session goes on`() async throws {
            let (terminal, repl) = try await start()
            let shown = """
                Traceback (most recent call last):\r
                  File "<console>", line 1, in <module>\r
                ZeroDivisionError: division by zero\r\n
                """
            try await type("1 / 0", shown, on: terminal)
            try await type("1 +", "SyntaxError: invalid syntax", on: terminal)
            try await type("import sys; sys.last_value", "SyntaxError(", on: terminal)
            try await type("'still ' + 'here'", "'still here'", on: terminal)
            try terminal.send("exit(3)\r")
            #expect(try await repl.end() == .exited(3), "\(terminal.output)")
        }

        @Test(
            "Ctrl-C stops what runs",
            arguments: [
                "while True: pass\r", "import time; time.sleep(600)",
                "await __import__('asyncio').sleep(600)",
            ]
        )
        func interrupted(line: String) async throws {
            let (terminal, repl) = try await start()
            let begun = "print('beg' + 'un', flush=True)"
            try await type("if True:", "", then: "... ", on: terminal)
            try await type("    \(begun)", "", then: "... ", on: terminal)
            try terminal.send("    \(line)\r\r")
            try await terminal.waitFor("begun")
            try terminal.send(controlC)
            try await terminal.waitFor("KeyboardInterrupt")
            try await terminal.waitFor(">>> ")
            try await type("6 * 7", "42\r\n", on: terminal)
            try terminal.send("\u{4}")
            #expect(try await repl.end() == .exited(0), "\(terminal.output)")
        }

        @Test func `Ctrl-C clears the line, and the lines before it`() async throws {
            let (terminal, repl) = try await start()
            try await type("if True:", "", then: "... ", on: terminal)
            try terminal.send("    nonsense")
            try await terminal.waitFor("nonsense")
            try terminal.send(controlC)
            try await terminal.waitFor("KeyboardInterrupt")
            try await terminal.waitFor(">>> ")
            try await type("'clear'.upper()", "'CLEAR'\r\n", on: terminal)
            try terminal.send("quit()\r")
            #expect(try await repl.end() == .exited(0), "\(terminal.output)")
        }

        @Test func `Tab completes, and shows a choice; the history is there`() async throws {
            let (terminal, repl) = try await start()
            try await type("some_name, some_number = 5, 6", "", on: terminal)
            try terminal.send("some_\t")
            try await terminal.waitFor("some_n")
            try terminal.send("\t")
            try await terminal.waitFor("some_name    some_number")
            try terminal.send("um\t + 1\r")
            try await terminal.waitFor("7\r\n")
            try await terminal.waitFor(">>> ")
            try terminal.send("\u{1B}[A\u{7F}2\r")
            try await terminal.waitFor("8\r\n")
            try await terminal.waitFor(">>> ")
            try terminal.send("\u{4}")
            #expect(try await repl.end() == .exited(0), "\(terminal.output)")
        }

        @Test func `Lines of an earlier session are there, and not those that input() took`()
            async throws
        {
            for line in ["x = input('na' + 'me? ')", ""] {
                let (terminal, repl) = try await start()
                if line.isEmpty {
                    try terminal.send("\u{1B}[A")
                    try await terminal.waitFor("x = input(")
                    try terminal.send("\r")
                } else {
                    try terminal.send(line + "\r")
                }
                try await terminal.waitFor("name? ")
                try await type("Ada", "", on: terminal)
                try terminal.send("\u{4}")
                #expect(try await repl.end() == .exited(0), "\(terminal.output)")
            }
        }

        @Test func `What is pasted may be several statements`() async throws {
            let (terminal, repl) = try await start()
            let source = "def f():\n    return 20\n\nf() + 1"
            try terminal.send("\u{1B}[200~\(source)\u{1B}[201~\r")
            try await terminal.waitFor("21\r\n")
            try await terminal.waitFor(">>> ")
            try terminal.send("\u{4}")
            #expect(try await repl.end() == .exited(0), "\(terminal.output)")
        }

        @Test func `Tasks go on while a line is typed`() async throws {
            let (terminal, repl) = try await start()
            try await type("import asyncio, os", "", on: terminal)
            let task = "asyncio.ensure_future(asyncio.to_thread(print, 'from', 'behind'))"
            try terminal.send("task = \(task)\r")
            try await terminal.waitFor("from behind")
            try terminal.send("exit()\r")
            #expect(try await repl.end() == .exited(0), "\(terminal.output)")
        }

        @Test func `A script's names are there, also after it has raised`() async throws {
            try folder.write("import sys\nname = sys.argv\ndef f(): 1 / 0\nf()\n", to: "a.py")
            let (terminal, repl) = try await start(["a.py", "--", "--x"])
            #expect(terminal.output.contains("ZeroDivisionError"))
            try await type("name, __name__", "(['a.py', '--x'], '__main__')\r\n", on: terminal)
            try terminal.send("\u{4}")
            #expect(try await repl.end() == .exited(0), "\(terminal.output)")
        }

        @Test func `A message to the model is answered on the screen, and returned`()
            async throws
        {
            let server = ScriptedServer([.chat("Hello there"), .apiError("slow", status: 400)])
            try await withChat(server) { options in
                let (terminal, repl) = try await start(options + ["--no-key", "-m", "large"])
                try await type(
                    "x = await amaru.chat('hi')",
                    "Hello there\r\n",
                    on: terminal
                )
                try await type("x", "'Hello there'\r\n", on: terminal)
                try await type("await amaru.chat('again')", "ChatError: ", on: terminal)
                try terminal.send("\u{4}")
                #expect(try await repl.end() == .exited(0), "\(terminal.output)")
            }
            #expect(server.requests.last?.bodyText.contains("Hello there") == true)
            #expect(server.requests.last?.bodyText.contains(#""model": "large""#) == true)
        }

        // MARK: Piped

        @Test func `Piped lines show results as python -i does, without prompts`() async throws {
            let lines = """
                1 + 1
                def f():
                    return 'f'

                f()
                input()
                line
                1 / 0
                if True:
                    print('last')
                """
            let result = try await pipe(lines)
            #expect(result.output == "2\n'f'\n'line'\nlast\n", "\(result)")
            #expect(result.errors.contains("ZeroDivisionError"))
            #expect(result.status == .exited(0))
        }

        private func pipe(_ lines: String) async throws -> AmaruProcess.Result {
            try await pipe([], lines)
        }

        @Test(
            "It exits with what the lines say",
            arguments: [
                ("exit(4)\n1", 4, ""), ("raise SystemExit('bye')", 1, "bye\n"), ("", 0, ""),
                ("raise SystemExit(2**70)", 255, ""), ("raise SystemExit(-1)", 255, ""),
                ("import sys\nsys.excepthook = lambda *given: sys.exit(3)\n1 / 0", 3, ""),
                ("import sys\nsys.displayhook = lambda value: sys.exit(5)\n1", 5, ""),
            ]
        )
        func exits(lines: String, code: Int32, errors: String) async throws {
            let result = try await pipe(lines)
            #expect(result == .init(status: .exited(code), output: "", errors: errors))
        }

        @Test func `A missing module comes with advice`() async throws {
            let result = try await pipe("import amaru_unknown")
            #expect(result.errors.contains("--with amaru_unknown"), "\(result)")
            #expect(result.status == .exited(0))
        }

        @Test func `A PATH that leads nowhere ends it`() async throws {
            let result = try await pipe(["nowhere.py"], "1")
            #expect(result.status == .exited(2))
            #expect(result.errors.contains("no such file"), "\(result)")
            #expect(try await pipe(["-"], "1").status == .exited(2))
        }
    }
}
