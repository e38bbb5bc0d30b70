// The trace that the built command writes of its requests.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Foundation
import Testing

extension BuiltCommand {
    @Suite(.timeLimit(.minutes(5))) struct TraceTests {
        /// A line, as its format is documented.
        private struct Line: Decodable {
            var id: Int
            var method: String
            var url: String
            var status: Int?
            var version: String?
            var code: String?
            var bytesSent: Int
            var bytesReceived: Int
            var chunks: Int
            var times: [String: Double]

            enum CodingKeys: String, CodingKey {
                case id, method, url, status, version, code, chunks, times
                case bytesSent = "bytes_sent"
                case bytesReceived = "bytes_received"
            }

            /// The times in the order of the steps.
            var steps: [Double] {
                ["admitted", "connected", "request_sent", "first_byte", "ended"]
                    .compactMap { times[$0] }
            }

            static func all(in text: String) throws -> [Line] {
                try text.split(separator: "\n")
                    .map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
            }
        }

        let folder: TemporaryFolder

        init() throws {
            folder = try TemporaryFolder()
        }

        @Test func `A chat leaves a line with its steps in order, and nothing that was said`()
            async throws
        {
            let server = ScriptedServer([.chat("secretly Lima")])
            try await server.start()
            let result = try await AmaruProcess.run(
                [
                    "--base-url", server.url + "/v1", "--key-env", "TEST_KEY",
                    "--trace-http", "trace.jsonl", "quietly asked",
                ],
                in: folder,
                environment: ["TEST_KEY": "sk-traced"]
            )
            await server.shutDown()
            #expect(result.output == "secretly Lima\n", "\(result)")
            let file = folder.url.appending(path: "trace.jsonl")
            let text = try String(contentsOf: file, encoding: .utf8)
            for word in ["secretly", "quietly", "sk-traced", "placeholder", "uthorization"] {
                #expect(!text.contains(word), "\(text)")
            }
            let attributes = try FileManager.default.attributesOfItem(atPath: file.path)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
            let lines = try Line.all(in: text)
            let line = try #require(lines.first)
            #expect(lines.count == 1)
            #expect(line.method == "POST")
            #expect(line.url == server.url + "/v1/chat/completions")
            #expect(line.status == 200)
            #expect(line.version == "HTTP/1.1")
            #expect(line.bytesSent == server.requests.first?.body.count)
            // All five are known of an exchange that was answered.
            #expect(line.steps.count == 5, "\(text)")
            #expect(line.steps == line.steps.sorted(), "\(text)")
            #expect(try #require(line.steps.first) >= 0)
        }

        @Test func `A line for standard error has no value of a parameter that may be a key`()
            async throws
        {
            let server = ScriptedServer([.text("hello")])
            try await server.start()
            try folder.write(
                """
                import sys
                from pyodide.http import pyfetch
                url = sys.argv[1] + "/a?access_token=hidden&n=1"
                print(await (await pyfetch(url, headers={"X-Mine": "unseen"})).text())
                """,
                to: "script.py"
            )
            let result = try await AmaruProcess.run(
                ["run", "--trace-http", "-", "script.py", server.url],
                in: folder
            )
            await server.shutDown()
            #expect(result.output == "hello\n")
            let line = try #require(try Line.all(in: result.errors).first, "\(result)")
            #expect(line.url == server.url + "/a?access_token=REDACTED&n=1")
            #expect(!result.errors.contains("hidden"))
            #expect(!result.errors.contains("unseen"))
            #expect(line.bytesReceived == 5)
            #expect(line.chunks == 1)
        }

        @Test func `A refused connection has a line with its code`() async throws {
            let port = try await ScriptedServer.refusingPort()
            try folder.write(
                """
                from pyodide.http import AbortError, pyfetch
                try:
                    await pyfetch("http://127.0.0.1:\(port)/")
                except AbortError as exc:
                    print(exc.code)
                """,
                to: "script.py"
            )
            let result = try await AmaruProcess.run(
                ["run", "--trace-http", "-", "script.py"],
                in: folder
            )
            #expect(result.output == "connect\n")
            let line = try #require(try Line.all(in: result.errors).first, "\(result)")
            #expect(line.url == "http://127.0.0.1:\(port)/")
            #expect(line.status == nil)
            #expect(line.code == "connect")
        }
    }
}
