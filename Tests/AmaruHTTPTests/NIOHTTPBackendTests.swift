// The engine against a real server: heads, streaming, keep-alive.
// SPDX-License-Identifier: Apache-2.0

import AmaruHTTP
import AmaruTesting
import Foundation
import NIOConcurrencyHelpers
import Testing

@Suite(.timeLimit(.minutes(5)))
struct NIOHTTPBackendTests {
    @Test func `Status, reason, version and body arrive`() async throws {
        let server = ScriptedServer([.text("gone", status: 410, reason: "Long Gone")])
        try await withServer(server) { (backend) async throws in
            let exchange = backend.open(server.request())
            let head = try await exchange.head()
            #expect(head.status == 410)
            #expect(head.reason == "Long Gone")
            #expect(head.version == "HTTP/1.1")
            #expect(try await exchange.text() == "gone")
            #expect(try await exchange.read() == nil)
            #expect(try await exchange.head() == head)
        }
    }

    @Test func `The head on the wire is the caller's, in order, with every byte`() async throws {
        let server = ScriptedServer([.text("")])
        try await withServer(server) { (backend) async throws in
            var request = server.request(
                "POST",
                "/a%2Fb/[x]?q=1|2&q=%20",
                body: .data(Data("hi".utf8))
            )
            request.headers = [
                HTTPHeaderField("Host", "example.com:99"),
                HTTPHeaderField("X-Dup", "1"),
                HTTPHeaderField("content-LENGTH", "2"),
                HTTPHeaderField("x-dup", "2"),
                HTTPHeaderField("X-Latin", bytes: [0x52, 0xE9, 0x6D, 0x79]),
                HTTPHeaderField("X-UTF-8", "naïve 🐍"),
            ]
            let exchange = backend.open(request)
            _ = try await exchange.text()
            let seen = try #require(server.requests.first)
            #expect(seen.path == "/a%2Fb/[x]?q=1|2&q=%20")
            #expect(seen.headers == request.headers)
            #expect(seen.bodyText == "hi")
        }
    }

    @Test func `Only Host and framing are added, once`() async throws {
        let server = ScriptedServer([.text("")])
        try await withServer(server) { (backend) async throws in
            _ = try await backend.open(server.request("GET")).text()
            _ = try await backend.open(server.request("POST", body: .data(Data("abc".utf8)))).text()
            let host = HTTPHeaderField("Host", "127.0.0.1:\(server.port)")
            #expect(server.requests[0].headers == [host])
            #expect(server.requests[1].headers == [host, HTTPHeaderField("Content-Length", "3")])
        }
    }

    /// The framing as `http.client` sends it, where a caller leaves it out.
    static let framings: [(method: String, given: [HTTPHeaderField], sent: [HTTPHeaderField])] = [
        ("OPTIONS", [], []), ("PROPFIND", [], []), ("DELETE", [], []),
        ("POST", [], [HTTPHeaderField("Content-Length", "0")]),
        ("PUT", [], [HTTPHeaderField("Content-Length", "0")]),
        (
            "DELETE", [HTTPHeaderField("content-length", "0")],
            [HTTPHeaderField("content-length", "0")]
        ),
        ("GET", [HTTPHeaderField("Transfer-Encoding", "chunked")], []),
        (
            "GET", ["Content-Length", "content-length"].map { HTTPHeaderField($0, "0") },
            [HTTPHeaderField("Content-Length", "0")]
        ),
    ]

