// Status lines, common and odd.
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AmaruHTTP

extension CodecTests {
    @Suite struct StatusLine {
        static let rows: [CodecRow] = read + refused

        static let read: [CodecRow] = [
            line("a common one", "HTTP/1.1 200 OK", reason: "OK"),
            line("a reason of several words", "HTTP/1.1 404 Not Found", 404, reason: "Not Found"),
            line("no reason, but the blank before it", "HTTP/1.1 200 ", reason: ""),
            line("no reason", "HTTP/1.1 200", reason: ""),
            line("a reason of blanks", "HTTP/1.1 200  \t ", reason: ""),
            line("a reason in Latin-1", "HTTP/1.1 200 Tr\u{E8}s bien", reason: "Tr\u{E8}s bien"),
            line(
                "control characters in the reason",
                "HTTP/1.1 200 a\u{1}\u{7F}b",
                reason: "a\u{1}\u{7F}b"
            ),
            line("a number as the reason", "HTTP/1.1 200 200", reason: "200"),
            line("several blanks", "HTTP/1.1  200   OK", reason: "OK"),
            line("tabs", "HTTP/1.1\t200\tOK", reason: "OK"),
            line("blanks before it", "  HTTP/1.1 200 OK", reason: "OK"),
            line("a form feed and a vertical tab", "HTTP/1.1\u{C}200\u{B}OK", reason: "OK"),
            line("the highest status", "HTTP/1.1 999 Far", 999, reason: "Far"),
            line("a status without a meaning", "HTTP/1.1 600 Odd", 600, reason: "Odd"),
            line("HTTP/1.2", "HTTP/1.2 200 OK", reason: "OK"),
            line("HTTP/1.0", "HTTP/1.0 200 OK", reason: "OK", reuse: false),
            line("HTTP/0.9 with a status line", "HTTP/0.9 200 OK", reason: "OK", reuse: false),
        ]

        static let refused: [CodecRow] = [
            refused("status 000", "HTTP/1.1 000 Odd", "status"),
            refused("status 099", "HTTP/1.1 099 Odd", "status"),
            refused("a status of two digits", "HTTP/1.1 20 OK", "status"),
            refused("a status of four digits", "HTTP/1.1 2000 OK", "status"),
            refused("a status with a zero before it", "HTTP/1.1 0200 OK", "status"),
            refused("a status with a sign", "HTTP/1.1 +20 OK", "status"),
            refused("a negative status", "HTTP/1.1 -20 OK", "status"),
            refused("a status of letters", "HTTP/1.1 abc OK", "status"),
            refused("a status with an underscore", "HTTP/1.1 2_0 OK", "status"),
            refused("a status that runs into the reason", "HTTP/1.1 200OK", "status"),
            refused("no status", "HTTP/1.1", "status"),
            refused("HTTP/2.0 in text", "HTTP/2.0 200 OK", "version"),
            refused("no version", "HTTP/ 200 OK", "version"),
            refused("a version of letters", "HTTP/x.y 200 OK", "version"),
            refused("a minor version of two digits", "HTTP/1.10 200 OK", "version"),
            refused("no minor version", "HTTP/1. 200 OK", "version"),
            refused("lower case", "http/1.1 200 OK", "HTTP/"),
            refused("the greeting of another protocol", "SSH-2.0-OpenSSH_9.2", "HTTP/"),
            refused("a body without a head", "<html>", "HTTP/"),
            refused("the beginning of a name", "HTT", "HTTP/"),
            refused("blanks alone", "  ", "version"),
            refused("NUL in the reason", "HTTP/1.1 200 a\0b", "NUL"),
            refused("CR in the reason", "HTTP/1.1 200 a\rb", "carriage return"),
        ]

        @Test(arguments: rows)
        func `A status line is read by its words`(_ row: CodecRow) {
            row.check()
        }

        @Test(arguments: [
            ("HTTP/1.1 200 OK", HTTP1ResponseHead.Version.http11), ("HTTP/1.9 200 OK", .http11),
            ("HTTP/1.0 200 OK", .http10), ("HTTP/0.9 200 OK", .http10),
        ])
        func `The version is the one that the server means`(
            _ line: String,
            _ version: HTTP1ResponseHead.Version
        ) {
            let bytes = Array("\(line)\r\n\r\n".utf8)
            #expect(ParserOutcome(of: [bytes[...]]).head?.version == version)
        }

        @Test(arguments: ["S", "<", "\u{15}\u{3}", "HTTS", "\0", "\r\nX", "  ftp"])
        func `What is no HTTP is refused before its line is complete`(_ beginning: String) {
            let bytes = Array(beginning.utf8)
            #expect(ParserOutcome(of: [bytes[...]]).failure?.message.contains("HTTP/") == true)
        }

        private static func line(
            _ name: String,
            _ line: String,
            _ status: Int = 200,
            reason: String,
            reuse: Bool = true
        ) -> CodecRow {
            CodecRow(
                name,
                CodecTests.five(status: line),
                .reads("hello", status: status, reason: reason, reuse: reuse)
            )
        }

        private static func refused(_ name: String, _ line: String, _ words: String) -> CodecRow {
            CodecRow(name, CodecTests.five(status: line), .refuses(words))
        }
    }
}
