// Scripts that converse: the forms of a reply, input() in one, the running loop.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Testing

extension BuiltCommand {
    @Suite(.timeLimit(.minutes(5))) struct RunChatScriptTests {
        /// Runs a chat script with these lines.
        func run(
            _ source: String,
            _ input: String,
            arguments: [String] = [],
            environment: [String: String] = [:]
        ) async throws -> AmaruProcess.Result {
            let folder = try TemporaryFolder()
            try folder.write(source, to: "script.py")
            var result = try await AmaruProcess.run(
                ["run", "script.py"] + arguments,
                input: input,
                in: folder,
                environment: environment
            )
            result.errors = result.errors.replacing(folder.path, with: "FOLDER")
            return result
        }

        static let forms = [
            "async def answer(message):\n    yield 'you said '\n    yield message",
            "async def answer(message):\n    return 'you said ' + message",
            "def answer(message):\n    yield 'you said '\n    yield message",
            "def answer(message):\n    return 'you said ' + message",
            "def answer(message):\n    import asyncio\n"
                + "    return asyncio.sleep(0.001, 'you said ' + message)",
        ]

        @Test(arguments: forms)
        func `A reply may take any form, and each line is answered`(_ form: String) async throws {
            let result = try await run("import amaru\n@amaru.reply\n" + form, "one\n\ntwo\nthree")
            let expected = "you said one\nyou said two\nyou said three\n"
            #expect(result == .init(status: .exited(0), output: expected, errors: ""))
        }

        @Test func `On a terminal too, lines with a slash are the script's`() async throws {
            let folder = try TemporaryFolder()
            try folder.write(
                "import amaru\n@amaru.reply\ndef answer(message):\n    return 'got ' + message",
                to: "script.py"
            )
            let terminal = try PseudoTerminal()
            let chat = try AmaruProcess(["run", "script.py"], on: terminal, in: folder)
            for line in ["/undo", "/model x", "/exit", "/help"] {
                try await terminal.waitFor("> ")
                try terminal.send(line + "\r")
                try await terminal.waitFor("got \(line)")
            }
            try await terminal.waitFor("> ")
            try terminal.send("\u{4}")
            #expect(try await chat.end() == .exited(0))
            let kept = try await AmaruProcess.run(["history"], in: folder)
            #expect(kept.output.contains("/undo"), "\(kept)")
        }

        @Test(arguments: ["async def", "def"], ["yield", "return"])
        func `A reply that raises fails its own turn only`(kind: String, way: String) async throws {
            let source = """
                import amaru
                @amaru.reply
                \(kind) answer(message):
                    if message == "bad":
                        raise ValueError("no good")
                    \(way) message
                """
            let result = try await run(source, "one\nbad\nthree\n")
            #expect(result.output == "one\nthree\n")
            #expect(
                result.errors.hasSuffix(
                    "ValueError: no good: fix the script at FOLDER/script.py, line 5\n"
                )
            )
            #expect(result.errors.split(separator: "\n").count == 1)
            #expect(result.status == .exited(1))
        }

        @Test func `A reply that raises in the middle keeps what it has said`() async throws {
            let source = """
                import amaru
                @amaru.reply
                async def answer(message):
                    yield "half"
                    raise ValueError("no good")
                """
            let result = try await run(source, "one\ntwo\n")
            #expect(result.output == "half\nhalf\n")
            #expect(result.status == .exited(1))
        }

        @Test(arguments: ["async def", "def"])
        func `input() in a reply takes the next line`(_ kind: String) async throws {
            let source = """
                import amaru
                @amaru.reply
                \(kind) answer(message):
                    return message + " then " + input()
                """
            let result = try await run(source, "one\ntwo\nthree\nfour\n")
            let expected = "one then two\nthree then four\n"
            #expect(result == .init(status: .exited(0), output: expected, errors: ""))
        }

