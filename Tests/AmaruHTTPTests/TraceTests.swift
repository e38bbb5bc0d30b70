// What a trace says of exchanges, and what it does not.
// SPDX-License-Identifier: Apache-2.0

import AmaruHTTP
import AmaruTesting
import Foundation
import Testing

@Suite(.timeLimit(.minutes(5)))
struct TraceTests {
    struct Line: Decodable {
        var id: Int
        var method: String
        var url: String
        var status: Int?
        var code: String?
        var bytesSent: Int
        var bytesReceived: Int
        var chunks: Int
        var times: [String: Double]
    }

    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    @Test func `An exchange has a line with its times in order`() async throws {
        let path = folder.path + "/trace.jsonl"
        let server = ScriptedServer([.chunks(["one", "two"]), .resetBeforeHead])
        try await withServer(server) { (backend) async throws in
            let trace = try TraceBackend(to: path, around: backend)
            let request = server.request(
                "POST",
                "/a?token=secret-token&b=1",
                headers: [HTTPHeaderField("Authorization", "Bearer secret-header")],
                body: .data(Data("secret-body".utf8))
            )
            let exchange = trace.open(request)
            #expect(try await exchange.head().status == 200)
            #expect(try await exchange.text() == "onetwo")
            await exchange.closed()
            let broken = trace.open(server.request("GET", "/b"))
            _ = await broken.failure()
            await broken.closed()
            await trace.shutDown()
        }
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(!text.contains("secret"))
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let traced = try text.split(separator: "\n").map { line in
            try decoder.decode(Line.self, from: Data(line.utf8))
        }
        let first = try #require(traced.first { $0.id == 1 })
        #expect(first.method == "POST")
        #expect(first.url == "\(server.url)/a?token=REDACTED&b=1")
        #expect(first.status == 200)
        #expect(first.bytesSent == 11)
        #expect(first.bytesReceived == 6)
        #expect(first.chunks == 2)
        let steps = ["admitted", "connected", "request_sent", "first_byte", "ended"]
        let times = steps.compactMap { first.times[$0] }
        #expect(times.count == steps.count)
        #expect(times == times.sorted())
        let second = try #require(traced.first { $0.id == 2 })
        #expect(second.status == nil)
        #expect(["read", "remote_protocol"].contains(second.code))
        #expect(second.times["first_byte"] == nil)
    }

    @Test func `A read that takes too long ends no stream, and is not its outcome`() async throws {
        let path = folder.path + "/trace.jsonl"
        let server = UpgradeServer(greeting: "hi")
        let backend = NIOHTTPBackend()
        var layers = HTTPStack.Layers()
        layers.trace = path
        let stack = try HTTPStack(over: backend, layers: layers)
        let exchange = stack.open(TunnelTests.upgrade(try await server.start()))
        #expect(try await exchange.head().status == 101)
        #expect(try await exchange.text(ofAtLeast: 2) == "hi")
        exchange.limit(.read, to: .milliseconds(1))
        await #expect(throws: HTTPTransferError.self) { try await exchange.read() }
        exchange.limit(.read, to: nil)
        try await exchange.write(Data("ho".utf8))
        #expect(try await exchange.text(ofAtLeast: 2) == "ho")
        exchange.cancel()
        await exchange.closed()
        await stack.shutDown()
        await server.shutDown()
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(text.contains("\"status\":101") && !text.contains("\"code\""), "\(text)")
        #expect(stack.lastOutcome?.error == nil)
    }

    @Test func `A key that has come into a URL or an error is not traced`() async throws {
        let path = folder.path + "/trace.jsonl"
        let key = "sk-real-key-123"
        struct Failing: HTTPBackend {
            func open(_ request: HTTPTransferRequest) -> any HTTPExchange {
                FailedExchange(HTTPTransferError(.remoteProtocol, "no answer to \(request.url)"))
            }
            func shutDown() async {}
        }
        var layers = HTTPStack.Layers()
        layers.trace = path
        let stack = try HTTPStack(over: Failing(), layers: layers)
        // Of another origin, so that nothing but the trace looks for it.
        _ = stack.vault.add(key, for: try HTTPOrigin(parsing: "https://a.example"))
        let encoded = key.utf8.map { "%" + String($0, radix: 16) }.joined()
        for text in [key, encoded] {
            let url = "https://b.example/\(text)?q=\(text)"
            _ = await stack.open(HTTPTransferRequest(method: "GET", url: url)).failure()
        }
        await stack.shutDown()
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(text.split(separator: "\n").count == 2)
        for part in [key, encoded, "-123", "%33"] { #expect(!text.contains(part)) }
        #expect(text.contains("https://b.example/***************?q=***************"))
    }
}
