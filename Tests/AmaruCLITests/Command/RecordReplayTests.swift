// Sessions of the built command that are recorded, and played back without a server.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Foundation
import Testing

extension BuiltCommand {
    @Suite(.timeLimit(.minutes(5))) struct RecordReplayTests {
        static let key = "sk-held-back-from-files"

        let folder: TemporaryFolder

        init() throws {
            folder = try TemporaryFolder()
        }

        private func run(
            _ arguments: [String],
            key: String? = nil
        ) async throws -> AmaruProcess.Result {
            try await AmaruProcess.run(
                arguments,
                in: folder,
                environment: key.map { ["TEST_KEY": $0] } ?? [:]
            )
        }

        private func contents(of name: String) throws -> String {
            try String(contentsOf: folder.url.appending(path: name), encoding: .utf8)
        }

        // MARK: A chat

        @Test func `A chat is played back with the server gone, and its file holds no key`()
            async throws
        {
            // The server says the key in its answer.
            let server = ScriptedServer { request, _ in
                .chat("You sent \(request.header("authorization") ?? "nothing").")
            }
            try await server.start()
            let chat = ["--base-url", server.url + "/v1", "hello"]
            let recorded = try await run(
                chat + ["--key-env", "TEST_KEY", "--record", "chat.jsonl"],
                key: Self.key
            )
            await server.shutDown()
            #expect(recorded.status == .exited(0), "\(recorded)")
            #expect(server.requests.first?.header("authorization") == "Bearer \(Self.key)")

            let file = try contents(of: "chat.jsonl")
            #expect(!file.contains(Self.key))
            #expect(!file.contains("amaru-placeholder"))
            #expect(file.contains(#"uthorization","REDACTED"]"#), "\(file)")
            let path = folder.url.appending(path: "chat.jsonl").path
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.posixPermissions] as? Int == 0o600)

