// One response after another, and what is between them.
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing

@testable import AmaruHTTP

extension CodecTests {
    @Suite struct Parser {
        static let rows: [CodecRow] =
            informational + tunnels + ends + [
                CodecRow("empty lines before it", "\r\n\n\r\n" + five(), .reads("hello")),
                CodecRow("an empty line after it", five() + "\r\n", .reads("hello", reuse: false)),
                CodecRow(
                    "an event stream",
                    head("Content-Type: text/event-stream", "Transfer-Encoding: chunked")
                        + "f\r\ndata: {\"a\":1}\n\n\r\n" + "e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n",
                    .reads("data: {\"a\":1}\n\ndata: [DONE]\n\n")
                ),
            ]

        static let informational: [CodecRow] = [
            row("100", head(status: "HTTP/1.1 100 Continue"), [100]),
            row("103 with fields", head("Link: </a>", status: "HTTP/1.1 103 Early Hints"), [103]),
            row("a status without a meaning", head(status: "HTTP/1.1 199 Odd"), [199]),
            row("102 with a length", head("Content-Length: 5", status: "HTTP/1.1 102 P"), [102]),
            row("HTTP/1.0", head(status: "HTTP/1.0 100 Continue"), [100]),
            row(
                "several",
                String(repeating: head(status: "HTTP/1.1 102 P"), count: 3) + "\r\n"
                    + head(status: "HTTP/1.1 100 C"),
                [102, 102, 102, 100]
            ),
            CodecRow("100 and nothing else", head(status: "HTTP/1.1 100 Continue"), .waits),
        ]

        static let tunnels: [CodecRow] = [
            CodecRow(
                "101",
                head("Upgrade: a", "Content-Length: 5", status: "HTTP/1.1 101 S") + "hello\r\n",
                .tunnels("hello\r\n", status: 101)
            ),
            CodecRow(
                "CONNECT",
                head("Transfer-Encoding: chunked") + "\u{16}\u{3}",
                method: "CONNECT",
                .tunnels("\u{16}\u{3}", status: 200)
            ),
            CodecRow(
                "CONNECT with 204",
                head(status: "HTTP/1.0 204 No"),
                method: "CONNECT",
                closes: true,
                .tunnels("", status: 204)
            ),
            CodecRow(
                "CONNECT that is refused",
                five(status: "HTTP/1.1 407 P"),
                method: "CONNECT",
                .reads("hello", status: 407)
            ),
        ]

        static let ends: [CodecRow] = [
            CodecRow("nothing", "", closes: true, .refuses("without sending a response")),
            CodecRow("an empty line", "\r\n", closes: true, .refuses("without sending a response")),
            CodecRow(
                "100, then the end",
                head(status: "HTTP/1.1 100 Continue"),
                closes: true,
                .refuses("without sending a response")
            ),
            CodecRow("half of a status line", "HTTP/1.", closes: true, .refuses(early)),
            CodecRow("a status line", "HTTP/1.1 200 OK\r\n", closes: true, .refuses(early)),
            CodecRow("half of a field", "HTTP/1.1 200 OK\r\nA: ", closes: true, .refuses(early)),
            CodecRow(
                "all but the empty line",
                "HTTP/1.1 204 N\r\nA: b\r\n",
                closes: true,
                .refuses(early)
            ),
            CodecRow("nothing but a body", five(), closes: true, .reads("hello", reuse: false)),
        ]

        @Test(arguments: rows)
        func `A response is read up to its end`(_ row: CodecRow) {
            row.check()
        }

        @Test(arguments: CodecTests.rows)
        func `Pieces of what arrives make no difference`(_ row: CodecRow) {
            let whole = row.outcome(of: [row.bytes[...]])
            for split in row.bytes.indices {
                let outcome = row.outcome(of: [row.bytes[..<split], row.bytes[split...]])
                #expect(outcome == whole, "divided at \(split)")
            }
            #expect(row.outcome(of: row.bytes.indices.map { row.bytes[$0...$0] }) == whole)
        }

        @Test func `A connection serves one request after another`() throws {
            var parser = HTTP1ResponseParser()
            for body in ["one", "two", ""] {
                #expect(parser.isIdle && parser.mayReuse)
                parser.expect(method: "GET")
                #expect(!parser.isIdle && !parser.mayReuse)
                parser.append(
                    .init(string: "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n")
                )
                parser.append(.init(string: body))
                #expect(try Self.rest(of: &parser) == body)
            }
            #expect(parser.isIdle && parser.mayReuse)
        }