    @Test(arguments: framings.indices)
    func `A request without a body is framed as Python frames it`(_ index: Int) async throws {
        let (method, given, sent) = Self.framings[index]
        let server = ScriptedServer([.text("")])
        try await withServer(server) { (backend) async throws in
            for _ in 0..<2 {
                _ = try await backend.open(server.request(method, headers: given)).text()
            }
            for request in server.requests { #expect(request.headers.dropFirst() == sent[...]) }
            #expect(server.connectionCount == 1)
        }
    }

    @Test func `A chunked body of known content keeps the caller's framing`() async throws {
        let server = ScriptedServer([.text("")])
        try await withServer(server) { (backend) async throws in
            let fields = [
                HTTPHeaderField("transfer-encoding", "chunked"), HTTPHeaderField("Host", "h"),
            ]
            let body = HTTPTransferRequest.Body.data(Data("abc".utf8))
            _ = try await backend.open(server.request("PUT", headers: fields, body: body)).text()
            #expect(server.requests[0].headers == fields)
            #expect(server.requests[0].bodyText == "abc")
        }
    }

    @Test func `An explicit target replaces path and query`() async throws {
        let server = ScriptedServer([.text("")])
        try await withServer(server) { (backend) async throws in
            var request = server.request("OPTIONS")
            request.target = "*"
            _ = try await backend.open(request).text()
            #expect(server.requests[0].path == "*")
        }
    }

    @Test func `Response headers keep order, case, duplicates and bytes`() async throws {
        var bytes = Data("HTTP/1.1 200 Tr".utf8) + [0xE8] + Data("s bien\r\n".utf8)
        bytes += Data("Set-Cookie: a=1\r\nX-Name: R".utf8) + [0xE9] + Data("my\r\n".utf8)
        bytes += Data("set-cookie: b=2\r\nContent-Length: 2\r\nX-Text: naïve\r\n\r\n".utf8)
        bytes += [0xE9, 0x21]
        let server = ScriptedServer([ScriptedResponse([.bytes(bytes)])])
        try await withServer(server) { (backend) async throws in
            let exchange = backend.open(server.request())
            let head = try await exchange.head()
            #expect(head.reasonBytes == Array("Tr".utf8) + [0xE8] + Array("s bien".utf8))
            #expect(
                head.headers == [
                    HTTPHeaderField("Set-Cookie", "a=1"),
                    HTTPHeaderField("X-Name", bytes: [0x52, 0xE9, 0x6D, 0x79]),
                    HTTPHeaderField("set-cookie", "b=2"),
                    HTTPHeaderField("Content-Length", "2"),
                    HTTPHeaderField("X-Text", "naïve"),
                ]
            )
            #expect(try await exchange.rest() == Data([0xE9, 0x21]))
        }
    }

    @Test func `A response that arrives byte by byte is the same`() async throws {
        var bytes = Data("HTTP/1.1 200 Tr".utf8) + [0xE8] + Data("s bien\r\nX: ".utf8)
        bytes += [0xE9, 0xFF] + Data("\r\nContent-Length: 2\r\n\r\n".utf8) + [0xE9, 0x80]
        let server = ScriptedServer([ScriptedResponse(bytes.map { .bytes(Data([$0])) })])
        try await withServer(server) { (backend) async throws in
            for _ in 0..<2 {
                let exchange = backend.open(server.request())
                let head = try await exchange.head()
                #expect(head.reasonBytes == Array("Tr".utf8) + [0xE8] + Array("s bien".utf8))
                #expect(head.headers.first?.bytes == [0xE9, 0xFF])
                #expect(try await exchange.rest() == Data([0xE9, 0x80]))
            }
        }
    }

    @Test func `An informational head is passed over`() async throws {
        let server = ScriptedServer([
            .raw(
                "HTTP/1.1 103 Early\r\nX-Early: 1\r\n\r\n"
                    + "HTTP/1.1 204 Nothing Here\r\nX-Late: 1\r\n\r\n"
            )
        ])
        try await withServer(server) { (backend) async throws in
            let head = try await backend.open(server.request()).head()
            #expect(head.status == 204)
            #expect(head.reason == "Nothing Here")
            #expect(head.headers == [HTTPHeaderField("X-Late", "1")])
        }
    }

    @Test func `A compressed body stays compressed`() async throws {
        let server = ScriptedServer([.text("not gzip", headers: [("Content-Encoding", "gzip")])])
        try await withServer(server) { (backend) async throws in
            let exchange = backend.open(server.request())
            #expect(try await exchange.head().headers.firstValue(of: "content-encoding") == "gzip")
            #expect(try await exchange.text() == "not gzip")
        }
    }

    @Test func `A redirect is an answer like any other`() async throws {
        let server = ScriptedServer([
            .text("", status: 302, reason: "Found", headers: [("Location", "/there")])
        ])
        try await withServer(server) { (backend) async throws in
            #expect(try await backend.open(server.request()).head().status == 302)
            #expect(server.requests.count == 1)
        }
    }

