// Where requests go: the variable of the base URL, and every way to write one.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Testing

extension BuiltCommand {
    @Suite(.timeLimit(.minutes(5))) struct BaseURLTests {
        // MARK: OPENAI_BASE_URL

        @Test func `The variable names the server, and the key is that server's`() async throws {
            let server = ScriptedServer([.chat("fine")])
            let result = try await withChat(server) { _ in
                try await AmaruProcess.run(
                    ["hello"],
                    environment: [
                        "OPENAI_BASE_URL": "\(server.url)/v1", "OPENAI_API_KEY": "sk-of-base",
                    ]
                )
            }
            #expect(result == .init(status: .exited(0), output: "fine\n", errors: ""))
            #expect(server.requests.first?.header("authorization") == "Bearer sk-of-base")
        }

        @Test func `The option goes before the variable`() async throws {
            let server = ScriptedServer([.chat("fine")])
            let result = try await withChat(server) { options in
                try await AmaruProcess.run(
                    ["hello"] + options,
                    environment: ["OPENAI_BASE_URL": "http://127.0.0.1:1/v1"]
                )
            }
            #expect(result.output == "fine\n", "\(result)")
        }

        @Test(arguments: [" ", "\t", "\n", "\r\n", "\u{A0}"])
        func `Blanks around the variable or the option are left out`(
            _ blank: String
        ) async throws {
            let server = ScriptedServer([.chat("fine"), .chat("fine")])
            let folder = try Self.folder(
                "import os; print(os.environ['OPENAI_BASE_URL'], end='|')"
            )
            let url = try await withChat(server) { _ in
                let value = "\(blank)\(server.url)/v1\(blank)"
                let environment = ["OPENAI_BASE_URL": value, "OPENAI_API_KEY": "sk-of-base"]
                let chat = try await AmaruProcess.run(["hello"], environment: environment)
                #expect(chat.output == "fine\n", "\(chat)")
                let option = try await AmaruProcess.run(["hello", "--base-url", value])
                #expect(option.output == "fine\n", "\(option)")
                let arguments = ["run", "script.py"]
                return try await AmaruProcess.run(arguments, in: folder, environment: environment)
                    .output
            }
            #expect(url == "\(server.url)/v1|")
        }

        @Test(arguments: ["", " ", "\n"])
        func `An empty variable counts as none`(_ value: String) async throws {
            let result = try await AmaruProcess.run(
                ["run", "script.py"],
                in: try Self.folder("import amaru; print(amaru.settings().base_url)"),
                environment: ["OPENAI_BASE_URL": value]
            )
            #expect(result.output == "https://api.openai.com/v1\n", "\(result)")
        }

        @Test(arguments: ["nonsense", "ftp://host/v1", "http://user:word@host/v1"])
        func `A variable that cannot be used is named`(_ value: String) async throws {
            let result = try await AmaruProcess.run(
                ["hello"],
                environment: ["OPENAI_BASE_URL": value]
            )
            #expect(result.errors.hasPrefix("amaru: OPENAI_BASE_URL"), "\(result)")
            #expect(!result.errors.contains("Usage"), "\(result)")
            #expect(result.status == .exited(2))
        }

        @Test func `A script is told the server, and its requests may carry the key there`()
            async throws
        {
            let server = ScriptedServer([.text("welcome")])
            let folder = try Self.folder(
                """
                import amaru, os
                from pyodide.http import pyfetch
                url = amaru.settings().base_url
                assert url == os.environ["OPENAI_BASE_URL"]
                key = os.environ["OPENAI_API_KEY"]
                response = await pyfetch(url, headers={"Authorization": f"Bearer {key}"})
                print(await response.text())
                """
            )
            let result = try await withChat(server) { _ in
                try await AmaruProcess.run(
                    ["run", "script.py"],
                    in: folder,
                    environment: [
                        "OPENAI_BASE_URL": "\(server.url)/v1", "OPENAI_API_KEY": "sk-of-base",
                    ]
                )
            }
            #expect(result.output == "welcome\n", "\(result)")
            #expect(server.requests.first?.header("authorization") == "Bearer sk-of-base")
        }

        // MARK: Forms

        @Test(arguments: [
            ("http://HOST/v1", "/v1/chat/completions"),
            ("http://HOST/v1/", "/v1/chat/completions"),
            ("http://HOST/v1//", "/v1/chat/completions"),
            ("http://HOST", "/chat/completions"),
            ("http://HOST/v1/chat/completions", "/v1/chat/completions"),
            ("http://HOST/v1/chat/completions/", "/v1/chat/completions"),
            ("http://HOST/v1?api-version=1", "/v1/chat/completions?api-version=1"),
            ("http://HOST/v1/?a=1&b=2", "/v1/chat/completions?a=1&b=2"),
            (
                "http://HOST/v1/chat/completions?api-version=1",
                "/v1/chat/completions?api-version=1"
            ),
            ("HTTP://HOST/v1", "/v1/chat/completions"),
            ("http://HOST/v1#part", "/v1/chat/completions"),
            ("http://HOST/a%20b", "/a%20b/chat/completions"),
        ])
        func `A base URL is understood however it is written`(
            _ form: String,
            _ path: String
        ) async throws {
            let server = ScriptedServer([.chat("fine")])
            let result = try await withChat(server) { _ in
                let base = form.replacing("HOST", with: "127.0.0.1:\(server.port)")
                return try await AmaruProcess.run(
                    ["--base-url", base, "hello"],
                    environment: ["OPENAI_API_KEY": "sk-of-base"]
                )
            }
            #expect(result == .init(status: .exited(0), output: "fine\n", errors: ""))
            #expect(server.requests.map(\.path) == [path])
            #expect(server.requests.first?.header("authorization") == "Bearer sk-of-base")
        }

        // MARK: Servers without a key

        static let senders = [
            """
            import js_module
            def sender_message_proxy(key, text):
                js_module.displayResponse(f"{key!r} {text}")
            """,
            """
            import amaru
            @amaru.reply
            def answer(text):
                return f"{amaru.settings().api_key!r} {text}"
            """,
        ]

        @Test(arguments: senders)
        func `A chat script with a server on this machine needs no key`(
            _ source: String
        ) async throws {
            let result = try await AmaruProcess.run(
                ["run", "--base-url", "http://127.0.0.1:1/v1", "script.py"],
                input: "hello\n",
                in: try Self.folder(source)
            )
            #expect(result == .init(status: .exited(0), output: "'' hello\n", errors: ""))
        }

        @Test(arguments: [
            ["run", "script.py"], ["run", "--base-url", "https://api.example.com/v1", "script.py"],
        ])
        func `A script that takes a key for a server elsewhere asks for it`(
            _ arguments: [String]
        ) async throws {
            let result = try await AmaruProcess.run(
                arguments,
                input: "hello\n",
                in: try Self.folder(Self.senders[0])
            )
            #expect(result.errors.hasPrefix("amaru: There is no key for https://api."))
            #expect(result.output == "")
            #expect(result.status == .exited(2))
        }

        private static func folder(_ source: String) throws -> TemporaryFolder {
            let folder = try TemporaryFolder()
            try folder.write(source, to: "script.py")
            return folder
        }
    }
}
