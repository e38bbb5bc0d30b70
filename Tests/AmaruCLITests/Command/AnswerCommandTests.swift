// The forms of one answer: as an object, as events, in a file, by a schema; and the request alone.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Foundation
import Testing

extension BuiltCommand {
    @Suite(.timeLimit(.minutes(5))) struct AnswerCommandTests {
        private let folder: TemporaryFolder

        init() throws { folder = try TemporaryFolder() }

        /// Asks one question of a server.
        private func ask(
            _ server: ScriptedServer,
            _ arguments: [String],
            input: String = "",
            environment: [String: String?] = [:]
        ) async throws -> AmaruProcess.Result {
            try await withChat(server) { options in
                try await AmaruProcess.run(
                    options + arguments + ["hello"],
                    input: input,
                    in: folder,
                    environment: environment
                )
            }
        }

        private func json(_ text: some StringProtocol) throws -> [String: Any] {
            let value = try JSONSerialization.jsonObject(with: Data(text.utf8))
            return try #require(value as? [String: Any])
        }

        /// Whether a text has come into a file that is not in its place yet.
        private func isInDraft(_ text: String) throws -> Bool {
            try FileManager.default.contentsOfDirectory(atPath: folder.path)
                .contains { $0.hasPrefix(".amaru-") && read($0) == text }
        }

        private func read(_ name: String) -> String? {
            try? String(contentsOfFile: "\(folder.path)/\(name)", encoding: .utf8)
        }

        private static let noted = ScriptedResponse.events(
            event(#"{"reasoning": "hm"}"#),
            delta("Hi "),
            delta("there", finish: "stop"),
            #"data: {"usage": {"prompt_tokens": 3, "completion_tokens": 2}, "choices": []}"#
                + "\n\n"
        )

        @Test func `One object has all of an answer`() async throws {
            let server = ScriptedServer([Self.noted])
            let result = try await ask(server, ["--json", "--model", "m"])
            #expect(result.status == .exited(0), "\(result)")
            #expect(result.errors == "")
            #expect(result.output.count { $0 == "\n" } == 1)
            let object = try json(result.output)
            #expect(object["text"] as? String == "Hi there")
            #expect(object["reasoning"] as? String == "hm")
            #expect(object["model"] as? String == "m")
            #expect(object["finish_reason"] as? String == "stop")
            let usage = try #require(object["usage"] as? [String: Int])
            #expect(usage == ["prompt_tokens": 3, "completion_tokens": 2])
            let times = try #require(object["times"] as? [String: Double])
            #expect(try #require(times["first_token"]) <= #require(times["end"]))
            #expect(object["failure"] is NSNull)
        }

        @Test func `One object has the failure, with what came before`() async throws {
            let server = ScriptedServer([
                .raw(ScriptedResponse.head("text/event-stream") + delta("half"), .close)
            ])
            let result = try await ask(server, ["--json"])
            #expect(result.status == .exited(1))
            #expect(result.errors.contains("ended before it was finished"))
            let object = try json(result.output)
            #expect(object["text"] as? String == "half")
            let failure = try #require(object["failure"] as? [String: String])
            #expect(failure["code"] == "incomplete")
            #expect(failure["remedy"]?.isEmpty == false)
        }

        @Test func `Events are lines of JSON, as they come`() async throws {
            let gate = Gate()
            let server = ScriptedServer([.chat("one two", pauseAt: gate)])
            try await withChat(server) { options in
                let process = try AmaruProcess(options + ["--events", "hello"], in: folder)
                try await process.waitForOutput(#""text":"one "#)
                gate.open()
                let result = try await process.result()
                #expect(result.status == .exited(0), "\(result)")
                let lines = try result.output.split(separator: "\n").map { try json($0) }
                let types = lines.compactMap { $0["type"] as? String }
                #expect(types == ["text", "text", "usage", "finished"])
                #expect(lines.allSatisfy { $0["at"] is Double })
                #expect(lines.last?["reason"] as? String == "stop")
            }
        }

        @Test func `A retry and a failure are events, too`() async throws {
            let server = ScriptedServer([
                .apiError("busy", status: 503, headers: [("Retry-After-Ms", "1")]),
                .apiError("no", status: 401),
            ])
            let result = try await ask(server, ["--events"])
            #expect(result.status == .exited(1))
            let lines = try result.output.split(separator: "\n").map { try json($0) }
            #expect(lines.compactMap { $0["type"] as? String } == ["retrying", "failed"])
            #expect(lines[1]["code"] as? String == "authentication")
        }

        @Test func `The answer is asked for at once`() async throws {
            let server = ScriptedServer([.chat("whole answer")])
            let result = try await ask(server, ["--no-stream"])
            #expect(result.output == "whole answer\n", "\(result)")
            let body = try json(try #require(server.requests.first).bodyText)
            #expect(body["stream"] as? Bool == false)
            #expect(body["stream_options"] == nil)
        }

        @Test func `Options of the request arrive as they are`() async throws {
            let server = ScriptedServer([.chat("fine")])
            let result = try await ask(
                server,
                ["-o", "temperature=0.25", "-o", "stop=[\"x\"]", "-o", "user=Ada", "-o", "new=1"]
            )
            #expect(result.status == .exited(0), "\(result)")
            let body = try json(try #require(server.requests.first).bodyText)
            #expect(body["temperature"] as? Double == 0.25)
            #expect(body["stop"] as? [String] == ["x"])
            #expect(body["user"] as? String == "Ada")
            #expect(body["new"] as? Int == 1)
        }

        @Test func `A refused option is named`() async throws {
            let server = ScriptedServer([.apiError("Unknown parameter: 'new'", status: 400)])
            let result = try await ask(server, ["-o", "new=1"])
            #expect(result.status == .exited(1))
            #expect(result.errors.contains("refused the option new (400)"))
        }

        // MARK: A file

        @Test func `The answer is in the file when it is whole`() async throws {
            let server = ScriptedServer([.chat("fine")])
            let result = try await ask(server, ["--output", "a.txt"])
            #expect(result == .init(status: .exited(0), output: "", errors: ""))
            #expect(read("a.txt") == "fine\n")
        }

        @Test func `A half answer does not take the place of the file`() async throws {
            try folder.write("old", to: "a.txt")
            let server = ScriptedServer([
                .raw(ScriptedResponse.head("text/event-stream") + delta("half"), .close)
            ])
            let result = try await ask(server, ["--output", "a.txt"])
            #expect(result.status == .exited(1))
            #expect(
                result.errors.contains(
                    "\(folder.path)/a.txt was not written: what has come is in "
                        + "\(folder.path)/a.txt.partial"
                )
            )
            #expect(read("a.txt") == "old")
            #expect(read("a.txt.partial") == "half")
        }

        @Test(
            "Ctrl-C leaves the file as it was, and what has come beside it",
            arguments: ["", "one"]
        )
        func interrupted(start: String) async throws {
            let gate = Gate()
            let head = ScriptedResponse.head("text/event-stream")
            let server = ScriptedServer([
                .raw(head + (start.isEmpty ? "" : delta(start)), .wait(gate), .close)
            ])
            try await withChat(server) { options in
                let process = try AmaruProcess(
                    options + ["--output", "a.txt", "hello"],
                    in: folder
                )
                try await server.requests(reach: 1)
                while try !isInDraft(start) { try await Task.sleep(for: .milliseconds(20)) }
                process.signal(SIGINT)
                let result = try await process.result()
                gate.open()
                #expect(result.status == .signalled(SIGINT), "\(result)")
                #expect(read("a.txt") == nil)
                #expect(read("a.txt.partial") == (start.isEmpty ? nil : start))
                let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
                #expect(!left.contains { $0.hasPrefix(".amaru-") }, "\(left)")
            }
        }

        // MARK: A schema

        private static let schema =
            #"{"type": "object", "properties": {"z": {"type": "integer"}, "a": {}}}"#

        @Test(arguments: [true, false])
        func `An answer by a schema is printed as JSON`(isFile: Bool) async throws {
            try folder.write(Self.schema, to: "s.json")
            let server = ScriptedServer([.chat("```json\n{\"z\": 1}\n```")])
            let result = try await ask(server, ["--schema", isFile ? "s.json" : Self.schema])
            #expect(result == .init(status: .exited(0), output: "{\n  \"z\": 1\n}\n", errors: ""))
            // The order of the properties is that of the schema.
            let sent = try #require(server.requests.first).bodyText
            #expect(sent.contains(#""schema": \#(Self.schema)"#), "\(sent)")
        }

        @Test func `An answer that does not fit fails with its place`() async throws {
            let server = ScriptedServer([.chat(#"{"z": "one"}"#)])
            let result = try await ask(server, ["--schema", Self.schema])
            #expect(result.status == .exited(1))
            #expect(result.output == "")
            #expect(result.errors.contains(#"/z: "one" is not of the type integer"#))
            #expect(result.errors.contains(#"it answered: {"z": "one"}"#))
        }

        // MARK: Figures

        @Test func `Figures of the answer are on standard error`() async throws {
            let server = ScriptedServer([Self.noted])
            let result = try await ask(server, ["-v"])
            #expect(result.output == "Hi there\n")
            let line = try #require(
                result.errors.split(separator: "\n").first { $0.contains("answer: ") }
            )
            for part in ["connection ", "response ", "first token ", "3 + 2 tokens"] {
                #expect(line.contains(part), "\(line)")
            }
        }

        // MARK: A dry run

        @Test func `A dry run prints the request and sends nothing`() async throws {
            try folder.write("some notes", to: "n.txt")
            let server = ScriptedServer([.chat("fine")])
            let result = try await ask(
                server,
                ["--dry-run", "-a", "n.txt", "-o", "temperature=0", "--key-env", "TEST_KEY"],
                environment: ["TEST_KEY": "sk-secret"]
            )
            #expect(result.status == .exited(0), "\(result)")
            let lines = result.output.split(separator: "\n", omittingEmptySubsequences: false)
            #expect(lines[0] == "POST \(server.url)/v1/chat/completions")
            #expect(lines.contains("Authorization: Bearer ***"))
            #expect(lines.contains("Content-Type: application/json"))
            let body = try json(lines[lines.count - 2])
            #expect(body["temperature"] as? Int == 0)
            #expect(result.output.contains("some notes"))
            #expect(!"\(result)".contains("sk-secret"))
            #expect(server.requests.isEmpty)
        }

        @Test func `A dry run asks for no key, and starts no model`() async throws {
            let remote = try await AmaruProcess.run(["--dry-run", "--model", "m", "hi"])
            #expect(remote.status == .exited(0), "\(remote)")
            #expect(remote.output.hasPrefix("POST https://api.openai.com/v1/chat/completions\n"))
            #expect(!remote.output.contains("Authorization"))
            let local = try await AmaruProcess.run(["--dry-run", "hi"])
            #expect(local.status == .exited(0), "\(local)")
            #expect(local.output.hasPrefix("POST http://127.0.0.1/v1/chat/completions\n"))
            #expect(local.errors.contains("model on this machine would be started"))
        }

        @Test func `The system prompt may be in a file`() async throws {
            try folder.write("Be kind.\n", to: "system.txt")
            let server = ScriptedServer([.chat("fine")])
            _ = try await ask(server, ["-s", "@system.txt"])
            let said = try ChatBody(try #require(server.requests.first)).messages
            #expect(said.first?.content == "Be kind.")
        }

        // MARK: Wrong usage

        static let wrong: [([String], String)] = [
            (["--json", "--events", "x"], "--json and --events cannot be combined"),
            (["--dry-run", "--json", "x"], "--dry-run prints the request"),
            (["--dry-run", "-a", "https://h/x", "x"], "would be fetched"),
            (["-o", "temperature", "x"], "has no value; write NAME=VALUE"),
            (["-o", "stream=false", "x"], "use --no-stream"),
            (["--schema", "{", "x"], "it is not JSON"),
            (["--schema", "none.json", "x"], "none.json: No such file"),
            (["--schema", "list.json", "x"], "it is no JSON object"),
            (["--schema", #"{"type": "strng"}"#, "x"], "there is no type 'strng'"),
            (["-s", "@none.txt", "x"], "--system @none.txt: No such file"),
            (["--output", "folder", "x"], "it is a folder"),
            (["--output", "none/a", "x"], "cannot be written: No such file"),
            (["-a", "none.txt", "x"], "none.txt: No such file"),
            (["-a", "folder", "x"], "folder is a folder"),
            (["-a", "/dev/null", "x"], "/dev/null is not a regular file"),
            (["-a", "pipe", "x"], "pipe is not a regular file"),
            (["-a", "zip", "x"], "zip is of the type application/zip, which is not sent: unpack"),
            (["-a", "empty", "x"], "empty is empty"),
            (["-a", "-"], "give the prompt as an argument"),
            (["-a", "-", "-a", "-", "x"], "once only"),
            (["-a", "large", "x"], "large has more than 20 MiB"),
        ]

        @Test func `Wrong usage is told before anything is sent`() async throws {
            try folder.write("[]", to: "list.json")
            try folder.write("", to: "folder/x")
            try folder.write("PK\u{3}\u{4}\0", to: "zip")
            try folder.write("", to: "empty")
            try folder.write("", to: "large")
            #expect(truncate("\(folder.path)/large", 21 << 20) == 0)
            #expect(mkfifo("\(folder.path)/pipe", 0o600) == 0)
            let server = ScriptedServer([.chat("fine")])
            try await withChat(server) { options in
                for (arguments, message) in Self.wrong {
                    let result = try await AmaruProcess.run(options + arguments, in: folder)
                    #expect(result.status == .exited(2), "\(arguments): \(result)")
                    #expect(result.errors.contains(message), "\(arguments): \(result)")
                    #expect(result.output == "")
                }
            }
            #expect(server.requests.isEmpty)
        }
    }
}
