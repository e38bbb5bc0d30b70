// Header fields, common and odd.
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AmaruHTTP

extension CodecTests {
    @Suite struct Fields {
        static let rows: [CodecRow] = read + doubtful + refused + lineEnds

        /// What leaves no doubt: the connection goes on.
        static let read: [CodecRow] = [
            row("case, order and repetitions", "b: 1", "A: 2", "b: 3", is: "b: 1", "A: 2", "b: 3"),
            row("blanks around a value", "A: \t b c \t", is: "A: b c"),
            row("no blank", "A:b", is: "A: b"),
            row("no value", "A:", is: "A: "),
            row("a value of blanks", "A:  \t", is: "A: "),
            row("colons in a value", "A: b:c: d", is: "A: b:c: d"),
            row("Latin-1", "A: \u{E9}\u{FF}\u{A0}", is: "A: \u{E9}\u{FF}\u{A0}"),
            row(
                "control characters",
                "Set-Cookie: a=\u{1}\u{B}\u{1F}\u{7F}",
                is: "Set-Cookie: a=\u{1}\u{B}\u{1F}\u{7F}"
            ),
            row("a name with delimiters", "A(b)[\"c\"]: d", is: "A(b)[\"c\"]: d"),
            row("a fold", "A: b\r\n c", is: "A: b c"),
            row("a fold of tabs and blanks", "A: b \r\n\t  c \r\n\td", is: "A: b c d"),
            row("a fold after nothing", "A:\r\n b", is: "A: b"),
            row("a fold of nothing", "A: b\r\n \t\r\n c", is: "A: b c"),
            row("a colon in a fold", "A: b\r\n C: d", is: "A: b C: d"),
        ]

        /// What other parsers may take for something else: the connection ends.
        static let doubtful: [CodecRow] = [
            row("a blank before the colon", "A : b", is: "A: b", reuse: false),
            row("a tab before the colon", "A\t: b", is: "A: b", reuse: false),
            row("a line without a colon", "hello", "A: b", is: "A: b", reuse: false),
            row("a name with a blank in it", "A B: c", "D: e", is: "D: e", reuse: false),
            row("a name that is not ASCII", "\u{E9}: c", "D: e", is: "D: e", reuse: false),
            row("a name with a control character", "A\u{B}: c", "D: e", is: "D: e", reuse: false),
            row("no name", ": c", "D: e", is: "D: e", reuse: false),
            row("a line of mail", "From me Thu Nov 26", "D: e", is: "D: e", reuse: false),
            row("a folded first line", " A: b", "\tC: d", "E: f", is: "E: f", reuse: false),
            row("a fold of what is left out", "hello\r\n A: b", "C: d", is: "C: d", reuse: false),
        ]

        static let refused: [CodecRow] = [
            CodecRow("NUL in a value", five("A: b\0c"), .refuses("NUL")),
            CodecRow("NUL in a name", five("A\0: b"), .refuses("NUL")),
            CodecRow("CR in a value", five("A: b\rSet-Cookie: c"), .refuses("carriage return")),
            CodecRow("CR at the end of a value", five("A: b\r"), .refuses("carriage return")),
            CodecRow("CR in a folded value", five("A: b\r\n c\rd"), .refuses("carriage return")),
            CodecRow("CR in a line that is no field", five("a\rb"), .refuses("carriage return")),
        ]

        static let lineEnds: [CodecRow] = [
            ends("LF", "HTTP/1.1 200 OK\nA: b\nContent-Length: 5\n\nhello"),
            ends("CR LF, then LF", "HTTP/1.1 200 OK\r\nA: b\nContent-Length: 5\n\r\nhello"),
            ends("LF, then CR LF", "HTTP/1.1 200 OK\nA: b\r\nContent-Length: 5\r\n\nhello"),
            ends("LF in a fold", "HTTP/1.1 200 OK\nA:\n b\nContent-Length: 5\n\nhello"),
        ]

        @Test(arguments: rows)
        func `A field is read as the more lenient of Python's parsers reads it`(_ row: CodecRow) {
            row.check()
        }

        private static func row(
            _ name: String,
            _ lines: String...,
            is fields: String...,
            reuse: Bool = true
        ) -> CodecRow {
            let text = lines.joined(separator: "\r\n")
            return CodecRow(
                name,
                "HTTP/1.1 200 OK\r\n\(text)\r\nContent-Length: 5\r\n\r\nhello",
                .reads("hello", fields: fields + ["Content-Length: 5"], reuse: reuse)
            )
        }

        private static func ends(_ name: String, _ text: String) -> CodecRow {
            CodecRow(name, text, .reads("hello", fields: ["A: b", "Content-Length: 5"]))
        }
    }
}
