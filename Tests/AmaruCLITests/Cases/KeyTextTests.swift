// The text of a key: where it stands, and what is around it.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Testing

extension BuiltCommand {
    @Suite(.timeLimit(.minutes(5))) struct KeyTextTests {
        // MARK: Placeholders

        @Test(
            .needsPackages,
            arguments: [
                (
                    Tutorial.requirements,
                    """
                    import openai
                    client = openai.OpenAI()
                    answer = client.chat.completions.create(
                        model="m", messages=[{"role": "user", "content": "hello"}]
                    )
                    print(answer.choices[0].message.content, client.api_key[:18])
                    """
                ),
                (
                    ["--with", "llm"],
                    """
                    import llm
                    model = llm.get_model("gpt-4o-mini")
                    print(model.prompt("hello").text(), model.get_key()[:18])
                    """
                ),
            ]
        )
        func `An SDK finds a placeholder in the variable, and the key is on the wire`(
            _ requirements: [String],
            _ source: String
        ) async throws {
            let server = ScriptedServer([.chat("fine")])
            let folder = try TemporaryFolder()
            try folder.write(source, to: "script.py")
            let result = try await withChat(server) { _ in
                try await AmaruProcess.run(
                    ["run"] + requirements + ["script.py"],
                    in: folder,
                    environment: [
                        "OPENAI_BASE_URL": "\(server.url)/v1", "OPENAI_API_KEY": "sk-of-base",
                        "LLM_USER_PATH": folder.path,
                    ]
                )
            }
            #expect(result.output == "fine amaru-placeholder-\n", "\(result)")
            #expect(server.requests.first?.header("authorization") == "Bearer sk-of-base")
        }

        @Test func `Each of several variables holds the placeholder of its own key`() async throws {
            let first = ScriptedServer([.text("first")])
            let second = ScriptedServer([.text("second")])
            try await second.start()
            let folder = try TemporaryFolder()
            try folder.write(
                """
                import os, sys
                from pyodide.http import AbortError, pyfetch
                for url in sys.argv[1:]:
                    for name in ("ONE", "TWO", "OPENAI_API_KEY"):
                        fields = {"x-api-key": os.environ[name]}
                        try:
                            response = await pyfetch(url, headers=fields)
                            print(name, await response.text())
                        except AbortError as exc:
                            print(name, exc.code)
                """,
                to: "script.py"
            )
            let keys = ["ONE": "sk-one-1", "TWO": "sk-two-2", "OPENAI_API_KEY": "sk-three-3"]
            let result = try await withChat(first) { _ in
                try await AmaruProcess.run(
                    [
                        "run", "--key-env", "ONE@\(first.url)",
                        "--key-env", "TWO@\(second.url)", "script.py", first.url, second.url,
                    ],
                    in: folder,
                    environment: keys
                )
            }
            await second.shutDown()
            let refused = "secret_refused"
            #expect(
                result.output == """
                    ONE first
                    TWO \(refused)
                    OPENAI_API_KEY \(refused)
                    ONE \(refused)
                    TWO second
                    OPENAI_API_KEY \(refused)

                    """,
                "\(result)"
            )
            #expect(first.requests.map { $0.header("x-api-key") } == ["sk-one-1"])
            #expect(second.requests.map { $0.header("x-api-key") } == ["sk-two-2"])
        }

        @Test(arguments: [["--key-env", "OTHER"], ["--key-env", "OTHER@https://example.com"], []])
        func `No variable, named or not, holds a key`(_ options: [String]) async throws {
            let folder = try TemporaryFolder()
            try folder.write(
                """
                import os, subprocess
                print(dict(os.environ), subprocess.run(["env"], capture_output=True, text=True))
                if os.access("/proc/self/environ", os.R_OK):
                    print(open("/proc/self/environ").read())
                """,
                to: "script.py"
            )
            var keys = ["OPENAI_API_KEY": "sk-standard-1"]
            if !options.isEmpty { keys["OTHER"] = "sk-other-2" }
            let result = try await AmaruProcess.run(
                ["run"] + options + ["script.py"],
                in: folder,
                environment: keys
            )
            #expect(result.output.contains("'OPENAI_API_KEY': 'amaru-placeholder-"), "\(result)")
            #expect(!result.output.contains("sk-"))
            #expect(result.status == .exited(0))
        }

        // MARK: What is around a key

        @Test(arguments: ["sk-1\n", "  sk-1  ", "\tsk-1\r\n", "\u{A0}sk-1\u{2028}"])
        func `Blanks and newlines around a key are not part of it`(_ text: String) async throws {
            let server = ScriptedServer([.chat("fine")])
            let result = try await withChat(server) { options in
                try await AmaruProcess.run(
                    ["hello"] + options,
                    environment: ["OPENAI_API_KEY": text]
                )
            }
            #expect(result == .init(status: .exited(0), output: "fine\n", errors: ""))
            #expect(server.requests.map { $0.header("authorization") } == ["Bearer sk-1"])
        }

        @Test(arguments: ["", " ", "\n"])
        func `A variable without a key in it counts as unset`(_ text: String) async throws {
            let server = ScriptedServer([.chat("fine")])
            let result = try await withChat(server) { options in
                try await AmaruProcess.run(
                    ["hello"] + options,
                    environment: ["OPENAI_API_KEY": text]
                )
            }
            #expect(result.output == "fine\n", "\(result)")
            #expect(server.requests.map { $0.header("authorization") } == [nil])
        }

        @Test(arguments: ["sk-1\nsk-2", "sk 1", "sk-\u{7}1", "sk-é1", "sk-\u{200B}1"])
        func `A key that no server could take is named before anything is sent`(
            _ text: String
        ) async throws {
            let server = ScriptedServer([.chat("fine")])
            let result = try await withChat(server) { options in
                try await AmaruProcess.run(
                    ["hello", "--key-env", "SOME_KEY"] + options,
                    environment: ["SOME_KEY": text]
                )
            }
            #expect(result.errors.contains("SOME_KEY"), "\(result)")
            #expect(!result.errors.contains(text))
            #expect(result.status == .exited(2))
            #expect(server.requests.isEmpty)
        }

        @Test func `Blanks around a key that is typed are not part of it`() async throws {
            let server = ScriptedServer([.chat("fine")])
            let terminal = try PseudoTerminal(columns: 120)
            try await withChat(server) { _ in
                let chat = try AmaruProcess(
                    [
                        "--base-url", "https://api.example.com/v1",
                        "--route", "https://api.example.com=\(server.url)", "hello",
                    ],
                    on: terminal
                )
                try await terminal.waitFor("Key for https://api.example.com")
                try terminal.send(" sk-typed \r")
                #expect(try await chat.end() == .exited(0), "\(terminal.output)")
            }
            #expect(server.requests.map { $0.header("authorization") } == ["Bearer sk-typed"])
        }
    }
}