    @Test func `The first chunk can be read before the second is sent`() async throws {
        let gate = Gate()
        let server = ScriptedServer([.chunks(["first"], then: gate, ["second"])])
        try await withServer(server) { (backend) async throws in
            let exchange = backend.open(server.request())
            #expect(try await exchange.text(ofAtLeast: 5) == "first")
            gate.open()
            #expect(try await exchange.text() == "second")
        }
    }

    @Test func `A body without a length ends with the connection`() async throws {
        let server = ScriptedServer([.raw("HTTP/1.1 200 OK\r\n\r\nall of it", .close)])
        try await withServer(server) { (backend) async throws in
            #expect(try await backend.open(server.request()).text() == "all of it")
        }
    }

    @Test func `A connection is used again after a whole response`() async throws {
        let server = ScriptedServer([.text("a"), .chunks(["b"]), .text("c")])
        try await withServer(server) { (backend) async throws in
            for expected in ["a", "b", "c"] {
                let body = HTTPTransferRequest.Body.data(Data(expected.utf8))
                let exchange = backend.open(server.request("POST", body: body))
                #expect(try await exchange.text() == expected)
                await exchange.closed()
            }
            #expect(server.connectionCount == 1)
        }
    }

    @Test func `An unread body holds the server back`() async throws {
        let total = 50 * 1024 * 1024
        let piece = Data(repeating: 0x61, count: 256 * 1024)
        let sent = Counter()
        let server = ScriptedServer { _, _ in
            let head = ScriptedResponse.head(headers: [("Content-Length", "\(total)")])
            var steps: [ScriptedResponse.Step] = [.text(head)]
            for _ in 0..<(total / piece.count) {
                steps += [.bytes(piece), .call { sent.add(piece.count) }]
            }
            return ScriptedResponse(steps)
        }
        try await withServer(server) { (backend) async throws in
            let unread = backend.open(server.request())
            _ = try await unread.head()
            // While it is held back, a whole other body goes through the same engine: more than
            // enough turns of the event loop for an unbounded reader to have swallowed the first.
            let other = backend.open(server.request("GET", "/other"))
            #expect(try await other.rest().count == total)
            #expect(sent.value - total < 20 * 1024 * 1024)
            #expect(try await unread.rest().count == total)
        }
    }

    @Test func `After 101 the bytes go both ways as they are`() async throws {
        let server = UpgradeServer(greeting: "welcome")
        let url = "http://127.0.0.1:\(try await server.start())/"
        let backend = NIOHTTPBackend()
        var request = HTTPTransferRequest(method: "GET", url: url)
        request.headers = [
            HTTPHeaderField("Connection", "Upgrade"), HTTPHeaderField("Upgrade", "echo"),
        ]
        let exchange = backend.open(request)
        #expect(try await exchange.head().status == 101)
        #expect(try await exchange.text(ofAtLeast: 7) == "welcome")
        for word in ["GET / HTTP/1.1\r\n\r\n", String(repeating: "a", count: 1 << 20)] {
            async let echo = exchange.text(ofAtLeast: word.utf8.count)
            try await exchange.write(Data(word.utf8))
            #expect(try await echo == word)
        }
        try await exchange.finish()
        #expect(try await exchange.read() == nil)
        await exchange.closed()
        #expect(backend.inFlight == 0)
        await backend.shutDown()
        await server.shutDown()
    }

    @Test func `Many exchanges at once get their own answers`() async throws {
        let server = ScriptedServer { request, _ in .text(request.path) }
        try await withServer(server) { (backend) async throws in
            try await withThrowingTaskGroup { group in
                for number in 0..<50 {
                    group.addTask {
                        let text = try await backend.open(server.request("GET", "/\(number)"))
                            .text()
                        #expect(text == "/\(number)")
                    }
                }
                try await group.waitForAll()
            }
            #expect(server.requests.count == 50)
        }
    }

    @Test func `After the shutdown requests fail at once`() async throws {
        let server = ScriptedServer([.text("")])
        try await withServer(server) { (backend) async throws in
            await backend.shutDown()
            let failure = await backend.open(server.request()).failure()
            #expect(failure?.code == .localProtocol)
            #expect(server.requests.isEmpty)
        }
    }
}

final class Counter: Sendable {
    private let total = NIOLockedValueBox(0)
    var value: Int { total.withLockedValue { $0 } }
    func add(_ amount: Int) { total.withLockedValue { $0 += amount } }
}