        @Test func `input() at the end of the input says that, and where`()
            async throws
        {
            let source = "import amaru\n@amaru.reply\ndef answer(m):\n    return input()\n"
            let result = try await run(source, "one\n")
            #expect(
                result.errors.hasSuffix(
                    "the input ended when the script asked for a line "
                        + "at FOLDER/script.py, line 4\n"
                )
            )
            #expect(result.status == .exited(1))
        }

        @Test func `input() before the first message takes the first line`() async throws {
            let source = """
                import amaru
                name = input("name? ")
                @amaru.reply
                def answer(message):
                    return f"{name}: {message}"
                """
            let result = try await run(source, "Ada\none\ntwo\n")
            let expected = "name? Ada: one\nAda: two\n"
            #expect(result == .init(status: .exited(0), output: expected, errors: ""))
        }

        @Test func `sys.exit in a reply ends the chat with its code`() async throws {
            let source = """
                import amaru, sys
                @amaru.reply
                async def answer(message):
                    if message == "bye":
                        sys.exit(4)
                    return message
                """
            let result = try await run(source, "one\nbye\nthree\n")
            #expect(result == .init(status: .exited(4), output: "one\n", errors: ""))
        }

        @Test func `A reader that goes away ends the chat without a word`() async throws {
            let folder = try TemporaryFolder()
            let source = "import amaru\n@amaru.reply\ndef answer(m):\n    return m * 10000\n"
            try folder.write(source, to: "script.py")
            let result = try await AmaruProcess.run(
                [
                    "-c", #"{ "$@"; echo "code $?" >&2; } | head -1"#, "sh",
                    AmaruProcess.command, "run", "script.py",
                ],
                of: "/bin/sh",
                input: String(repeating: "ab\n", count: 200),
                in: folder
            )
            #expect(result.output == String(repeating: "ab", count: 10000) + "\n")
            #expect(result.errors == "code 141\n")
        }

        @Test func `A script that never answers fails its message`() async throws {
            let result = try await run(
                "def sender_message_proxy(key, text): pass",
                "one\n",
                arguments: ["--idle-timeout", "1"],
                environment: ["OPENAI_API_KEY": "sk-test"]
            )
            #expect(
                result.errors
                    == "amaru: the script has shown nothing for 1 s, and nothing is in flight: "
                    + "fix it, or allow more time with --idle-timeout\n"
            )
            #expect(result.output == "")
            #expect(result.status == .exited(1))
        }

        // MARK: On a terminal

        /// Starts a chat script on a terminal.
        func start(_ source: String, in folder: TemporaryFolder) throws -> (
            PseudoTerminal, AmaruProcess
        ) {
            try folder.write(source, to: "script.py")
            let terminal = try PseudoTerminal(columns: 120)
            let chat = try AmaruProcess(
                ["run", "\(folder.path)/script.py"],
                on: terminal,
                in: folder
            )
            return (terminal, chat)
        }

        @Test(arguments: [
            "async def answer(message):", "def answer(message):",
        ])
        func `Ctrl-C ends a reply that loops forever, and the chat goes on`(_ head: String)
            async throws
        {
            let folder = try TemporaryFolder()
            let source = """
                import amaru, os
                @amaru.reply
                \(head)
                    if message == "loop":
                        os.write(1, b"[looping]")
                        while True:
                            pass
                    return "you said " + message
                """
            let (terminal, chat) = try start(source, in: folder)
            try await terminal.waitFor("> ")
            try terminal.send("loop\r")
            try await terminal.waitFor("[looping]")
            try terminal.send("\u{3}")
            try await terminal.waitFor("> ")
            try terminal.send("again\r")
            try await terminal.waitFor("you said again")
            try await terminal.waitFor("> ")
            try terminal.send("\u{4}")
            #expect(try await chat.end() == .exited(0))
            #expect(!terminal.output.contains("fault"))
        }

        @Test func `Ctrl-C ends a reply that waits, and its clean-up runs`() async throws {
            let folder = try TemporaryFolder()
            let source = """
                import amaru, asyncio
                @amaru.reply
                async def answer(message):
                    try:
                        yield "waiting"
                        await asyncio.Event().wait()
                    finally:
                        amaru.notice("cleaned up")
                """
            let (terminal, chat) = try start(source, in: folder)
            try await terminal.waitFor("> ")
            try terminal.send("one\r")
            try await terminal.waitFor("waiting")
            try terminal.send("\u{3}")
            try await terminal.waitFor("cleaned up")
            try await terminal.waitFor("> ")
            try terminal.send("\u{4}")
            #expect(try await chat.end() == .exited(0))
        }

        @Test func `input() in a reply shows its prompt and takes the next line typed`()
            async throws
        {
            let folder = try TemporaryFolder()
            let source = """
                import amaru
                @amaru.reply
                def answer(message):
                    return f"{message} and " + input("more? ")
                """
            let (terminal, chat) = try start(source, in: folder)
            try await terminal.waitFor("> ")
            try terminal.send("one\r")
            try await terminal.waitFor("more? ")
            try terminal.send("two\r")
            try await terminal.waitFor("one and two")
            try await terminal.waitFor("> ")
            try terminal.send("\u{4}")
            #expect(try await chat.end() == .exited(0))
        }

        @Test(arguments: [
            ("\u{3}", "(stopped)"), ("\u{4}", "the input ended when the script asked for a line"),
        ])
        func `A key at input() in a reply ends it without blaming the script`(
            _ key: String,
            _ expected: String
        ) async throws {
            let folder = try TemporaryFolder()
            let source = "import amaru\n@amaru.reply\ndef answer(m):\n    return input('more? ')\n"
            let (terminal, chat) = try start(source, in: folder)
            try await terminal.waitFor("> ")
            try terminal.send("one\r")
            try await terminal.waitFor("more? ")
            try terminal.send(key)
            try await terminal.waitFor(expected)
            try await terminal.waitFor("> ")
            #expect(!terminal.output.contains("fix the script"), "\(terminal.output)")
            try terminal.send("\u{4}")
            #expect(try await chat.end() == .exited(0))
        }

        // MARK: The running loop

        @Test
        func `A sender has the running loop, tasks and get_event_loop, after asyncio.run too`()
            async throws
        {
            let source = """
                import asyncio, js_module
                print(asyncio.run(asyncio.sleep(0, "run at the top")))
                async def show(text):
                    await asyncio.sleep(0)
                    await js_module.displayResponse(text)
                def sender_message_proxy(key, text):
                    assert asyncio.get_event_loop() is asyncio.get_running_loop()
                    coroutine = asyncio.sleep(0)
                    try:
                        asyncio.run(coroutine)
                    except RuntimeError as error:
                        coroutine.close()
                        asyncio.create_task(show(f"{text}: {error}"))
                """
            let environment = ["OPENAI_API_KEY": "sk-test"]
            let result = try await run(source, "one\n", environment: environment)
            let refusal = "asyncio.run() cannot be called from a running event loop"
            let expected = "run at the top\none: \(refusal)\n"
            #expect(result == .init(status: .exited(0), output: expected, errors: ""))
        }

        @Test func `The top level of a script without await has the loop that python gives it`()
            async throws
        {
            let source = """
                import asyncio
                try:
                    asyncio.create_task(asyncio.sleep(0))
                except RuntimeError as error:
                    print(error)
                try:
                    asyncio.get_running_loop()
                except RuntimeError as error:
                    print(error)
                print(asyncio.run(asyncio.sleep(0, "run")))
                """
            let result = try await run(
                "import warnings\nwarnings.simplefilter('ignore')\n" + source,
                ""
            )
            #expect(result.output == "no running event loop\nno running event loop\nrun\n")
            #expect(result.status == .exited(0))
        }

        @Test func `The top level of a script with await has the running loop`() async throws {
            let source = """
                import asyncio, amaru
                await asyncio.sleep(0)
                assert asyncio.get_event_loop() is asyncio.get_running_loop()
                made = asyncio.create_task(asyncio.sleep(0, "made at the top"))
                @amaru.reply
                async def answer(message):
                    return f"{message}: {await made}"
                """
            let result = try await run(source, "one\ntwo\n")
            let expected = "one: made at the top\ntwo: made at the top\n"
            #expect(result == .init(status: .exited(0), output: expected, errors: ""))
        }
    }
}