        @Test func `A response without a body has an end of its own`() throws {
            var parser = HTTP1ResponseParser()
            parser.expect(method: "HEAD")
            parser.append(ByteBuffer(string: "HTTP/1.1 200 OK\r\n\r\n"))
            guard case .head? = try parser.next() else { return #expect(Bool(false), "no head") }
            #expect(!parser.isIdle)
            #expect(try parser.next() == .end([]))
            #expect(try parser.next() == nil)
            #expect(parser.isIdle && parser.mayReuse)
        }

        @Test(arguments: ["HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", "x", "\r\n"])
        func `What no request asked for answers none`(_ surplus: String) throws {
            var parser = HTTP1ResponseParser()
            parser.append(ByteBuffer(string: surplus))
            #expect(try parser.next() == nil)
            #expect(parser.isIdle && !parser.mayReuse)
            parser.expect(method: "GET")
            let error = #expect(throws: HTTPTransferError.self) { try parser.next() }
            #expect(error?.message.contains("cannot serve another request") == true)
        }

        @Test func `A connection that has ended is idle and serves no request`() throws {
            var parser = HTTP1ResponseParser()
            #expect(try parser.endOfStream() == nil)
            #expect(parser.isIdle && !parser.mayReuse)
            parser.expect(method: "GET")
            parser.append(ByteBuffer(string: CodecTests.five()))
            #expect(throws: HTTPTransferError.self) { try parser.next() }
        }

        @Test func `The end of the connection may come before what arrived is read`() throws {
            var parser = HTTP1ResponseParser()
            parser.expect(method: "GET")
            parser.append(ByteBuffer(string: "HTTP/1.1 200 OK\r\n\r\nhello"))
            guard case .head? = try parser.endOfStream() else {
                return #expect(Bool(false), "no head")
            }
            #expect(try parser.endOfStream() == .body(ByteBuffer(string: "hello")))
            #expect(try parser.endOfStream() == .end([]))
            #expect(try parser.endOfStream() == nil)
            #expect(!parser.mayReuse)
        }

        @Test func `A fault stays, and names the server`() throws {
            let origin = HTTPOrigin(scheme: "http", host: "example.com", port: 81)
            var parser = HTTP1ResponseParser(origin: origin)
            parser.expect(method: "GET")
            parser.append(ByteBuffer(string: "HTTP/1.1 99 Odd\r\n\r\n"))
            let error = try #require(throws: HTTPTransferError.self) { try parser.next() }
            #expect(error.code == .remoteProtocol)
            #expect(error.origin == origin)
            #expect(error.message.contains("http://example.com:81 sent a malformed response"))
            parser.append(ByteBuffer(string: CodecTests.five()))
            parser.expect(method: "GET")
            #expect(throws: error) { try parser.next() }
            #expect(throws: error) { try parser.endOfStream() }
            #expect(!parser.isIdle && !parser.mayReuse)
        }

        @Test func `Pieces of a body are not copied`() throws {
            let bytes = ByteBuffer(
                string: CodecTests.chunked + "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"
            )
            var parser = HTTP1ResponseParser()
            parser.expect(method: "GET")
            parser.append(bytes)
            var pieces = 0
            while let part = try parser.next() {
                guard case .body(let piece) = part else { continue }
                pieces += 1
                #expect(
                    bytes.withVeryUnsafeBytes { all in
                        piece.withUnsafeReadableBytes { piece in
                            guard let base = piece.baseAddress, let start = all.baseAddress else {
                                return false
                            }
                            return (start..<start + all.count).contains(base)
                        }
                    }
                )
            }
            #expect(pieces == 2)
        }

        @Test func `A large body in small pieces is read in whole`() throws {
            var parser = HTTP1ResponseParser()
            parser.expect(method: "GET")
            parser.append(ByteBuffer(string: CodecTests.chunked))
            var count = 0
            let chunk = ByteBuffer(string: "40\r\n\(String(repeating: "x", count: 64))\r\n")
            for _ in 0..<20_000 {
                parser.append(chunk)
                while case .body(let piece)? = try parser.next() { count += piece.readableBytes }
            }
            parser.append(ByteBuffer(string: "0\r\n\r\n"))
            #expect(try parser.next() == .end([]))
            #expect(count == 20_000 * 64)
        }

        private static func row(_ name: String, _ before: String, _ statuses: [Int]) -> CodecRow {
            CodecRow(name, before + CodecTests.five(), .reads("hello", informational: statuses))
        }

        private static func rest(of parser: inout HTTP1ResponseParser) throws -> String {
            var text = ""
            while let part = try parser.next() {
                if case .body(let piece) = part { text += String(buffer: piece) }
            }
            return text
        }
    }
}
