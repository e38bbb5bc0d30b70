// `amaru config`, and what the file of settings does for a chat.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Foundation
import Testing

extension BuiltCommand {
    @Suite(.timeLimit(.minutes(5))) struct ConfigCommandTests {
        @Test func `A file that cannot be used is refused by line, key and remedy`() async throws {
            let home = try ConfiguredFolder(
                "modell = 'x'\n[providers.groq]\nbase-url = 'https://groq.example'\nkey = 'sk-0'\n"
            )
            let errors = """
                amaru: FOLDER/config/amaru/config.toml:1: modell: unknown key: did you mean model?
                amaru: FOLDER/config/amaru/config.toml:4: providers.groq.key: a key must not be \
                written in this file: write key.variable = "NAME", key.command = "pass show NAME" \
                or key.file = "PATH", or run amaru keys set NAME

                """
            let expected = AmaruProcess.Result(status: .exited(2), output: "", errors: errors)
            #expect(try await home.amaru("config", "check") == expected)
            #expect(try await home.amaru("hello", "--base-url", "http://127.0.0.1:1") == expected)
        }

        @Test func `The settings that the help shows can be used as they are`() async throws {
            let home = try ConfiguredFolder()
            let help = try await home.amaru("help", "config").output
            let lines = help.split(separator: "\n").drop { !$0.hasPrefix("model = ") }
            let end = try #require(lines.firstIndex { $0.hasPrefix("careful = ") })
            let sample = lines[...end].joined(separator: "\n")
            try home.folder.write(sample, to: "config/amaru/config.toml")
            let read = try await home.amaru("config", "check")
            #expect(read.output.hasSuffix("providers: groq\taliases: careful, fast\n"), "\(read)")
        }

        @Test func `Without a file there is nothing to do, and a right one is read once`()
            async throws
        {
            let home = try ConfiguredFolder()
            let none = try await home.amaru("config", "check")
            #expect(none.status == .exited(0))
            #expect(none.errors.contains("there is no such file"))
            #expect(home.files(with: "amaru").isEmpty)
            let path = try await home.amaru("config", "path")
            #expect(path.output == "FOLDER/config/amaru/config.toml\n")

            try home.folder.write(
                "[aliases]\nquick = 'openai/m'\n",
                to: "config/amaru/config.toml"
            )
            let good = try await home.amaru("config")
            #expect(good.output == path.output)
            let read = try await home.amaru("config", "check")
            #expect(read.output.hasSuffix("ok\tproviders: none\taliases: quick\n"), "\(read)")
            let cached = home.files(with: "quick").filter { $0.hasPrefix("cache") }
            try #require(cached.count == 1, "\(cached)")
            let cache = home.folder.url.appending(path: cached[0])
            let mode = try FileManager.default.attributesOfItem(atPath: cache.path)
            #expect(mode[.posixPermissions] as? Int == 0o600)
            // What the cache says is taken while the file is the same, and only then.
            let text = try String(contentsOf: cache, encoding: .utf8)
            try Data(text.replacing("quick", with: "known").utf8).write(to: cache)
            #expect(try await home.amaru("config", "check").output.hasSuffix("aliases: known\n"))
            try home.folder.write("[aliases]\nother = 'm'\n", to: "config/amaru/config.toml")
            #expect(try await home.amaru("config", "check").output.hasSuffix("aliases: other\n"))
        }

        @Test func `A mistake in an edit is kept apart, and the next edit goes on with it`()
            async throws
        {
            let home = try ConfiguredFolder("model = 'old'\n")
            func edit(_ editor: String) async throws -> AmaruProcess.Result {
                try await home.amaru("config", "edit", environment: ["EDITOR": editor])
            }
            let wrong = try await edit("echo 'zzz = 1' >>")
            #expect(wrong.status == .exited(2))
            #expect(wrong.errors.contains("config.toml.draft:2: zzz: unknown key"), "\(wrong)")
            #expect(try String(contentsOfFile: home.path, encoding: .utf8) == "model = 'old'\n")
            let right = try await edit("sed -i 's/zzz = 1/currency = \"€\"/'")
            #expect(right.status == .exited(0), "\(right)")
            #expect(right.errors.contains("going on with FOLDER/config/amaru/config.toml.draft"))
            let text = try String(contentsOfFile: home.path, encoding: .utf8)
            #expect(text == "model = 'old'\ncurrency = \"€\"\n")
            let names = try FileManager.default.contentsOfDirectory(
                atPath: home.folder.path + "/config/amaru"
            )
            #expect(names == ["config.toml"])
            #expect(try await edit("true").errors == "amaru: nothing was changed\n")
            let failed = try await edit("false")
            #expect(failed.status == .exited(1))
            #expect(failed.errors.contains("the editor false ended with exit code 1; the file is"))
        }

        @Test func `The first edit begins with examples, and a link stays one`() async throws {
            let home = try ConfiguredFolder()
            let empty = try await home.amaru("config", "edit", environment: ["VISUAL": "true"])
            #expect(empty.errors == "amaru: nothing was changed\n")
            #expect(!FileManager.default.fileExists(atPath: home.path))
            try home.folder.write("", to: "dotfiles/amaru.toml")
            try FileManager.default.createSymbolicLink(
                atPath: home.path,
                withDestinationPath: home.folder.path + "/dotfiles/amaru.toml"
            )
            let saved = try await home.amaru(
                "config",
                "edit",
                environment: ["VISUAL": "echo \"model = 'm'\" >", "EDITOR": "false"]
            )
            #expect(saved.status == .exited(0), "\(saved)")
            let target = home.folder.path + "/dotfiles/amaru.toml"
            #expect(try String(contentsOfFile: target, encoding: .utf8) == "model = 'm'\n")
            #expect(
                try FileManager.default.destinationOfSymbolicLink(atPath: home.path) == target
            )
        }

        @Test func `A template is a prompt with variables, a system prompt and a model`()
            async throws
        {
            let server = try await ScriptedServer.withModels([])
            let home = try ConfiguredFolder("[providers.s]\nbase-url = '\(server.url)/v1'\n")
            try home.folder.write(
                """
                prompt = "To $language: $input"
                system = "Be $tone."
                model = "s/small"
                defaults = { tone = "brief" }
                """,
                to: "config/amaru/templates/tr.toml"
            )
            try home.folder.write("Summarise.", to: "config/amaru/templates/sum.txt")
            let first = try await home.amaru("-t", "tr", "-p", "language=Quechua", "good day")
            #expect(first.output == "fine\n", "\(first)")
            let second = try await home.amaru("-t", "sum", "-m", "s/big", input: "A text.\n")
            #expect(second.output == "fine\n", "\(second)")
            let bodies = server.requests.map(\.bodyText)
            try #require(bodies.count == 2)
            for part in [#""small""#, #""Be brief.""#, #""To Quechua: good day""#] {
                #expect(bodies[0].contains(part), "\(bodies[0])")
            }
            for part in [#""big""#, #""Summarise.\n\nA text.""#] {
                #expect(bodies[1].contains(part), "\(bodies[1])")
            }
            await server.shutDown()
            let missing = try await home.amaru("-t", "tr", "x")
            #expect(missing.status == .exited(2))
            #expect(missing.errors.contains("add -p language=…"))
            let near = try await home.amaru("-t", "sun", "x")
            #expect(near.errors.contains("did you mean sum?"))
            #expect(try await home.amaru("templates").output == "sum\ntr\n")
            #expect(try await home.amaru("templates", "show", "sum").output == "Summarise.")
        }
    }
}
