// Where keys come from and where they never go, with the built command.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Foundation
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

extension BuiltCommand {
    /// Keys and scripts that need no packages.
    @Suite struct KeysOfScriptsTests {
        private static let key = "sk-held-back-31"

        #if os(Linux)
            @Test func `The process does not show the key to others`() async throws {
                let folder = try TemporaryFolder()
                let script = try folder.write(
                    """
                    def sender_message_proxy(key, text):
                        import js_module
                        js_module.displayResponse("got " + text)
                    """,
                    to: "chat.py"
                )
                let process = try AmaruProcess(
                    ["run", "--key-env", "TEST_KEY", script.path],
                    input: .open,
                    environment: ["TEST_KEY": Self.key, "TEST_KEY_2": "visible"]
                )
                try process.write("hello\n")
                try await process.waitForOutput("got hello")
                let path = "/proc/\(process.identifier)/environ"
                // Only root can read it, since the process cannot be dumped.
                let block = FileManager.default.contents(atPath: path)
                let text = block.map { String(decoding: $0, as: UTF8.self) }
                process.closeInput()
                #expect(try await process.result().status == .exited(0))
                // The neighbour shows that this is the right block.
                #expect(text?.contains("TEST_KEY_2=visible") ?? (geteuid() != 0))
                #expect(text?.contains(Self.key) != true)
            }
        #endif

        @Test func `Script and children find a placeholder in place of the key`() async throws {
            let folder = try TemporaryFolder()
            let script = try folder.write(
                """
                import os, subprocess
                print(os.environ["TEST_KEY"].startswith("amaru-placeholder-"))
                print(subprocess.run(["env"], capture_output=True, text=True).stdout)
                """,
                to: "child.py"
            )
            let result = try await AmaruProcess.run(
                ["run", "--key-env", "TEST_KEY", script.path],
                environment: ["TEST_KEY": Self.key, "TEST_KEY_2": "visible"]
            )
            #expect(result.status == .exited(0), "\(result.errors)")
            #expect(result.output.hasPrefix("True\n"), "\(result)")
            #expect(result.output.contains("\nTEST_KEY=amaru-placeholder-"))
            #expect(result.output.contains("TEST_KEY_2=visible"))
            #expect(!result.output.contains(Self.key))
        }

        @Test(
            "A key option that cannot work is a usage error that names it",
            arguments: [
                (["--key-env", "UNSET_KEY"], "UNSET_KEY"),
                (["--key-env", "sk-not-a-name"], "sk-not-a-name"),
                (["--key-env", "TEST_KEY@ftp://x"], "TEST_KEY@ftp://x"),
            ]
        )
        func badOption(options: [String], words: String) async throws {
            let result = try await AmaruProcess.run(
                ["hello", "--base-url", "https://api.example.com/v1"] + options,
                environment: ["TEST_KEY": Self.key]
            )
            #expect(result.status == .exited(2))
            #expect(result.errors.contains(words), "\(result.errors)")
            #expect(!result.errors.contains(Self.key))
        }

        @Test func `A key does not go out in clear, and the way to send none is named`()
            async throws
        {
            let result = try await AmaruProcess.run(
                ["hello", "--base-url", "http://192.0.2.1/v1"],
                environment: ["OPENAI_API_KEY": Self.key]
            )
            #expect(
                result.errors
                    == "amaru: The key in OPENAI_API_KEY is not sent to http://192.0.2.1, since the "
                    + "connection is not encrypted. Use https, or --no-key if the server needs no "
                    + "key.\n"
            )
            #expect(result.status == .exited(2))
        }

        @Test(arguments: ["http://192.0.2.1", "https://api.example.com"])
        func `A server that needs no key is sent none`(_ origin: String) async throws {
            let server = ScriptedServer([.chat("fine")])
            try await server.start()
            let result = try await AmaruProcess.run(
                [
                    "hello", "--base-url", "\(origin)/v1", "--no-key",
                    "--route", "\(origin)=\(server.url)",
                ],
                environment: ["OPENAI_API_KEY": Self.key]
            )
            await server.shutDown()
            #expect(result == .init(status: .exited(0), output: "fine\n", errors: ""))
            #expect(server.requests.map { $0.header("authorization") } == [nil])
        }

