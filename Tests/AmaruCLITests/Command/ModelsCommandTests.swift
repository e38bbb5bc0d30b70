// `amaru models`, what is kept of it, and what a server says that is none.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Foundation
import Testing

extension BuiltCommand {
    @Suite(.timeLimit(.minutes(5))) struct ModelsCommandTests {
        private static let models = ["llama-3-8b", "gpt-4o-mini", "gpt-4o"]

        private static func settings(_ server: ScriptedServer) -> String {
            """
            model = "one/gpt-4o-mni"
            [providers.one]
            base-url = "\(server.url)/v1"
            key = "none"
            [aliases]
            fast = "one/gpt-4o"
            """
        }

        @Test func `The list is kept, said to be, and asked for again on request`() async throws {
            let server = try await ScriptedServer.withModels(Self.models)
            let home = try ConfiguredFolder(Self.settings(server))
            let text = "gpt-4o\ngpt-4o-mini\nllama-3-8b\n"
            #expect(try await home.amaru("models", "one").output == text)
            #expect(try await home.amaru("models").output == text)
            #expect(server.requests.count == 1)
            #expect(server.requests.first?.path == "/v1/models")
            let fresh = try await home.amaru("models", "--refresh", "--json")
            #expect(server.requests.count == 2)
            await server.shutDown()
            #expect(
                fresh.output
                    == #"{"age":0,"base_url":"\#(server.url)/v1","model":"gpt-4o-mni","#
                    + #""models":["gpt-4o","gpt-4o-mini","llama-3-8b"],"provider":"one"}"# + "\n",
                "\(fresh)"
            )
            // The server is gone; what it had is known.
            #expect(try await home.amaru("models", "one").output == text)
            let near = try await home.amaru("models", "onee")
            #expect(near.status == .exited(2))
            #expect(near.errors.contains("did you mean one?"), "\(near)")
        }

        @Test func `A model that the server lacks is named with those near to it`() async throws {
            let refusal = ScriptedResponse.apiError("The model does not exist", status: 404)
            let server = try await ScriptedServer.withModels(Self.models, answering: refusal)
            let home = try ConfiguredFolder(Self.settings(server))
            let result = try await home.amaru("hello")
            let far = try await home.amaru("-m", "one/zzzz", "hello")
            let listed = try await home.amaru("-m", "one/gpt-4o", "hello")
            await server.shutDown()
            #expect(result.status == .exited(1))
            #expect(result.errors.contains("does not have the model gpt-4o-mni (404)"), "\(result)")
            #expect(result.errors.hasSuffix("amaru: did you mean gpt-4o-mini?\n"), "\(result)")
            #expect(far.errors.hasSuffix("amaru: amaru models one lists the 3 that it has\n"))
            #expect(listed.errors.contains("it is in the server's list"), "\(listed)")
            #expect(!listed.errors.contains("did you mean"), "\(listed)")
            // The list is asked for once, and again where it must be out of date.
            #expect(server.requests.filter { $0.path == "/v1/models" }.count == 2)
        }

        struct Wrong: Sendable, CustomTestStringConvertible {
            var testDescription: String
            var path = "/v1"
            var answer: ScriptedResponse
            var words: [String]
        }

        private static let wrong = [
            Wrong(
                testDescription: "a page",
                path: "",
                answer: .text("<html><title>It works</title></html>"),
                words: ["a web page “It works”", "is it missing /v1?"]
            ),
            Wrong(
                testDescription: "other JSON",
                answer: .json(#"{"links": []}"#),
                words: ["something other than a list of models", "check the base URL"]
            ),
            Wrong(
                testDescription: "a login",
                answer: .text(
                    "",
                    status: 302,
                    reason: "Found",
                    headers: [("Location", "https://sso.example/login?next=x")]
                ),
                words: ["redirects to https://sso.example/login", "sign in"]
            ),
            Wrong(
                testDescription: "another place",
                answer: .text(
                    "",
                    status: 301,
                    reason: "Moved",
                    headers: [("Location", "https://new.example/v1/models")]
                ),
                words: ["redirects to https://new.example", "use that address"]
            ),
            Wrong(
                testDescription: "no list",
                path: "/api",
                answer: .text("no", status: 404, reason: "Not Found"),
                words: ["no list of models at", "/api/models (404)", "is it missing /v1?"]
            ),
            Wrong(
                testDescription: "a refusal",
                answer: .apiError("who are you", status: 401),
                words: ["wants a key (401)", "--key-env"]
            ),
            Wrong(
                testDescription: "no answer",
                answer: .closeBeforeHead,
                words: ["cannot be asked", "check the base URL"]
            ),
        ]

        @Test("A server that has no list is described, with what to do", arguments: wrong)
        func diagnosis(wrong: Wrong) async throws {
            let server = ScriptedServer([wrong.answer])
            try await server.start()
            let home = try ConfiguredFolder()
            let base = "\(server.url)\(wrong.path)"
            let result = try await home.amaru("models", "--base-url", base)
            await server.shutDown()
            #expect(result.status == .exited(1))
            #expect(result.output == "")
            for part in wrong.words + [server.url] {
                #expect(result.errors.contains(part), "\(part): \(result)")
            }
        }

        /// Completes the last argument.
        private static let complete = #"""
            source <("$0" --generate-completion-script bash)
            COMP_WORDS=("$0" "$@")
            COMP_CWORD=$#
            COMP_LINE="amaru $*"
            COMP_POINT=${#COMP_LINE}
            _amaru amaru "${!#}" "${@: -2:1}"
            printf '%s\n' "${COMPREPLY[@]}"
            """#

        @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/bin/bash")))
        func `Shells complete aliases and models from what was kept, without a server`()
            async throws
        {
            let server = try await ScriptedServer.withModels(Self.models)
            let home = try ConfiguredFolder(Self.settings(server))
            _ = try await home.amaru("models", "one")
            await server.shutDown()
            func completed(_ words: String...) async throws -> Set<String> {
                let result = try await AmaruProcess.run(
                    ["-c", Self.complete, AmaruProcess.command] + words,
                    of: "/bin/bash",
                    in: home.folder,
                    // Where no interpreter can be found, none is started either.
                    environment: home.variables
                )
                return Set(result.output.split(separator: "\n").map(String.init))
            }
            let all = try await completed("chat", "--model", "")
            let names = Self.models + ["fast", "one"] + Self.models.map { "one/\($0)" }
            #expect(all == Set(names))
            #expect(try await completed("chat", "-m", "gpt-4o-") == ["gpt-4o-mini"])
            #expect(try await completed("run", "--model", "fa") == ["fast"])
            #expect(try await completed("models", "o") == ["one", "openai"])
            for shell in ["zsh", "fish"] {
                let script = try await home.amaru("--generate-completion-script", shell)
                #expect(script.output.contains("---completion"), "\(shell)")
            }
        }
    }
}
