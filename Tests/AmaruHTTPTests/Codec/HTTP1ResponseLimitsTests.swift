// What is without end has a bound.
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AmaruHTTP

extension CodecTests {
    @Suite struct Limits {
        static let limits = HTTP1ResponseLimits(
            line: 40,
            fields: 100,
            emptyLines: 2,
            informational: 2
        )

        /// Beginnings that any number of repetitions keeps from their end.
        static let endless: [(String, String, String)] = [
            ("HTTP/1.1 200 ", "x", "line is longer"),
            ("HTTP/1.1 200 OK\r\nA: ", "x", "line is longer"),
            ("HTTP/1.1 200 OK\r\n", "x", "line is longer"),
            ("HTTP/1.1 200 OK\r\n", "A: b\r\n", "header fields"),
            ("HTTP/1.1 200 OK\r\n", "hello\r\n", "header fields"),
            ("HTTP/1.1 200 OK\r\nA: b\r\n", " c\r\n", "header fields"),
            ("", "\r\n", "empty lines"),
            ("", " ", "line is longer"),
            ("", "HTTP/1.1 102 Processing\r\n\r\n", "informational"),
            (CodecTests.chunked, "0", "line is longer"),
            (CodecTests.chunked + "5;", "x", "line is longer"),
            (CodecTests.chunked + "0\r\n", "A: b\r\n", "header fields"),
            (CodecTests.chunked + "0\r\nA: ", "b", "line is longer"),
        ]

        @Test(arguments: endless)
        func `What has no end is refused, at the same place however it arrives`(
            _ beginning: String,
            _ repeated: String,
            _ words: String
        ) {
            let text = beginning + String(repeating: repeated, count: 200)
            let bytes = Array(text.utf8)
            let whole = ParserOutcome(of: [bytes[...]], limits: Self.limits)
            #expect(whole.failure?.message.contains(words) == true, "\(whole)")
            let single = ParserOutcome(
                of: bytes.indices.map { bytes[$0...$0] },
                limits: Self.limits
            )
            #expect(single == whole)
        }

        @Test(arguments: [
            ("A: \(String(repeating: "x", count: 37))", true),
            ("A: \(String(repeating: "x", count: 38))", false),
            (
                Array(repeating: "A: b\r\n", count: 16).joined()
                    + "A:\(String(repeating: "x", count: 17))", true
            ),
            (
                Array(repeating: "A: b\r\n", count: 16).joined()
                    + "A:\(String(repeating: "x", count: 18))", false
            ),
        ])
        func `A limit is the last that is allowed`(_ fields: String, _ isRead: Bool) {
            let bytes = Array("HTTP/1.1 204 No\n\(fields)\n\n".utf8)
            let outcome = ParserOutcome(of: [bytes[...]], limits: Self.limits)
            #expect((outcome.failure == nil) == isRead, "\(outcome)")
        }

        @Test func `What Python's parsers allow is within the limits`() {
            // http.client: 65,536 bytes a line, 100 lines; h11 in httpx: 100 KiB in all.
            let long = "A: " + String(repeating: "x", count: 65_531) + "\r\n"
            let small = String(repeating: "A:\n", count: 34_000)
            for fields in [long, String(repeating: long, count: 10), small] {
                let bytes = Array("HTTP/1.1 204 No\r\n\(fields)\r\n".utf8)
                #expect(ParserOutcome(of: [bytes[...]]).failure == nil)
            }
        }
    }
}
