// Bodies in chunks, common and odd.
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AmaruHTTP

extension CodecTests {
    @Suite struct Chunks {
        static let rows: [CodecRow] = read + refused + trailers + ended

        static let read: [CodecRow] = [
            row("one chunk", "5\r\nhello\r\n0\r\n\r\n"),
            row("several", "1\r\nh\r\n3\r\nell\r\n1\r\no\r\n0\r\n\r\n"),
            row("none", "0\r\n\r\n", is: ""),
            row("hexadecimal digits", "00A\r\nhellohello\r\n0\r\n\r\n", is: "hellohello"),
            row("in lower case", "a\r\nhellohello\r\n000\r\n\r\n", is: "hellohello"),
            row("line ends as data", "4\r\n\r\n\r\n\r\n0\r\n\r\n", is: "\r\n\r\n"),
            row("a last chunk as data", "5\r\n0\r\n\r\n\r\n0\r\n\r\n", is: "0\r\n\r\n"),
            row("blanks after the size", "5  \t\r\nhello\r\n0 \r\n\r\n"),
            row("blanks before the size", "  5\r\nhello\r\n 0\r\n\r\n"),
            row("many zeros", String(repeating: "0", count: 60) + "5\r\nhello\r\n0\r\n\r\n"),
            row("an extension", "5;a=b\r\nhello\r\n0;c\r\n\r\n"),
            row("a quoted extension", "5 ; a = \"b;\\\"c\"\r\nhello\r\n0\r\n\r\n"),
            row("an extension of nothing", "5;\r\nhello\r\n0\r\n\r\n"),
            row("an extension of any bytes", "5;\u{FF}\0\u{1}\rx\r\nhello\r\n0\r\n\r\n"),
            row("LF after sizes", "2\nhe\r\n3\r\nllo\r\n0\n\n"),
        ]

        static let refused: [CodecRow] = [
            row("letters", "zz\r\nhello\r\n", refused: "size of a chunk"),
            row("no size", "\r\nhello\r\n", refused: "size of a chunk"),
            row("an extension alone", ";a\r\nhello\r\n", refused: "size of a chunk"),
            row("a negative size", "-5\r\nhello\r\n", refused: "size of a chunk"),
            row("a sign", "+5\r\nhello\r\n", refused: "size of a chunk"),
            row("a prefix", "0x5\r\nhello\r\n", refused: "size of a chunk"),
            row("an underscore", "0_5\r\nhello\r\n", refused: "size of a chunk"),
            row("two numbers", "5 5\r\nhello\r\n", refused: "size of a chunk"),
            row("CR in a size", "5\r5\r\nhello\r\n", refused: "size of a chunk"),
            row("a huge size", "8000000000000000\r\n", refused: "size of a chunk"),
            row(
                "a size that wraps round",
                "10000000000000005\r\nhello\r\n",
                refused: "size of a chunk"
            ),
            row("more data than the size", "3\r\nhello\r\n0\r\n\r\n", refused: "does not end"),
            row("less data than the size", "6\r\nhello\r\n0\r\n\r\n", refused: "does not end"),
            row("no line end", "5\r\nhello0\r\n\r\n", refused: "does not end"),
            row("LF for a line end", "5\r\nhello\n0\r\n\r\n", refused: "does not end"),
            row("CR for a line end", "5\r\nhello\r0\r\n\r\n", refused: "does not end"),
        ]

        static let trailers: [CodecRow] = [
            CodecRow(
                "trailers",
                CodecTests.chunked + "5\r\nhello\r\n0\r\nB: 1\r\na:\r\n 2\r\n\r\n",
                .reads("hello", trailers: ["B: 1", "a: 2"])
            ),
            CodecRow(
                "trailers that change no framing",
                CodecTests.chunked + "0\r\nContent-Length: x\r\nConnection: close\r\n\r\n",
                .reads(trailers: ["Content-Length: x", "Connection: close"])
            ),
            CodecRow(
                "a trailer that is no field",
                CodecTests.chunked + "0\r\nhello\r\nA: b\r\n\r\n",
                .reads(trailers: ["A: b"], reuse: false)
            ),
            row("CR in a trailer", "0\r\nA: b\rc\r\n\r\n", refused: "carriage return"),
            CodecRow(
                "more after the trailers",
                CodecTests.chunked + "0\r\nA: b\r\n\r\n\r\n",
                .reads(trailers: ["A: b"], reuse: false)
            ),
        ]

        static let ended: [CodecRow] = [
            ended("within a size", "5", .refuses("sent 0 bytes and no last chunk")),
            ended("within the data", "5\r\nhel", .refuses("sent 3 bytes and no last chunk")),
            ended("before a size", "5\r\nhello\r\n", .refuses(CodecTests.early)),
            ended("before a line end", "5\r\nhello", .refuses(CodecTests.early)),
            ended("within the last size", "5\r\nhello\r\n0", .refuses(CodecTests.early)),
            ended("after the last size", "5\r\nhello\r\n0\r\n", .reads("hello", reuse: false)),
            ended(
                "within the last line end",
                "5\r\nhello\r\n0\r\n\r",
                .reads("hello", reuse: false)
            ),
            ended(
                "within the trailers",
                "5\r\nhello\r\n0\r\nA: b\r\nC: ",
                .reads("hello", trailers: ["A: b"], reuse: false)
            ),
            ended("after the end", "0\r\n\r\n", .reads(reuse: false)),
        ]

        @Test(arguments: rows)
        func `Chunks are read to the last one`(_ row: CodecRow) {
            row.check()
        }

        private static func row(
            _ name: String,
            _ body: String,
            is text: String = "hello"
        ) -> CodecRow {
            CodecRow(name, CodecTests.chunked + body, .reads(text))
        }

        private static func row(_ name: String, _ body: String, refused words: String) -> CodecRow {
            CodecRow(name, CodecTests.chunked + body, .refuses(words))
        }

        private static func ended(
            _ name: String,
            _ body: String,
            _ expectation: CodecRow.Expectation
        ) -> CodecRow {
            CodecRow("ended \(name)", CodecTests.chunked + body, closes: true, expectation)
        }
    }
}