            let replayed = try await run(chat + ["--replay", "chat.jsonl"])
            let stars = String(repeating: "*", count: Self.key.utf8.count)
            #expect(replayed.output == "You sent Bearer \(stars).\n", "\(replayed)")
            #expect(replayed.status == .exited(0))
        }

        @Test func `A message that was not recorded is refused, with request and file`()
            async throws
        {
            let server = ScriptedServer([.chat("Lima.")])
            try await server.start()
            let base = ["--base-url", server.url + "/v1"]
            let recorded = try await run(base + ["--record", "chat.jsonl", "The capital of Peru?"])
            #expect(recorded.output == "Lima.\n", "\(recorded)")
            let other = try await run(base + ["--replay", "chat.jsonl", "The capital of Chile?"])
            await server.shutDown()
            #expect(server.requests.count == 1)
            #expect(other.status == .exited(1), "\(other)")
            #expect(other.output == "")
            for words in ["chat.jsonl", "POST \(server.url)/v1/chat/completions", "record"] {
                #expect(other.errors.contains(words), "\(other)")
            }
        }

        // MARK: Bytes

        @Test func `The same bytes come at the same boundaries, errors at the same place`()
            async throws
        {
            let server = ScriptedServer { request, _ in
                request.path == "/cut"
                    ? .truncated("abc", announced: 9)
                    : ScriptedResponse([
                        .text(ScriptedResponse.head(headers: [("Transfer-Encoding", "chunked")])),
                        .bytes(Data("2\r\n".utf8) + [0xFF, 0x00] + Data("\r\n".utf8)),
                        .text(
                            ScriptedResponse.chunk("é")
                                + ScriptedResponse.chunk(request.bodyText)
                        ),
                        .text("0\r\n\r\n"),
                    ])
            }
            try await server.start()
            try folder.write(
                """
                import sys
                import _amaru_http as http
                def fetch(path, body):
                    exchange = http.open("POST", sys.argv[1] + path, [], body, False, {})
                    try:
                        print(http.head_blocking(exchange)[0])
                        while pieces := http.read_chunks_blocking(exchange):
                            print(*pieces, sep="\\n")
                    except http.TransferError as exc:
                        print(exc.code, exc)
                for path, body in (("/", b"1"), ("/", b"2"), ("/", b"1"), ("/cut", b"")):
                    fetch(path, body)
                """,
                to: "script.py"
            )
            let recorded = try await run(
                ["run", "--record", "it.jsonl", "script.py", server.url]
            )
            await server.shutDown()
            let replayed = try await run(
                ["run", "--replay", "it.jsonl", "script.py", server.url]
            )
            let whole = [1, 2, 1].map { "200\nb'\\xff\\x00'\nb'\\xc3\\xa9'\nb'\($0)'\n" }.joined()
            #expect(recorded.output.hasPrefix(whole + "200\nb'abc'\n"), "\(recorded)")
            #expect(recorded.output.contains("remote_protocol"))
            #expect(replayed == recorded)
        }

        @Test func `A key that a server sends back in two pieces is not in the file`() async throws
        {
            let server = ScriptedServer([.chunks(["key: sk-held", "-back-from-files", " end"])])
            try await server.start()
            try folder.write(
                """
                import sys
                from amaru import host
                from pyodide.http import pyfetch
                key = host.settings().api_key
                url = f"{sys.argv[1]}/v1?api_key={key}&n=1"
                response = await pyfetch(url, headers={"X-Api-Key": key, "Cookie": "taste=sweet"})
                print(len(await response.text()))
                """,
                to: "script.py"
            )
            let result = try await run(
                [
                    "run", "--base-url", server.url + "/v1", "--key-env", "TEST_KEY",
                    "--record", "it.jsonl", "script.py", server.url,
                ],
                key: Self.key
            )
            await server.shutDown()
            #expect(result.output == "32\n", "\(result)")
            let file = try contents(of: "it.jsonl")
            for secret in ["sk-held", "back-from", "amaru-placeholder", "sweet"] {
                #expect(!file.contains(secret), "\(file)")
            }
            #expect(file.contains("/v1?api_key=REDACTED&n=1"))
            #expect(file.contains(#""body":" end""#), "\(file)")
        }

        // MARK: Files that cannot be used

        private static let header = #"{"format":"amaru-http-recording","version":1}"#

        @Test(arguments: [
            (["--replay", "none.jsonl"], "--replay: cannot use none.jsonl: there is no such file"),
            (
                ["--replay", "other.jsonl"],
                "--replay: cannot use other.jsonl: its first line is not"
            ),
            (["--replay", "bad.jsonl"], "--replay: cannot use bad.jsonl: line 3 is not one of"),
            (
                ["--record", "other.jsonl"],
                "--record: cannot use other.jsonl: it already exists"
            ),
            (["--record", "none/a.jsonl"], "--record: cannot use none/a.jsonl: No such file"),
            (
                ["--trace-http", "other.jsonl"],
                "--trace-http: cannot use other.jsonl: it already exists"
            ),
            (["--record", "a", "--replay", "b"], "--record and --replay cannot be combined: "),
            (
                ["--allow-net", "ftp://example.com"],
                "such as api.openai.com, https://*.example.com"
            ),
            (["--allow-net", "example.com/path"], "cannot allow \"example.com/path\""),
        ])
        func `A file or a value that cannot be used is explained before anything starts`(
            _ options: [String],
            _ message: String
        ) async throws {
            try folder.write("print('started')", to: "script.py")
            try folder.write("{}\n", to: "other.jsonl")
            let request = #"{"id":1,"event":"request","method":"GET","url":"http://127.0.0.1/"}"#
            try folder.write("\(Self.header)\n\(request)\n{\"id\":7}\n", to: "bad.jsonl")
            let result = try await run(["run"] + options + ["script.py"])
            #expect(result.errors.contains(message), "\(result)")
            #expect(result.output == "")
            #expect(result.status == .exited(2))
            #expect(try contents(of: "other.jsonl") == "{}\n")
        }
    }
}