        @Test func `Without a key and a terminal the variable is named`() async throws {
            let result = try await AmaruProcess.run(
                ["hello", "--base-url", "https://api.example.com/v1"]
            )
            #expect(result.status == .exited(2))
            #expect(result.output == "")
            #expect(result.errors.contains("no key for https://api.example.com"))
            #expect(result.errors.contains("OPENAI_API_KEY"))
            #expect(result.errors.contains("--key-env"))
        }
    }

    /// The hidden prompt on a terminal.
    @Suite(.timeLimit(.minutes(5))) struct KeysPromptTests {
        private static let prompt =
            "Key for https://api.example.com (hidden; or set OPENAI_API_KEY): "

        @Test func `A key that is typed is not shown, and reaches its origin`() async throws {
            let server = ScriptedServer([.chat("fine")])
            try await server.start()
            let terminal = try PseudoTerminal(columns: 200)
            let chat = try start(
                on: terminal,
                ["--route", "https://api.example.com=\(server.url)"]
            )
            try await terminal.waitFor(Self.prompt)
            #expect(!terminal.echoes)
            try terminal.send("sk-typed-unseen\r")
            try await terminal.waitFor("> ")
            try terminal.send("hello\r")
            try await terminal.waitFor("fine")
            try await terminal.waitFor("> ")
            try terminal.send("\u{4}")
            #expect(try await chat.end() == .exited(0))
            await server.shutDown()
            #expect(!terminal.output.contains("sk-typed"), "\(terminal.output)")
            #expect(server.requests.first?.header("authorization") == "Bearer sk-typed-unseen")
        }

        @Test func `Ctrl-C at the prompt ends the program by SIGINT and gives the echo back`()
            async throws
        {
            let terminal = try PseudoTerminal(columns: 200)
            let chat = try start(on: terminal, [])
            try await terminal.waitFor(Self.prompt)
            try terminal.send("sk-half\u{3}")
            #expect(try await chat.end() == .interrupted)
            #expect(!terminal.output.contains("sk-half"))
        }

        @Test(
            "Without a key in the answer the program ends with a usage error",
            arguments: ["\u{4}", "\r"]
        )
        func noAnswer(typed: String) async throws {
            let terminal = try PseudoTerminal(columns: 200)
            let chat = try start(on: terminal, [])
            try await terminal.waitFor(Self.prompt)
            try terminal.send(typed)
            try await terminal.waitFor("OPENAI_API_KEY")
            #expect(try await chat.end() == .exited(2))
        }

        private func start(
            on terminal: PseudoTerminal,
            _ options: [String]
        ) throws -> AmaruProcess {
            try AmaruProcess(
                ["--base-url", "https://api.example.com/v1"] + options,
                on: terminal
            )
        }
    }

    /// Keys of scripts that send requests of their own.
    @Suite(.needsPackages) struct KeysOfRequestsTests {
        private static let key = "sk-for-one-origin-77"
        private static let packages = Tutorial.requirements

        /// Sends its key to where its argument says, by one of the libraries.
        private static let script = """
            import asyncio, sys
            import httpx, urllib3
            import js_module

            def sender_message_proxy(key, text):
                asyncio.ensure_future(ask(key, text))

            async def ask(key, text):
                library, url = text.split()
                headers = {"Authorization": "Bearer " + key}
                try:
                    if library == "httpx":
                        async with httpx.AsyncClient() as client:
                            status = (await client.get(url, headers=headers)).status_code
                    else:
                        pool = urllib3.PoolManager(retries=False)
                        status = pool.request("GET", url, headers=headers).status
                    js_module.displayResponse(f"status {status}")
                except Exception as exc:
                    js_module.displayResponse(f"{type(exc).__name__}: {exc}")
            """

        @Test(
            "A key for another origin is not sent, and the error names both",
            arguments: ["httpx", "urllib3"]
        )
        func wrongOrigin(library: String) async throws {
            let server = ScriptedServer([.text("stolen")])
            try await server.start()
            let origin = server.url
            let result = try await run("\(library) \(origin)/collect\n", key: "TEST_KEY")
            await server.shutDown()
            #expect(server.requests.isEmpty)
            #expect(result.output.contains("belongs to https://api.openai.com"), "\(result)")
            #expect(result.output.contains("not sent to \(origin)"), "\(result)")
            #expect(!result.output.contains(Self.key) && !result.errors.contains(Self.key))
        }

        @Test(
            "A key goes to the origin that its option names",
            arguments: ["httpx", "urllib3"]
        )
        func namedOrigin(library: String) async throws {
            let server = ScriptedServer([.text("welcome")])
            try await server.start()
            let origin = server.url
            let result = try await run("\(library) \(origin)/data\n", key: "TEST_KEY@\(origin)")
            await server.shutDown()
            #expect(result.output == "status 200\n", "\(result.errors)")
            #expect(server.requests.first?.header("authorization") == "Bearer \(Self.key)")
        }

        @Test func `No line of the program holds the key, verbose or at a fault`() async throws {
            let server = ScriptedServer([
                .apiError("Incorrect API key provided: \(Self.key)", status: 401)
            ])
            try await server.start()
            let result = try await AmaruProcess.run(
                [
                    "--verbose", "--base-url", "\(server.url)/v1", "--key-env", "TEST_KEY",
                    "hello",
                ],
                environment: ["TEST_KEY": Self.key]
            )
            await server.shutDown()
            #expect(result.status == .exited(1))
            #expect(result.errors.contains("python started"))
            #expect(result.errors.contains("rejected the key (401)"))
            #expect(result.errors.hasSuffix(": check the key in the variable TEST_KEY\n"))
            #expect(!result.errors.contains(Self.key), "\(result.errors)")
            #expect(!result.output.contains(Self.key))
        }

        private func run(_ input: String, key option: String) async throws -> AmaruProcess.Result {
            let folder = try TemporaryFolder()
            let script = try folder.write(Self.script, to: "ask.py")
            return try await AmaruProcess.run(
                ["run", "--key-env", option] + Self.packages + [script.path],
                input: input,
                environment: ["TEST_KEY": Self.key]
            )
        }
    }
}
