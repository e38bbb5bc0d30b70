// Where bodies end, and which connections go on.
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AmaruHTTP

extension CodecTests {
    @Suite struct Framing {
        static let rows: [CodecRow] =
            lengths + refusedLengths + noBody + codings + untilClose + connections

        static let lengths: [CodecRow] = [
            CodecRow("a length", five(), .reads("hello")),
            CodecRow("no bytes", head("Content-Length: 0"), .reads()),
            CodecRow("zeros before it", head("Content-Length: 0005") + "hello", .reads("hello")),
            CodecRow("the same twice", five("content-length: 5"), .reads("hello")),
            CodecRow(
                "the same twice in a field",
                head("Content-Length: 5, 5") + "hello",
                .reads("hello")
            ),
            CodecRow("the same, spelt otherwise", five("Content-Length: 05,5"), .reads("hello")),
            CodecRow("a folded one", head("Content-Length:\r\n 5") + "hello", .reads("hello")),
            CodecRow("half of it", head("Content-Length: 5") + "hel", .waits),
            CodecRow("more than it", five() + "HTTP/1.1 200 Evil", .reads("hello", reuse: false)),
            CodecRow(
                "half of it and the end",
                head("Content-Length: 5") + "hel",
                closes: true,
                .refuses("sent 3 bytes of 5")
            ),
        ]

        static let refusedLengths: [CodecRow] =
            [
                "x", "-5", "+5", "5x", "0x5", "5 5", "5_0", "", " ", "5,", ",5", "5;a", "5.0",
                "9223372036854775808", "18446744073709551621", "\u{B2}",
            ].map {
                CodecRow(
                    "a length of \"\($0)\"",
                    head("Content-Length: \($0)"),
                    .refuses("Content-Length")
                )
            } + [
                CodecRow("two lengths", five("Content-Length: 6"), .refuses("differ")),
                CodecRow(
                    "two lengths in a field",
                    head("Content-Length: 5, 6"),
                    .refuses("differ")
                ),
                CodecRow("a length and no length", five("Content-Length: x"), .refuses("number")),
            ]

        static let noBody: [CodecRow] = [
            CodecRow("204", head(status: "HTTP/1.1 204 No"), .reads(status: 204)),
            CodecRow("304", head(status: "HTTP/1.1 304 No"), .reads(status: 304)),
            none("204 with a length", 204, "Content-Length: 5"),
            none("304 with a length", 304, "Content-Length: 5"),
            none("204 in chunks", 204, "Transfer-Encoding: chunked"),
            none("304 in chunks", 304, "Transfer-Encoding: chunked"),
            none("204 with a bad length", 204, "Content-Length: x"),
            none("HEAD", 200, method: "HEAD", "Content-Length: 5"),
            none("HEAD in chunks", 200, method: "HEAD", "Transfer-Encoding: chunked"),
            none("HEAD without a length", 200, method: "HEAD", "A: b"),
            CodecRow(
                "205 has a body",
                five(status: "HTTP/1.1 205 R"),
                .reads("hello", status: 205)
            ),
            CodecRow(
                "a body after 204",
                head("Content-Length: 5", status: "HTTP/1.1 204 No") + "hello",
                .reads(status: 204, reuse: false)
            ),
        ]

        static let codings: [CodecRow] = [
            coded("chunked", "chunked", reuse: true),
            coded("in other case", "ChunKed", reuse: true),
            coded("with blanks", " \tchunked\t", reuse: true),
            coded("gzip, chunked", "gzip, chunked", reuse: true),
            coded("gzip, then chunked", "gzip\r\nTransfer-Encoding: chunked", reuse: true),
            coded("an empty element at the end", "chunked,", reuse: true),
            coded("identity, chunked", "identity, chunked", reuse: true),
            coded("chunked twice", "chunked\r\nTransfer-Encoding: chunked", reuse: false),
            coded("a length, too", "chunked\r\nContent-Length: 3", reuse: false),
            coded("a bad length, too", "chunked\r\nContent-Length: x", reuse: false),
            coded("two lengths, too", "chunked\r\nContent-Length: 3, 4", reuse: false),
            coded("HTTP/1.0", "chunked", status: "HTTP/1.0 200 OK", reuse: false),
            coded(
                "HTTP/1.0, kept alive",
                "chunked\r\nConnection: keep-alive",
                status: "HTTP/1.0 200 OK",
                reuse: false
            ),
            CodecRow(
                "identity and a length",
                five("Transfer-Encoding: identity"),
                .reads("hello", reuse: false)
            ),
        ]

