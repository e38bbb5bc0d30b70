// Responses at the edge of HTTP/1.1, and beyond it: what is taken, what is refused, and how.
// SPDX-License-Identifier: Apache-2.0

import AmaruHTTP
import AmaruTesting
import Foundation
import Testing

/// The reference is httpx with h11; where the parser of this engine decides otherwise, the row
/// says so.
@Suite(.timeLimit(.minutes(5)))
struct ProtocolFaultTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let response: String
        let method: String
        /// The body that is expected, or nil where the response is refused.
        let text: String?
        let word: String

        init(
            _ name: String,
            _ response: String,
            method: String = "GET",
            text: String?,
            word: String = "malformed"
        ) {
            (testDescription, self.response, self.method) = (name, response, method)
            (self.text, self.word) = (text, word)
        }
    }

    static let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    static let length5 = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
    static let early = "peer closed connection without sending complete message body"

    static let taken: [Row] = [
        Row("trailers", chunked + "5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n", text: "hello"),
        Row("chunk extensions", chunked + "5;a=b\r\nhello\r\n0\r\n\r\n", text: "hello"),
        Row("chunk size with zeros", chunked + "0005\r\nhello\r\n0\r\n\r\n", text: "hello"),
        Row("a 100 before", "HTTP/1.1 100 Continue\r\n\r\n" + length5, text: "hello"),
        Row(
            "a 103 before",
            "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + length5,
            text: "hello"
        ),
        Row("no reason", "HTTP/1.1 200\r\nContent-Length: 5\r\n\r\nhello", text: "hello"),
        Row("204 with a length", "HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\n", text: ""),
        Row("304 with a length", "HTTP/1.1 304 No\r\nContent-Length: 5\r\n\r\n", text: ""),
        Row("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", method: "HEAD", text: ""),
        Row("HEAD, chunked", chunked, method: "HEAD", text: ""),
        Row(
            "a header of 64 KiB",
            "HTTP/1.1 200 OK\r\nX: \(String(repeating: "x", count: 65536))\r\n"
                + "Content-Length: 5\r\n\r\nhello",
            text: "hello"
        ),
        Row(
            "1,000 headers",
            "HTTP/1.1 200 OK\r\n\(String(repeating: "X: y\r\n", count: 1000))"
                + "Content-Length: 5\r\n\r\nhello",
            text: "hello"
        ),
    ]

    @Test(arguments: taken)
    func `A response that the protocol allows is taken`(_ row: Row) async throws {
        let server = ScriptedServer([.raw(row.response), .text("next")])
        try await withServer(server) { (backend) async throws in
            #expect(try await backend.open(server.request(row.method)).text() == row.text)
            // Its connection serves the next request.
            #expect(try await backend.open(server.request()).text() == "next")
            #expect(server.connectionCount == 1)
        }
    }

    static let closing: [Row] = [
        Row("no length", "HTTP/1.1 200 OK\r\n\r\nhello", text: "hello"),
        Row("HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\nhello", text: "hello"),
    ]

    @Test(arguments: closing)
    func `A response that ends its connection is taken`(_ row: Row) async throws {
        let server = ScriptedServer([.raw(row.response, .close), .text("next")])
        try await withServer(server) { (backend) async throws in
            let exchange = backend.open(server.request())
            #expect(try await exchange.text() == row.text)
            #expect(try await exchange.head().version == String(row.response.prefix(8)))
            #expect(try await backend.open(server.request()).text() == "next")
            #expect(server.connectionCount == 2)
        }
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", "nonsense",
    ])
    func `What comes after a response is not the answer to the next request`(
        _ surplus: String
    ) async throws {
        let server = ScriptedServer([.raw(Self.length5 + surplus), .text("next")])
        try await withServer(server) { (backend) async throws in
            #expect(try await backend.open(server.request()).text() == "hello")
            try await server.closedConnections(reach: 1)
            #expect(try await backend.open(server.request()).text() == "next")
            #expect(server.connectionCount == 2)
        }
    }

    static let refused: [Row] = [
        Row("a bad version", "HTTP/x.y 200 OK\r\nContent-Length: 0\r\n\r\n", text: nil),
        Row("a status of letters", "HTTP/1.1 abc OK\r\nContent-Length: 0\r\n\r\n", text: nil),
        Row("a status below 100", "HTTP/1.1 000 Odd\r\nContent-Length: 2\r\n\r\nok", text: nil),
        Row("a chunk size of letters", chunked + "zz\r\nhello\r\n", text: nil),
        Row("a negative chunk size", chunked + "-5\r\nhello\r\n", text: nil),
        Row("no chunk size", chunked + "\r\nhello\r\n", text: nil),
        Row("a huge chunk size", chunked + "fffffffffffffffff\r\nhello\r\n", text: nil),
        Row("a chunk longer than its size", chunked + "3\r\nhello\r\n0\r\n\r\n", text: nil),
        Row("a length of letters", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", text: nil),
        Row(
            "two lengths",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
            text: nil
        ),
        Row("no end of the body", chunked + "5\r\nhel", text: nil, word: early),
        Row("no last chunk", chunked + "5\r\nhello\r\n", text: nil, word: early),
        Row("half of a head", "HTTP/1.1 200 OK\r\nA: ", text: nil, word: early),
    ]

    @Test(arguments: refused)
    func `A response that breaks the protocol is refused`(_ row: Row) async throws {
        let server = ScriptedServer([.raw(row.response, .close), .text("next")])
        try await withServer(server) { (backend) async throws in
            let failure = try #require(await backend.open(server.request()).failure())
            #expect(failure.code == .remoteProtocol, "\(failure)")
            #expect(failure.message.contains(row.word), "\(failure)")
            #expect(failure.message.contains("127.0.0.1:\(server.port)"), "\(failure)")
            #expect(try await backend.open(server.request()).text() == "next")
        }
    }

    /// What not every parser takes: Python's do, but for HTTP/2.0 in text (nil).
    static let disputed: [Row] = [
        Row(
            "obsolete folding",
            "HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 5\r\n\r\nhello",
            text: "hello"
        ),
        Row(
            "a length and chunks",
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "5\r\nhello\r\n0\r\n\r\n",
            text: "hello"
        ),
        Row("bare line feeds", "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello", text: "hello"),
        Row(
            "the same length twice",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
            text: "hello"
        ),
        Row("a blank in a name", "HTTP/1.1 200 OK\r\nA B: c\r\n\r\nhello", text: "hello"),
        Row("a line without a colon", "HTTP/1.1 200 OK\r\nx\r\n\r\nhello", text: "hello"),
        Row("HTTP/2.0 in text", "HTTP/2.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", text: nil),
    ]

    @Test(arguments: disputed)
    func `Where parsers differ, this is what happens`(_ row: Row) async throws {
        let server = ScriptedServer([.raw(row.response, .close)])
        try await withServer(server) { (backend) async throws in
            let exchange = backend.open(server.request())
            guard let text = row.text else {
                let failure = try #require(await exchange.failure())
                return #expect(failure.code == .remoteProtocol, "\(failure)")
            }
            #expect(try await exchange.text() == text)
        }
    }

    @Test(arguments: [
        "", "HTTP/1.1 2", "HTTP/1.1 200 OK\r\nContent-", "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", chunked + "5\r\nhel", chunked + "5",
        chunked + "5\r\nhello\r\n0\r\n",
    ])
    func `A server that stalls is given up after the time allowed for reading`(
        _ sent: String
    ) async throws {
        let gate = Gate()
        let server = ScriptedServer([.raw(sent, .wait(gate))])
        try await withServer(server) { (backend) async throws in
            let timeouts = HTTPTimeouts(read: .milliseconds(60))
            let failure = await backend.open(server.request(timeouts: timeouts)).failure()
            #expect(failure?.code == .readTimeout, "\(failure)")
            gate.open()
        }
    }
}
