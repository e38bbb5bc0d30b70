// Ctrl-C, Ctrl-D, signals and closed pipes, with the built command.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Foundation
import Testing

import enum Amaru.LinkedPython

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

private let controlC = "\u{3}"
private let controlD = "\u{4}"

extension BuiltCommand {
    @Suite(.timeLimit(.minutes(5))) struct InterruptChatTests {
        @Test func `What was shown of a stopped answer stays in the conversation`() async throws {
            let server = ScriptedServer([
                .chat("partial answer that is never whole", pauseAt: Gate()), .chat("Next answer"),
            ])
            let terminal = try PseudoTerminal()
            let chat = try await start(on: terminal, server)
            try await terminal.waitFor("> ")
            try terminal.send("one\r")
            try await terminal.waitFor("partial")
            try terminal.send(controlC)
            try await terminal.waitFor("\n\u{1B}[2m(stopped)\u{1B}[0m\r\n")
            try await terminal.waitFor("> ")
            try terminal.send("two\r")
            try await terminal.waitFor("Next answer")
            try await terminal.waitFor("> ")
            try terminal.send(controlD)
            #expect(try await chat.end() == .exited(0))
            await server.shutDown()
            let messages = try ChatBody(try #require(server.requests.last)).messages
            #expect(messages.map(\.role) == ["user", "assistant", "user"])
            try #require(messages.count == 3)
            #expect(messages[0].content == "one")
            #expect(messages[1].content.hasPrefix("partial"))
            #expect(!messages[1].content.contains("answer that is never"))
            #expect(messages[2].content == "two")
        }

        @Test func `Ten answers are stopped in a row, and the eleventh comes`() async throws {
            let server = ScriptedServer { _, index in
                index < 10 ? .chat("stopped\(index) rest", pauseAt: Gate()) : .chat("whole answer")
            }
            let terminal = try PseudoTerminal()
            let chat = try await start(on: terminal, server)
            for index in 0..<10 {
                try await terminal.waitFor("> ")
                try terminal.send("message\(index)\r")
                try await terminal.waitFor("stopped\(index)")
                try terminal.send(controlC)
            }
            try await terminal.waitFor("> ")
            try terminal.send("last\r")
            try await terminal.waitFor("whole answer")
            try await terminal.waitFor("> ")
            try terminal.send(controlD)
            #expect(try await chat.end() == .exited(0))
            #expect(server.requests.count == 11)
            await server.shutDown()
        }

        @Test func `Ctrl-C at an empty prompt hints at Ctrl-D`() async throws {
            let server = ScriptedServer([.chat("fine")])
            let terminal = try PseudoTerminal()
            let chat = try await start(on: terminal, server)
            try await terminal.waitFor("> ")
            try terminal.send(controlC)
            try await terminal.waitFor("Ctrl-D ends the chat")
            try await terminal.waitFor("> ")
            try terminal.send(controlD)
            #expect(try await chat.end() == .exited(0))
            await server.shutDown()
        }

        @Test(
            "The terminal's settings are back after the end",
            arguments: [controlD, "SIGTERM", "SIGHUP"]
        )
        func settings(ending: String) async throws {
            let server = ScriptedServer([.chat("first second", pauseAt: Gate())])
            let terminal = try PseudoTerminal()
            let before = terminal.settings
            let chat = try await start(on: terminal, server)
            try await terminal.waitFor("> ")
            #expect(!terminal.isCanonical)
            if ending == controlD {
                try terminal.send(controlD)
                #expect(try await chat.end() == .exited(0))
            } else {
                // In the middle of an answer, where most is under way.
                try terminal.send("hello\r")
                try await terminal.waitFor("first")
                let signal = ending == "SIGTERM" ? SIGTERM : SIGHUP
                chat.signal(signal)
                #expect(try await chat.end() == .signalled(signal))
            }
            await server.shutDown()
            #expect(terminal.settings == before)
        }

        @Test func `SIGINT ends a single answer by SIGINT`() async throws {
            let server = ScriptedServer([.chat("first second", pauseAt: Gate())])
            try await server.start()
            let process = try AmaruProcess(["--base-url", "\(server.url)/v1", "hello"])
            try await process.waitForOutput("first ")
            process.signal(SIGINT)
            let result = try await process.result()
            await server.shutDown()
            #expect(result.status == .interrupted)
            #expect(result.output == "first \n")
            #expect(result.errors == "")
        }

        @Test(arguments: [["hello"], ["run", "script.py"]])
        func `Ctrl-C ends a loop of the shell too`(_ arguments: [String]) async throws {
            let folder = try TemporaryFolder()
            try folder.write(
                "import time\nprint('first ', flush=True)\ntime.sleep(600)\n",
                to: "script.py"
            )
            let server = ScriptedServer { _, _ in .chat("first second", pauseAt: Gate()) }
            try await server.start()
            let terminal = try PseudoTerminal()
            // Bash goes on after a command that has handled the signal.
            let shell = try AmaruProcess(
                ["-c", #"for round in 1 2 3; do "$@"; echo "[next]"; done"#, "bash"]
                    + [AmaruProcess.command] + arguments,
                of: "/bin/bash",
                on: terminal,
                in: folder,
                environment: ["OPENAI_BASE_URL": "\(server.url)/v1"]
            )
            try await terminal.waitFor("first")
            try terminal.send(controlC)
            #expect(try await shell.end() == .interrupted, "\(terminal.output)")
            await server.shutDown()
            try await terminal.screen.waitForEnd()
            #expect(!terminal.output.contains("[next]"), "\(terminal.output)")
        }

        @Test func `A reader that has enough ends the program without a word`() async throws {
            let gate = Gate()
            let rest = String(repeating: "more\n", count: 5000)
            let server = ScriptedServer([.chat("one\n" + rest, pauseAt: gate)])
            try await server.start()
            let process = try AmaruProcess(
                [
                    "-c", #"{ "$@"; echo "status $?" >&2; } | head -1"#, "sh",
                    AmaruProcess.command, "--base-url", "\(server.url)/v1", "hello",
                ],
                of: "/bin/sh"
            )
            try await process.waitForOutput("one\n")
            gate.open()
            let result = try await process.result()
            await server.shutDown()
            #expect(result.output == "one\n")
            #expect(result.errors == "status 141\n")
        }

        private func start(
            on terminal: PseudoTerminal,
            _ server: ScriptedServer
        ) async throws -> AmaruProcess {
            try await server.start()
            return try AmaruProcess(["--base-url", "\(server.url)/v1"], on: terminal)
        }
    }

    @Suite(.needsTutorial, .needsPackages) struct InterruptTutorialTests {
        @Test func `A request that blocks the tutorial's loop is stopped`() async throws {
            let gate = Gate()
            let server = ScriptedServer { _, index in
                if index == 0 { try? await gate.wait() }
                return .chat("answer \(index)")
            }
            let terminal = try PseudoTerminal()
            try await server.start()
            let chat = try AmaruProcess(
                Self.arguments(server),
                on: terminal,
                environment: ["TEST_KEY": "sk-tutorial"]
            )
            try await terminal.waitFor("> ")
            try terminal.send("one\r")
            try await terminal.waitFor("one\r\n")
            try await server.requests(reach: 1)
            // The server holds its answer until the end of the test, so only Ctrl-C can help.
            try terminal.send(controlC)
            try await terminal.waitFor("> ")
            try terminal.send("two\r")
            try await terminal.waitFor("answer 1")
            try await terminal.waitFor("> ")
            try terminal.send(controlD)
            #expect(try await chat.end() == .exited(0))
            gate.open()
            await server.shutDown()
            #expect(!terminal.output.contains("answer 0"))
        }

        @Test func `Every line is answered although the input has ended`() async throws {
            let gate = Gate()
            let server = ScriptedServer { _, index in
                if index == 0 { try? await gate.wait() }
                return .chat("answer \(index)")
            }
            try await server.start()
            let process = try AmaruProcess(
                Self.arguments(server),
                input: .open,
                environment: ["TEST_KEY": "sk-tutorial"]
            )
            try process.write("one\ntwo\nthree")
            process.closeInput()
            try await server.requests(reach: 1)
            gate.open()
            let result = try await process.result()
            await server.shutDown()
            #expect(result.output == "answer 0\nanswer 1\nanswer 2\n", "\(result.errors)")
            #expect(result.status == .exited(0))
        }

        @Test func `SIGINT during an answer ends piped input by SIGINT`() async throws {
            let server = ScriptedServer { _, _ in
                try? await Gate().wait()
                return .closeBeforeHead
            }
            try await server.start()
            let process = try AmaruProcess(
                Self.arguments(server),
                input: .open,
                environment: ["TEST_KEY": "sk-tutorial"]
            )
            try process.write("one\ntwo\n")
            try await server.requests(reach: 1)
            process.signal(SIGINT)
            let result = try await process.result()
            await server.shutDown()
            #expect(result.status == .interrupted, "\(result.errors)")
            #expect(result.output == "")
        }

        private static func arguments(_ server: ScriptedServer) -> [String] {
            ["run"] + Tutorial.requirements + [
                "--key-env", "TEST_KEY", "--route", "https://api.openai.com=\(server.url)",
                Tutorial.main.path,
            ]
        }
    }

    @Suite struct InterruptStartTests {
        @Test func `SIGINT between lines ends piped input by SIGINT`() async throws {
            let folder = try TemporaryFolder()
            let script = try folder.write(
                """
                import js_module
                def sender_message_proxy(key, text):
                    js_module.displayResponse("got " + text)
                """,
                to: "chat.py"
            )
            let process = try AmaruProcess(
                ["run", "--key-env", "TEST_KEY", script.path],
                input: .open,
                environment: ["TEST_KEY": "sk-unused"]
            )
            try process.write("one\n")
            try await process.waitForOutput("got one")
            process.signal(SIGINT)
            #expect(try await process.result().status == .interrupted)
        }

        @Test(
            "Ctrl-C stops a script's own code",
            arguments: ["while True: pass", "import time; time.sleep(600)", "input()"]
        )
        func scriptCode(code: String) async throws {
            let folder = try TemporaryFolder()
            let script = try folder.write("print('loaded', flush=True)\n\(code)\n", to: "busy.py")
            let terminal = try PseudoTerminal()
            let chat = try AmaruProcess(["run", script.path], on: terminal)
            try await terminal.waitFor("loaded")
            // Again at some time: like CPython, `input()` waits for a line after a signal that
            // comes just before it reads.
            let pressing = Task {
                while !Task.isCancelled {
                    try terminal.send(controlC)
                    try await Task.sleep(for: .seconds(10))
                }
            }
            defer { pressing.cancel() }
            #expect(try await chat.end() == .interrupted, "\(terminal.output)")
        }

        @Test func `Ctrl-C while Python itself starts ends the program by SIGINT`() async throws {
            let folder = try TemporaryFolder()
            let environment = folder.url.appending(path: "environment")
            let made = try await AmaruProcess.run(
                ["-m", "venv", "--without-pip", environment.path],
                of: try LinkedPython.interpreter()
            )
            try #require(made.status.isSuccess, "\(made)")
            let packages = try #require(
                FileManager.default.enumerator(at: environment, includingPropertiesForKeys: nil)?
                    .lazy.compactMap { $0 as? URL }
                    .first { $0.lastPathComponent == "site-packages" }
            )
            let line = "import sys, time; sys.stderr.write('site runs\\n'); time.sleep(600)\n"
            try Data(line.utf8).write(to: packages.appending(path: "slow.pth"))
            let script = try folder.write("print('loaded')\n", to: "script.py")
            let terminal = try PseudoTerminal()
            let chat = try AmaruProcess(
                ["run", "--venv", environment.path, script.path],
                on: terminal
            )
            try await terminal.waitFor("site runs")
            try terminal.send(controlC)
            #expect(try await chat.end() == .interrupted, "\(terminal.output)")
        }

        @Test(
            "Ctrl-C while packages are installed leaves nothing behind",
            arguments: [
                ["run", "--with", "amaru-test-absent", "SCRIPT"],
                ["hello", "--with", "amaru-test-absent"],
            ]
        )
        func installation(arguments: [String]) async throws {
            // A package index that never answers.
            let index = ScriptedServer { _, _ in
                try? await Gate().wait()
                return .closeBeforeHead
            }
            try await index.start()
            let folder = try TemporaryFolder()
            let script = try folder.write("print('loaded')\n", to: "script.py")
            let terminal = try PseudoTerminal()
            let chat = try AmaruProcess(
                [arguments[0], "--base-url", "http://127.0.0.1:1/v1"]
                    + arguments.dropFirst().map { $0 == "SCRIPT" ? script.path : $0 },
                on: terminal,
                environment: [
                    "XDG_CACHE_HOME": folder.url.appending(path: "cache").path,
                    "PIP_INDEX_URL": "\(index.url)/simple", "PIP_FIND_LINKS": "",
                    "PIP_CONFIG_FILE": "/dev/null", "UV_NO_CONFIG": "1",
                    "UV_DEFAULT_INDEX": "\(index.url)/simple",
                ]
            )
            try await withScreen(of: terminal) { try await index.requests(reach: 1) }
            try terminal.send(controlC)
            #expect(try await chat.end() == .interrupted, "\(terminal.output)")
            try await terminal.screen.waitForEnd()
            // The installer may say a last word behind the ^C.
            #expect(terminal.output.contains("^C"))
            #expect(terminal.output.hasSuffix("\r\namaru: the installation was cancelled\r\n"))
            // The installer's own end closes its connection.
            try await withScreen(of: terminal) { try await index.closedConnections(reach: 1) }
            await index.shutDown()
            let environments = folder.url.appending(path: "cache/amaru/environments").path
            let left = try FileManager.default.contentsOfDirectory(atPath: environments)
            #expect(left.allSatisfy { $0.hasSuffix(".lock") }, "\(left)")
        }

        @Test func `What an installer says is above the prompt, which is drawn again`()
            async throws
        {
            let folder = try TemporaryFolder()
            let terminal = try PseudoTerminal(columns: 200)
            let chat = try AmaruProcess(
                [
                    "--base-url", "http://127.0.0.1:1/v1", "--with", "amaru-test-absent",
                ],
                on: terminal,
                environment: [
                    "XDG_CACHE_HOME": folder.url.appending(path: "cache").path,
                    "PIP_INDEX_URL": "http://127.0.0.1:1", "PIP_FIND_LINKS": "",
                    "PIP_CONFIG_FILE": "/dev/null", "PIP_RETRIES": "0", "UV_NO_CONFIG": "1",
                    "UV_DEFAULT_INDEX": "http://127.0.0.1:1", "UV_HTTP_RETRIES": "0",
                ]
            )
            let line = "making a virtual environment for Python"
            try await terminal.waitFor(line)
            try await terminal.waitFor("> ")
            _ = try await chat.end()
            #expect(!terminal.output.contains("> \(line)"), "\(terminal.output.debugDescription)")
        }

        private func withScreen(
            of terminal: PseudoTerminal,
            _ body: @escaping @Sendable () async throws -> Void
        ) async throws {
            guard try await bounded(body) != nil else {
                throw WaitFailure("the index was not asked", output: terminal.output)
            }
        }
    }
}
