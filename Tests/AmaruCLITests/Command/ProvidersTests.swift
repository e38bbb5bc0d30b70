// Providers and aliases of the settings, each with the key of its own origin.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Foundation
import Testing

extension BuiltCommand {
    @Suite(.timeLimit(.minutes(5))) struct ProvidersTests {
        private static let key = "sk-of-one-provider-8231"

        /// Settings with a provider at a server, whose key has a source.
        private static func settings(_ server: ScriptedServer, _ key: String) -> String {
            """
            model = "quick"
            [providers.one]
            base-url = "\(server.url)/v1"
            \(key)
            model = "standard"
            system = "Be kind."
            options = { temperature = 0.5 }
            headers = { "X-Title" = "amaru" }
            prices.small = { input = 1_000_000, output = 2_000_000 }
            [aliases]
            quick = { model = "one/small", options = { top_p = 1 } }
            """
        }

        @Test(
            "The key comes from where the settings say, and goes to its origin",
            arguments: [
                #"key.command = "printf '%s\nnotes\n' sk-of-one-$PART""#,
                #"key.command = ["sh", "-c", "echo sk-of-one-$PART"]"#,
                #"key.variable = "MY_KEY""#, #"key.file = "~/my.key""#, "",
            ]
        )
        func keys(source: String) async throws {
            let server = try await ScriptedServer.withModels([])
            let home = try ConfiguredFolder(Self.settings(server, source))
            try home.folder.write(Self.key + "\n", to: "my.key", permissions: 0o600)
            var variables = ["PART": "provider-8231"]
            if source.contains("MY_KEY") { variables["MY_KEY"] = Self.key }
            if source.isEmpty { variables["ONE_API_KEY"] = Self.key }
            let result = try await home.amaru("-v", "hello", environment: variables)
            await server.shutDown()
            #expect(result.output == "fine\n", "\(result)")
            #expect(result.errors.contains("tokens: 1 in, 1 out; cost: $3.00"), "\(result)")
            let request = try #require(server.requests.first)
            #expect(request.header("authorization") == "Bearer \(Self.key)")
            #expect(request.bodyText.contains(#""model": "small""#), "\(request.bodyText)")
            #expect(request.bodyText.contains(#""Be kind.""#))
        }

        @Test func `Options and headers of provider and alias reach the script's settings`()
            async throws
        {
            let server = try await ScriptedServer.withModels([])
            let home = try ConfiguredFolder(Self.settings(server, "key = 'none'"))
            try home.folder.write(
                """
                import amaru
                s = amaru.settings()
                options = {name: float(value) for name, value in s.options.items()}
                print(s.model, sorted(options.items()), s.headers, s.system)
                """,
                to: "script.py"
            )
            let result = try await home.amaru("run", "script.py")
            await server.shutDown()
            #expect(
                result.output
                    == "small [('temperature', 0.5), ('top_p', 1.0)] {'X-Title': 'amaru'} Be kind.\n",
                "\(result)"
            )
        }

        @Test func `A script that asks the model does so with a stored key`() async throws {
            let server = try await ScriptedServer.withModels([])
            let home = try ConfiguredFolder(Self.settings(server, ""))
            _ = try await home.amaru("keys", "set", "one", input: Self.key)
            try home.folder.write(
                "import amaru\nprint(await amaru.chat('hello'))\n",
                to: "script.py"
            )
            let result = try await home.amaru("run", "script.py")
            await server.shutDown()
            #expect(result.output == "fine\n", "\(result)")
            #expect(server.requests.first?.header("authorization") == "Bearer \(Self.key)")
        }

