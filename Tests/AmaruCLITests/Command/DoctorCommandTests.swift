// `amaru doctor`, and commands with a typing error.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Foundation
import Testing

extension BuiltCommand {
    @Suite(.timeLimit(.minutes(5))) struct DoctorCommandTests {
        private struct Line: Decodable {
            var check: String
            var state: String
            var detail: String
            var remedy: String
        }

        private static let order = [
            "python", "libpython", "environments", "authorities", "proxy", "terminal",
            "highlighting", "configuration", "key", "server",
        ]

        private static let unset: [String: String?] = [
            "http_proxy": nil, "https_proxy": nil, "HTTP_PROXY": nil, "HTTPS_PROXY": nil,
            "all_proxy": nil, "ALL_PROXY": nil,
        ]

        @Test func `All that works is a line each, and JSON says the same`() async throws {
            let server = try await ScriptedServer.withModels(["m"])
            let home = try ConfiguredFolder(
                "model = 's/m'\n[providers.s]\nbase-url = '\(server.url)/v1'\n"
            )
            let variables = Self.unset.merging(["S_API_KEY": "sk-doctor-1"]) { $1 }
            let text = try await home.amaru("doctor", environment: variables)
            let json = try await home.amaru("doctor", "--json", environment: variables)
            await server.shutDown()
            #expect(text.status == .exited(0), "\(text)")
            let rows = text.output.split(separator: "\n").map { $0.split(separator: "\t") }
            #expect(rows.map { String($0[0]) } == Self.order, "\(text)")
            #expect(rows.allSatisfy { $0[1] == "ok" }, "\(text)")
            #expect(text.output.contains("from the variable S_API_KEY, for \(server.url)"))
            #expect(text.output.contains("\(server.url)/v1, 1 model, asks m"), "\(text)")
            #expect(!"\(text)\(json)".contains("doctor-1"))
            #expect(server.requests.first?.header("authorization") == "Bearer sk-doctor-1")
            let lines = try JSONDecoder().decode([Line].self, from: Data(json.output.utf8))
            #expect(lines.map(\.check) == Self.order)
            #expect(lines.map(\.detail) == rows.map { String($0[2]) })
        }

        @Test func `What does not work is named with its remedy, and the exit code is 1`()
            async throws
        {
            let home = try ConfiguredFolder("[providers.s]\nbase-url = 'http://127.0.0.1:1/v1'\n")
            let broken = try await home.amaru(
                "doctor",
                "-m",
                "s/m",
                "--json",
                environment: Self.unset.merging(["SSL_CERT_FILE": "/nowhere.pem"]) { $1 }
            )
            #expect(broken.status == .exited(1))
            let lines = try JSONDecoder().decode([Line].self, from: Data(broken.output.utf8))
            let failed = lines.filter { $0.state == "failed" }
            #expect(failed.map(\.check) == ["authorities", "server"], "\(broken)")
            #expect(failed.allSatisfy { !$0.remedy.isEmpty })
            #expect(failed[0].detail == "SSL_CERT_FILE: /nowhere.pem: No such file or directory")
            #expect(failed[1].detail.contains("http://127.0.0.1:1 cannot be asked"), "\(failed)")

            try home.folder.write("zzz = 1", to: "config/amaru/config.toml")
            let wrong = try await home.amaru("doctor", environment: Self.unset)
            #expect(wrong.status == .exited(1))
            #expect(wrong.output.contains("configuration\tfailed\t"), "\(wrong)")
            #expect(wrong.output.contains("config.toml:1: zzz: unknown key"), "\(wrong)")
        }

        @Test func `Without a key the model on this machine is well, an asked server is not`()
            async throws
        {
            let home = try ConfiguredFolder()
            let none = try await home.amaru("doctor", environment: Self.unset)
            #expect(none.status == .exited(0), "\(none)")
            #expect(none.output.contains("key\tok\tnone: a demo model on this machine answers"))
            let asked = try await home.amaru("doctor", "-m", "openai/m", environment: Self.unset)
            #expect(asked.status == .exited(1))
            #expect(asked.output.contains("amaru keys set openai"), "\(asked)")
        }

        @Test(
            "A command with a typing error is one, and not a prompt",
            arguments: [
                (["evn", "list"], "amaru env list", "amaru -- evn list"),
                (["evn"], "amaru env", "amaru -- evn"),
                (["plugisn", "lsit"], "amaru plugins lsit", "amaru -- plugisn lsit"),
                (["model"], "amaru models", "amaru -- model"),
            ]
        )
        func mistyped(words: [String], command: String, prompt: String) async throws {
            let result = try await AmaruProcess.run(words)
            #expect(result.status == .exited(2))
            #expect(result.output == "")
            #expect(result.errors.contains("write: \(command);"), "\(result)")
            #expect(result.errors.contains(prompt), "\(result)")
        }

        @Test(
            "A sentence that begins with such a word is a prompt",
            arguments: [
                ["fun", "facts", "about", "llamas"], ["key ideas of Kant"], ["--", "evn", "list"],
                ["model", "train", "ideas"],
            ]
        )
        func sentence(words: [String]) async throws {
            let server = try await ScriptedServer.withModels([])
            let home = try ConfiguredFolder()
            let run = try AmaruProcess(
                ["--base-url", "\(server.url)/v1"] + words,
                in: home.folder,
                environment: home.variables
            )
            let result = try await run.result()
            await server.shutDown()
            #expect(result.output == "fine\n", "\(result)")
        }
    }
}
