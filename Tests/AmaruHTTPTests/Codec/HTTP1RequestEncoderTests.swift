// Requests, byte for byte.
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing

@testable import AmaruHTTP

extension CodecTests {
    @Suite struct Encoder {
        @Test func `A head is written byte for byte`() throws {
            var buffer = ByteBuffer(string: "before ")
            try HTTP1RequestEncoder.head(
                method: "M-SEARCH",
                target: "*",
                fields: [
                    HTTPHeaderField("hOST", "a"), HTTPHeaderField("X", bytes: [0xE9, 0xFF, 0x01]),
                    HTTPHeaderField("Content-Length", "3"), HTTPHeaderField("x", " b\t"),
                    HTTPHeaderField("Empty", ""), HTTPHeaderField("X", "c"),
                ],
                into: &buffer
            )
            let text =
                "before M-SEARCH * HTTP/1.1\r\nhOST: a\r\nX: \u{E9}\u{FF}\u{1}\r\n"
                + "Content-Length: 3\r\nx:  b\t\r\nEmpty: \r\nX: c\r\n\r\n"
            #expect(Latin1.text(buffer.readableBytesView) == text)
        }

        @Test(arguments: [
            "/", "/a?b=c&d=%20", "http://example.com/", "example.com:443", "/a|b{c}\"", "//a\\",
        ])
        func `A target is written as it is`(_ target: String) throws {
            var buffer = ByteBuffer()
            try HTTP1RequestEncoder.head(method: "GET", target: target, fields: [], into: &buffer)
            #expect(String(buffer: buffer) == "GET \(target) HTTP/1.1\r\n\r\n")
        }

        @Test(arguments: ["", "G T", "GET\r\n", "GET\n", "G\0T", "GÉT", "GET:", "GET/"])
        func `A method that is no token is refused`(_ method: String) {
            expectRefusal("method") { (buffer) throws(HTTPTransferError) in
                try HTTP1RequestEncoder.head(method: method, target: "/", fields: [], into: &buffer)
            }
        }

        @Test(arguments: [
            "", "/a b", "/\r\nA: b", "/\r", "/\n", "/\0", "/\u{7F}", "/é", "/\t", " /",
            "/ HTTP/1.1\r\nHost: evil",
        ])
        func `A target that could end early is refused`(_ target: String) {
            expectRefusal("target") { (buffer) throws(HTTPTransferError) in
                try HTTP1RequestEncoder.head(
                    method: "GET",
                    target: target,
                    fields: [],
                    into: &buffer
                )
            }
        }

        @Test(arguments: ["", "A ", " A", "A:", "A\r\nB", "A\n", "A\0", "É", "A\u{B}"])
        func `A name that is no token is refused`(_ name: String) {
            expectRefusal("name of a header") { (buffer) throws(HTTPTransferError) in
                try HTTP1RequestEncoder.head(
                    method: "GET",
                    target: "/",
                    fields: [HTTPHeaderField("Host", "a"), HTTPHeaderField(name, "b")],
                    into: &buffer
                )
            }
        }

        @Test(arguments: ["a\r\nB: c", "a\n", "\r", "a\r\n b", "\0"])
        func `A value that could end early is refused, and not shown`(_ value: String) {
            expectRefusal("\"X-Name\"") { (buffer) throws(HTTPTransferError) in
                try HTTP1RequestEncoder.head(
                    method: "GET",
                    target: "/",
                    fields: [HTTPHeaderField("X-Name", "secret" + value)],
                    into: &buffer
                )
            }
        }

        @Test func `Chunks are what the parser reads`() {
            var buffer = ByteBuffer(string: CodecTests.chunked)
            let pieces = ["", "a", String(repeating: "b", count: 300), ""]
            for piece in pieces {
                HTTP1RequestEncoder.chunk(size: piece.utf8.count, into: &buffer)
                buffer.writeString(piece)
                HTTP1RequestEncoder.endOfChunk(size: piece.utf8.count, into: &buffer)
            }
            HTTP1RequestEncoder.lastChunk(into: &buffer)
            let outcome = ParserOutcome(of: [Array(buffer.readableBytesView)[...]])
            #expect(String(decoding: outcome.body, as: UTF8.self) == pieces.joined())
            #expect(outcome.trailers?.isEmpty == true)
            #expect(outcome.mayReuse)
        }

        @Test func `A body in chunks without any ends at once`() {
            var buffer = ByteBuffer()
            HTTP1RequestEncoder.lastChunk(into: &buffer)
            #expect(String(buffer: buffer) == "0\r\n\r\n")
        }

        private func expectRefusal(
            _ words: String,
            _ write: (inout ByteBuffer) throws(HTTPTransferError) -> Void
        ) {
            var buffer = ByteBuffer()
            do throws(HTTPTransferError) {
                try write(&buffer)
                #expect(Bool(false), "nothing was refused")
            } catch {
                #expect(error.code == .localProtocol)
                #expect(error.message.contains(words), "\(error)")
                #expect(!error.message.contains("secret"))
            }
            #expect(buffer.readableBytes == 0)
        }
    }
}