        @Test func `The key of a provider is not sent to another server`() async throws {
            let server = try await ScriptedServer.withModels([])
            let other = try await ScriptedServer.withModels([])
            let settings =
                Self.settings(server, #"key.variable = "MY_KEY""#)
                + "\n[providers.other]\nbase-url = '\(other.url)/v1'\n"
            let home = try ConfiguredFolder(settings)
            let variables = ["MY_KEY": Self.key, "OPENAI_API_KEY": "sk-of-openai-1"]
            let named = try await home.amaru("-m", "other/m", "hello", environment: variables)
            #expect(named.output == "fine\n", "\(named)")
            let url = try await home.amaru(
                "--base-url",
                "\(other.url)/v1",
                "--no-key",
                "hello",
                environment: variables
            )
            #expect(url.output == "fine\n", "\(url)")
            await server.shutDown()
            await other.shutDown()
            #expect(other.requests.map { $0.header("authorization") } == [nil, nil])
            #expect(server.requests.isEmpty)
        }

        @Test(
            "A source without a key is named, and what it printed is not",
            arguments: [
                (#"key.command = "echo half-printed; exit 3""#, "failed (exit code 3)"),
                (#"key.command = "true""#, "printed nothing"),
                (#"key.command = "yes half-printed""#, "printed more than a key"),
                (#"key.command = "echo half-printed two words""#, "holds a blank"),
                (#"key.file = "~/nowhere""#, "there is no such file"),
                (#"key.file = "~/open""#, "chmod 600"),
            ]
        )
        func badSource(source: String, words: String) async throws {
            let server = try await ScriptedServer.withModels([])
            let home = try ConfiguredFolder(Self.settings(server, source))
            try home.folder.write("half-printed", to: "open", permissions: 0o644)
            let result = try await home.amaru("hello")
            await server.shutDown()
            #expect(result.errors.contains(words), "\(result)")
            #expect(!result.errors.contains("half"), "\(result)")
            #expect(result.status != .exited(0))
            #expect(server.requests.isEmpty)
        }

        @Test(
            "What to do about a key that the server refuses is about that provider's",
            arguments: [
                ("", nil, "set the variable ONE_API_KEY, or run amaru keys set one"),
                ("key = 'none'", nil, "the settings have key = \"none\" for one: amaru config"),
                ("key.variable = 'MY'", nil, "set the variable MY, or run amaru keys set one"),
                ("key.command = 'echo k'", nil, "the settings say where the key of one is"),
                ("", "sk-x", "check the key in the variable ONE_API_KEY"),
            ]
        )
        func refusedKey(source: String, key: String?, remedy: String) async throws {
            let refusal = ScriptedResponse.apiError("no", status: 401)
            let server = try await ScriptedServer.withModels([], answering: refusal)
            let home = try ConfiguredFolder(Self.settings(server, source))
            let variables = key.map { ["ONE_API_KEY": $0] } ?? [:]
            let result = try await home.amaru("hello", environment: variables)
            await server.shutDown()
            #expect(result.errors.contains(remedy), "\(result)")
            #expect(!result.errors.contains("OPENAI"), "\(result)")
        }

        @Test func `A key is stored unseen, listed without itself, used and removed`()
            async throws
        {
            let server = try await ScriptedServer.withModels([])
            let home = try ConfiguredFolder(Self.settings(server, ""))
            let stored = try await home.amaru("keys", "set", "one", input: Self.key + "\n")
            #expect(stored.errors == "amaru: stored in FOLDER/config/amaru/keys/one\n")
            let list = try await home.amaru("keys")
            let others = "openai\tnone\thttps://api.openai.com\n"
            #expect(list.output == "one\tstored\t\(server.url)\n" + others)
            #expect(try await home.amaru("hello").output == "fine\n")
            #expect(server.requests.first?.header("authorization") == "Bearer \(Self.key)")
            #expect(try await home.amaru("keys", "remove", "one").status == .exited(0))
            #expect(home.files(with: Self.key).isEmpty)
            let gone = try await home.amaru("keys", "remove", "one")
            #expect(gone.status == .exited(1))
            #expect(gone.errors == "amaru: There is no stored key of one.\n")
            await server.shutDown()
            // The name is not repeated: it may be the key.
            let typed = try await home.amaru("keys", "set", "sk/\(Self.key)")
            #expect(typed.status == .exited(2))
            #expect(!typed.errors.contains(Self.key), "\(typed)")
            let empty = try await home.amaru("keys", "set", "one", input: " \n")
            #expect(empty.status == .exited(2))
            let near = try await home.amaru("keys", "set", "openia", input: "k")
            #expect(near.errors.contains("did you mean openai?"), "\(near)")
        }

        @Test func `On a terminal a key to store is typed unseen`() async throws {
            let home = try ConfiguredFolder()
            let terminal = try PseudoTerminal(columns: 120)
            let process = try AmaruProcess(
                ["keys", "set", "openai"],
                on: terminal,
                in: home.folder,
                environment: home.variables
            )
            try await terminal.waitFor("Key for openai (hidden): ")
            #expect(!terminal.echoes)
            try terminal.send(Self.key + "\r")
            #expect(try await process.end() == .exited(0))
            #expect(!terminal.output.contains("sk-of"), "\(terminal.output)")
            #expect(home.files(with: Self.key) == ["config/amaru/keys/openai"])
        }

        @Test func `The key is in no file, log, trace, recording, error or list of processes`()
            async throws
        {
            let gate = Gate()
            // Its own: other tests start programs meanwhile, and a short end may be in anything.
            let end = UUID().uuidString
            let key = "sk-of-\(end)"
            let server = ScriptedServer { request, index in
                if request.path.hasSuffix("/models") {
                    return .apiError("Bad key \(key)", status: 401)
                }
                let refusal = ScriptedResponse.apiError("Bad key \(key)", status: 401)
                return index == 0 ? .chat("fine, I say", pauseAt: gate) : refusal
            }
            try await server.start()
            let home = try ConfiguredFolder(Self.settings(server, ""))
            _ = try await home.amaru("keys", "set", "one", input: key)
            let chat = try AmaruProcess(
                ["-v", "--trace-http", "trace.jsonl", "--record", "record.jsonl", "hello"],
                in: home.folder,
                environment: home.variables
            )
            try await chat.waitForOutput("fine,")
            let processes = Self.processes()
            gate.open()
            var results = [try await chat.result()]
            for words in [["-v", "again"], ["models"], ["doctor"], ["keys", "list"]] {
                let run = try AmaruProcess(words, in: home.folder, environment: home.variables)
                results.append(try await run.result())
            }
            await server.shutDown()
            #expect(server.requests.count >= 4)
            let sent = Set(server.requests.map { $0.header("authorization") })
            #expect(sent == ["Bearer \(key)"])
            #expect(results.map(\.status).prefix(2) == [.exited(0), .exited(1)])
            #expect(home.files(with: key) == ["config/amaru/keys/one"])
            #expect(home.files(with: "chat/completions").contains("trace.jsonl"))
            for result in results { #expect(!"\(result)".contains(end), "\(result)") }
            #expect(processes.contains { $0.contains("--trace-http") } || processes.isEmpty)
            #expect(processes.allSatisfy { !$0.contains(end) })
        }

        /// The command lines and environments of all programs that can be seen.
        private static func processes() -> [String] {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
            return names.filter { Int($0) != nil }.flatMap { number in
                ["cmdline", "environ"].compactMap { file in
                    FileManager.default.contents(atPath: "/proc/\(number)/\(file)")
                        .map { String(decoding: $0, as: UTF8.self) }
                }
            }
        }
    }
}