        static let untilClose: [CodecRow] = [
            closed("no length", "A: b"),
            closed("gzip", "Transfer-Encoding: gzip"),
            closed("chunked, gzip", "Transfer-Encoding: chunked, gzip"),
            closed("gzip and a length", "Transfer-Encoding: gzip\r\nContent-Length: 2"),
            closed("a word that contains chunked", "Transfer-Encoding: xchunked"),
            closed("chunked with a parameter", "Transfer-Encoding: chunked;a=b"),
            closed("a control character", "Transfer-Encoding: \u{B}chunked"),
            closed("identity alone", "Transfer-Encoding: identity"),
            closed("no coding", "Transfer-Encoding:"),
            closed("kept alive all the same", "Connection: keep-alive"),
            CodecRow("no end", head() + "hello", .waits),
            CodecRow("nothing, then the end", head(), closes: true, .reads(reuse: false)),
        ]

        static let connections: [CodecRow] = [
            kept("close", "Connection: close", false),
            kept("close in other case", "connection: CLOSE", false),
            kept("close among others", "Connection: foo, close ,bar", false),
            kept("close in another field", "Connection: foo\r\nConnection: close", false),
            kept("close and keep-alive", "Connection: keep-alive, close", false),
            kept("keep-alive", "Connection: keep-alive", true),
            kept("a word that contains close", "Connection: closed", true),
            kept("Proxy-Connection", "Proxy-Connection: close", true),
            kept("HTTP/1.0", "A: b", false, status: "HTTP/1.0 200 OK"),
            kept("HTTP/1.0, kept alive", "Connection: Keep-Alive", true, status: "HTTP/1.0 200 OK"),
            kept(
                "HTTP/1.0, closed",
                "Connection: keep-alive,close",
                false,
                status: "HTTP/1.0 200 OK"
            ),
            kept("HTTP/1.0, Keep-Alive", "Keep-Alive: timeout=5", false, status: "HTTP/1.0 200 OK"),
            kept(
                "HTTP/1.0, Proxy-Connection",
                "Proxy-Connection: keep-alive",
                false,
                status: "HTTP/1.0 200 OK"
            ),
        ]

        @Test(arguments: rows)
        func `A body ends where RFC 9112 has it end`(_ row: CodecRow) {
            row.check()
        }

        private static func none(
            _ name: String,
            _ status: Int,
            method: String = "GET",
            _ line: String
        ) -> CodecRow {
            let text = CodecTests.head(line, status: "HTTP/1.1 \(status) Odd")
            return CodecRow(name, text, method: method, .reads(status: status))
        }

        private static func coded(
            _ name: String,
            _ coding: String,
            status: String = "HTTP/1.1 200 OK",
            reuse: Bool
        ) -> CodecRow {
            let head = CodecTests.head("Transfer-Encoding: \(coding)", status: status)
            return CodecRow(name, head + "5\r\nhello\r\n0\r\n\r\n", .reads("hello", reuse: reuse))
        }

        private static func closed(_ name: String, _ line: String) -> CodecRow {
            CodecRow(
                name,
                CodecTests.head(line) + "hello",
                closes: true,
                .reads("hello", reuse: false)
            )
        }

        private static func kept(
            _ name: String,
            _ line: String,
            _ reuse: Bool,
            status: String = "HTTP/1.1 200 OK"
        ) -> CodecRow {
            CodecRow(name, CodecTests.five(line, status: status), .reads("hello", reuse: reuse))
        }
    }
}
