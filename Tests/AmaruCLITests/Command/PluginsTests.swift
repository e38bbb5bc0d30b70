// Plugins in real turns: the one that `plugins new` makes, and broken ones beside it.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Foundation
import Testing

extension BuiltCommand {
    @Suite(.timeLimit(.minutes(5))) struct PluginsTests {
        let folder: TemporaryFolder

        init() throws {
            folder = try TemporaryFolder()
        }

        func run(_ arguments: [String]) async throws -> AmaruProcess.Result {
            var result = try await AmaruProcess.run(arguments, in: folder)
            result.errors = result.errors.replacing(folder.path, with: "FOLDER")
            result.output = result.output.replacing(folder.path, with: "FOLDER")
            return result
        }

        func plugin(_ name: String, _ source: String) throws {
            try folder.write(source, to: "config/amaru/plugins/\(name).py")
        }

        /// The user's last message in a request.
        func message(in request: RecordedRequest) throws -> String {
            struct Body: Decodable {
                struct Message: Decodable {
                    var content: String
                }
                var messages: [Message]
            }
            let body = try JSONDecoder().decode(Body.self, from: request.body)
            return try #require(body.messages.last).content
        }

        // MARK: Making and listing

        @Test func `A new plugin has ten lines and is listed with its hooks`() async throws {
            let path = "FOLDER/config/amaru/plugins/mine.py"
            let made = try await run(["plugins", "new", "mine"])
            #expect(made == .init(status: .exited(0), output: path + "\n", errors: ""))
            let file = folder.path + "/config/amaru/plugins/mine.py"
            let text = try String(contentsOfFile: file, encoding: .utf8)
            #expect(text.split(separator: "\n", omittingEmptySubsequences: false).count == 11)
            let listed = try await run(["plugins", "list"])
            let line = "mine\tamaru_message amaru_answer\t\(path)\n"
            #expect(listed == .init(status: .exited(0), output: line, errors: ""))
            #expect(try await run(["plugins"]) == listed)
        }

        @Test func `A name that is taken is refused, and the file stays`() async throws {
            try plugin("mine", "x = 1\n")
            let result = try await run(["plugins", "new", "mine"])
            #expect(
                result.errors.contains(
                    "FOLDER/config/amaru/plugins/mine.py already exists: choose another name."
                )
            )
            #expect(result.status == .exited(2))
            let file = folder.path + "/config/amaru/plugins/mine.py"
            #expect(try String(contentsOfFile: file, encoding: .utf8) == "x = 1\n")
        }

        @Test(arguments: ["a-b", "_hidden", "9lives", "../up", "", "a.b", "é"])
        func `A bad name is refused`(_ name: String) async throws {
            let result = try await run(["plugins", "new", name])
            #expect(result.errors.contains("is not a valid plugin name: use letters, digits and"))
            #expect(result.status == .exited(2))
            #expect(!FileManager.default.fileExists(atPath: folder.path + "/config/amaru/plugins"))
        }

        @Test(arguments: ["class", "None"])
        func `A keyword of Python is no name`(_ name: String) async throws {
            let result = try await run(["plugins", "new", name])
            #expect(result.errors.hasPrefix("amaru: \(name) is a keyword of Python"), "\(result)")
            #expect(result.status == .exited(2))
            #expect(!FileManager.default.fileExists(atPath: folder.path + "/config/amaru/plugins"))
        }

        @Test func `Without plugins the list says where they belong and how to make one`()
            async throws
        {
            let result = try await run(["plugins", "list"])
            let expected =
                "No plugins in FOLDER/config/amaru/plugins. Make one: amaru plugins new NAME\n"
            #expect(result == .init(status: .exited(0), output: "", errors: expected))
        }

        @Test func `The list loads nothing, and names what cannot be loaded with its line`()
            async throws
        {
            try plugin("noisy", "print('loaded')\n1 / 0\n")
            try plugin("wrong", "x = 1\ndef f(:\n")
            let result = try await run(["plugins", "list"])
            let plugins = "FOLDER/config/amaru/plugins"
            #expect(result.output == "noisy\t\t\(plugins)/noisy.py\nwrong\t\t\(plugins)/wrong.py\n")
            #expect(result.errors.hasPrefix("amaru: \(plugins)/wrong.py:2: SyntaxError: "))
            #expect(result.status == .exited(1))
        }

        // MARK: In a turn

        @Test func `A new plugin changes the message and the answer of a turn`() async throws {
            _ = try await run(["plugins", "new", "mine"])
            let server = ScriptedServer([.chat("Lima.")])
            try await server.start()
            let base = server.url + "/v1"
            let result = try await run(["--base-url", base, "  The capital of Peru?  "])
            await server.shutDown()
            #expect(try message(in: try #require(server.requests.last)) == "The capital of Peru?")
            let expected = "Lima.\n\n(mine was here)\n"
            #expect(result == .init(status: .exited(0), output: expected, errors: ""))
        }

