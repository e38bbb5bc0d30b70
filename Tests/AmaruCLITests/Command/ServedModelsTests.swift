// Several models behind `amaru serve`, for clients of `/v1` and on the page.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Foundation
import Testing

extension BuiltCommand {
    @Suite(.timeLimit(.minutes(5))) struct ServedModelsTests {
        private let one: ScriptedServer
        private let two: ScriptedServer
        private let home: ConfiguredFolder

        init() async throws {
            one = try await .withModels(["alpha"], answering: .chat("from one"))
            two = try await .withModels(["beta"], answering: .chat("from two"))
            home = try ConfiguredFolder(
                """
                model = "one/alpha"
                [providers.one]
                base-url = "\(one.url)/v1"
                key.variable = "KEY_ONE"
                [providers.two]
                base-url = "\(two.url)/v1"
                [aliases]
                quick = { model = "two/beta", system = "Be quick.", options = { top_p = 1 } }
                same = "two/alpha"
                alpha = "two/beta"
                """
            )
        }

        private func served(_ options: String...) async throws -> (AmaruProcess, HTTPProbe) {
            let words = ["serve", "--port", "0", "--offer", "quick", "--offer", "same"] + options
            let keys: [String: String?] = [
                "KEY_ONE": "sk-of-one-77", "TWO_API_KEY": "sk-of-two-77",
            ]
            let process = try AmaruProcess(
                words,
                in: home.folder,
                environment: home.variables.merging(keys) { $1 }
            )
            try await process.waitForOutput("/\n")
            let port = process.output.text.split(separator: ":").last?.prefix { $0 != "/" } ?? ""
            return (process, HTTPProbe(port: try #require(Int(port))))
        }

        private func asked(_ server: ScriptedServer) -> [RecordedRequest] {
            server.requests.filter { $0.path.hasSuffix("/chat/completions") }
        }

        private func ask(_ probe: HTTPProbe, _ model: String) async throws -> HTTPProbe.Reply {
            let body = #"{"model":"\#(model)","messages":[{"role":"user","content":"hi"}]}"#
            return try await probe.post("/v1/chat/completions", body)
        }

        @Test(arguments: [[], ["--workers", "2"]])
        func `Each model answers with its own server, key and prompt`(_ more: [String])
            async throws
        {
            let (process, probe) = try await more.isEmpty ? served() : served(more[0], more[1])
            let list = try await probe.get("/v1/models").body
            #expect(list.contains(#""id":"alpha""#) && list.contains(#""id":"quick""#), "\(list)")
            #expect(try await ask(probe, "quick").body.contains("from two"))
            #expect(try await ask(probe, "alpha").body.contains("from one"))
            let unknown = try await ask(probe, "beta")
            #expect(unknown.status == 404)
            #expect(unknown.body.contains("model_not_found"))
            let (first, second) = (asked(one), asked(two))
            #expect(first.map { $0.header("authorization") } == ["Bearer sk-of-one-77"])
            #expect(second.map { $0.header("authorization") } == ["Bearer sk-of-two-77"])
            let body = try ChatBody(try #require(second.first))
            #expect(body.model == "beta")
            #expect(body.messages.map(\.content) == ["Be quick.", "hi"])
            #expect(second.first?.bodyText.contains(#""top_p": 1"#) == true)
            process.signal(SIGTERM)
            #expect(try await process.end() == .exited(0))
            await one.shutDown()
            await two.shutDown()
        }

        @Test func `A conversation on the page may ask another model with each message`()
            async throws
        {
            let (process, probe) = try await served()
            // The chat's own has a name when it has started.
            _ = try await probe.get("/v1/models")
            let state = try await probe.get("/api/state").body
            #expect(state.contains(#""models":["alpha","quick","same"]"#), "\(state)")
            let id = try await probe.post("/api/conversations").body.split(separator: "\"")[3]
            let path = "/api/conversations/\(id)"
            // The last one has the name of the chat's own at its server.
            for (number, model) in ["quick", "alpha", "quick", "same"].enumerated() {
                let body = #"{"message":"m\#(number)","request":"\#(number)","model":"\#(model)"}"#
                let turn = try await probe.post("\(path)/turns", body).body.filter(\.isNumber)
                let events = try await probe.get("/api/turns/\(turn)/events").body
                #expect(events.contains("event: done"))
                let whole = try await probe.get(path).body
                #expect(whole.contains(#""model":"\#(model)","turns""#), "\(whole)")
            }
            let gone = #"{"message":"m","request":"9","model":"gamma"}"#
            let refused = try await probe.post("\(path)/turns", gone)
            #expect(refused.status == 404)
            #expect(refused.body.contains("the model gamma is not offered here"))
            #expect(asked(one).count == 1 && asked(two).count == 3)
            let last = try ChatBody(asked(two)[1])
            #expect(
                last.messages.map(\.content)
                    == ["Be quick.", "m0", "from two", "m1", "from one", "m2"]
            )
            process.signal(SIGTERM)
            #expect(try await process.end() == .exited(0))
            let exported = try await home.amaru("history", "export", "--json").output
            #expect(exported.contains(#""model":"beta","parent""#), "\(exported)")
            #expect(exported.contains(#""server":"\#(one.url)/v1""#))
            await one.shutDown()
            await two.shutDown()
        }

        @Test(arguments: [
            (["--offer", "tow/beta"], "did you mean two/beta?"),
            (["--offer", ""], "names no model"),
            (["--offer", "alpha"], "the chat's own model has that name"),
            (["chat.py", "--offer", "quick"], "a script is one model"),
            (["--gguf", "m.gguf", "--offer", "quick"], "--offer is for chats with a server"),
        ])
        func `What cannot be offered is refused`(_ words: [String], _ reason: String)
            async throws
        {
            let outcome = try await AmaruProcess.run(
                ["serve", "--port", "0"] + words,
                in: home.folder,
                environment: home.variables
            )
            #expect(outcome.errors.contains(reason), "\(outcome)")
            await one.shutDown()
            await two.shutDown()
        }
    }
}