        @Test func `Broken plugins are named with their lines, and harm nothing`() async throws {
            _ = try await run(["plugins", "new", "zz"])
            try plugin("syntax", "x = 1\ndef f(:\n")
            try plugin("raises", "x = 1\n\nraise OSError('at import')\n")
            try plugin("exits", "import sys\nsys.exit(5)\n")
            try plugin("unknown", "import nowhere_to_be_found\n")
            try plugin("ssl", "raise ValueError('not that ssl')\n")
            try plugin(
                "hooks",
                """
                from amaru.plugins import hookimpl
                @hookimpl
                def amaru_message(text): raise ValueError("message")
                @hookimpl
                def amaru_chunk(text): raise ValueError("chunk")
                @hookimpl
                def amaru_answer(text): raise ValueError("answer")
                """
            )
            try plugin(
                "leaves",
                """
                import sys
                from amaru.plugins import hookimpl
                @hookimpl
                def amaru_answer(text):
                    sys.exit(6)
                """
            )
            let server = ScriptedServer([.chat("Lima.")])
            try await server.start()
            let base = server.url + "/v1"
            let result = try await run(["--base-url", base, " The capital of Peru? "])
            await server.shutDown()
            #expect(try message(in: try #require(server.requests.last)) == "The capital of Peru?")
            #expect(result.output == "Lima.\n\n(zz was here)\n")
            #expect(result.status == .exited(0))
            let plugins = "FOLDER/config/amaru/plugins"
            let notices = [
                "plugin syntax disabled: \(plugins)/syntax.py:2: SyntaxError: ",
                "plugin raises disabled: \(plugins)/raises.py:3: OSError: at import",
                "plugin exits disabled: \(plugins)/exits.py:2: SystemExit: 5",
                "plugin unknown disabled: \(plugins)/unknown.py:1: ModuleNotFoundError: ",
                "plugin ssl disabled: \(plugins)/ssl.py:1: ValueError: not that ssl",
                "plugin hooks disabled for this session: \(plugins)/hooks.py:3: ValueError: message",
                "plugin leaves disabled for this session: \(plugins)/leaves.py:5: SystemExit: 6",
            ]
            for notice in notices {
                #expect(result.errors.contains("amaru: \(notice)"), "\(result)")
            }
            let count = result.errors.split(separator: "\n").count
            #expect(count == notices.count, "\(result)")
        }

        @Test func `A hook has the running loop`() async throws {
            try plugin(
                "loop",
                """
                import asyncio
                from amaru.plugins import hookimpl
                @hookimpl
                def amaru_answer(text):
                    assert asyncio.get_event_loop() is asyncio.get_running_loop()
                    task = asyncio.create_task(asyncio.sleep(0))
                    coroutine = asyncio.sleep(0)
                    try:
                        asyncio.run(coroutine)
                    except RuntimeError as error:
                        coroutine.close()
                        return f"{text} {type(task).__name__}: {error}"
                """
            )
            let server = ScriptedServer([.chat("Lima.")])
            try await server.start()
            let result = try await run(["--base-url", server.url + "/v1", "hello"])
            await server.shutDown()
            let refusal = "asyncio.run() cannot be called from a running event loop"
            let expected = "Lima. Task: \(refusal)\n"
            #expect(result == .init(status: .exited(0), output: expected, errors: ""))
        }

        @Test func `Ctrl-C ends a hook that loops forever, and the chat goes on without it`()
            async throws
        {
            try plugin(
                "loops",
                """
                import os
                from amaru.plugins import hookimpl
                @hookimpl
                def amaru_message(text):
                    os.write(1, b"[looping]")
                    while True:
                        pass
                """
            )
            let server = ScriptedServer([.chat("the answer")])
            try await server.start()
            let terminal = try PseudoTerminal(columns: 200)
            let chat = try AmaruProcess(
                ["--base-url", server.url + "/v1"],
                on: terminal,
                in: folder
            )
            try await terminal.waitFor("> ")
            try terminal.send("first\r")
            try await terminal.waitFor("[looping]")
            try terminal.send("\u{3}")
            try await terminal.waitFor("plugin loops disabled for this session: ")
            try await terminal.waitFor("/loops.py:")
            try await terminal.waitFor(": interrupted")
            try await terminal.waitFor("> ")
            try terminal.send("second\r")
            try await terminal.waitFor("the answer")
            try await terminal.waitFor("> ")
            try terminal.send("\u{4}")
            #expect(try await chat.end() == .exited(0))
            #expect(try message(in: try #require(server.requests.last)) == "second")
            await server.shutDown()
        }
    }
}
