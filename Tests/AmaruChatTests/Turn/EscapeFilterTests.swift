// Text with control sequences, in every cut.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting
import Testing

@testable import AmaruChat

@Suite struct EscapeFilterTests {
    static let corpus: [(hostile: String, shown: String)] = [
        ("plain text, żółw, 日本, 👩‍👩‍👧", "plain text, żółw, 日本, 👩‍👩‍👧"),
        ("a\tb\nc", "a\tb\nc"),
        ("a\r\nb\rc\r", "a\nb\nc\n"),
        ("\r\r\n\n", "\n\n\n"),
        ("a\u{0}\u{7}\u{8}\u{B}\u{C}\u{7F}b", "ab"),
        ("\u{1B}[31mred\u{1B}[0m", "red"),
        ("\u{1B}[2J\u{1B}[Hgone", "gone"),
        ("\u{1B}[38;2;1;2;3mx\u{1B}[?2004hy\u{1B}[!pz", "xyz"),
        ("\u{1B}]0;title\u{7}x", "x"),
        ("\u{1B}]0;title\u{1B}\\x", "x"),
        ("\u{1B}]52;c;ZXZpbA==\u{7}x", "x"),
        ("\u{1B}]8;;http://evil\u{1B}\\label\u{1B}]8;;\u{1B}\\", "label"),
        ("\u{1B}P1$r0m\u{1B}\\x\u{1B}_app\u{1B}\\y\u{1B}^pm\u{1B}\\z\u{1B}Xsos\u{1B}\\!", "xyz!"),
        ("\u{1B}(Bx\u{1B}#8y\u{1B}cz\u{1B}7", "xyz"),
        ("\u{9B}31mx\u{9D}0;t\u{9C}y\u{90}q\u{9C}z\u{85}\u{84}", "xyz"),
        ("\u{1B}]0;never ended\nnext line", "\nnext line"),
        ("\u{1B}[31\nnext", "\nnext"),
        ("\u{1B}\u{1B}[31mx", "x"),
        ("\u{1B}]a\u{1B}]b\u{7}x", "x"),
        ("\u{1B}[31\u{18}x\u{1B}]0\u{1A}y", "xy"),
        ("\u{1B}", ""),
        ("x\u{1B}[", "x"),
        ("\u{1B}é", "é"),
        ("\u{1B}[é", "é"),
        ("evil' \u{1B}[24D\u{1B}[Knice", "evil' nice"),
        ("\u{1B}]0;a\u{9B}31mx", "x"),
    ]

    @Test("What commands a terminal is removed", arguments: corpus)
    func whole(hostile: String, shown: String) {
        #expect(EscapeFilter.clean(hostile) == shown)
    }

    @Test("Every cut into three gives the same text", arguments: corpus)
    func cut(hostile: String, shown: String) {
        let scalars = Array(hostile.unicodeScalars)
        for first in 0...scalars.count {
            for second in first...scalars.count {
                var filter = EscapeFilter()
                let parts = [scalars[..<first], scalars[first..<second], scalars[second...]]
                let text = parts.map { filter.feed(String.init(scalars: $0)) }.joined()
                #expect(text == shown, "cut at \(first) and \(second)")
            }
        }
    }

    @Test func `Random text holds no control, in whatever chunks it comes`() {
        var random = SeededGenerator(seed: 42)
        let alphabet = Array(
            "\u{1B}\u{1B}[]P_;?0123mJ\u{7}\\\r\n\u{9B}\u{9D}\u{9C}ab é\u{301}".unicodeScalars
        )
        for _ in 0..<2000 {
            let scalars = (0..<40).map { _ in
                alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
            }
            let whole = EscapeFilter.clean(String(scalars: scalars[...]))
            let isClean = whole.unicodeScalars.allSatisfy {
                $0 == "\n" || ($0.value >= 0x20 && !(0x7F...0x9F).contains($0.value))
            }
            #expect(isClean)
            var filter = EscapeFilter()
            var rest = scalars[...]
            var text = ""
            while !rest.isEmpty {
                let chunk = rest.prefix(Int.random(in: 1...7, using: &random))
                rest = rest.dropFirst(chunk.count)
                text += filter.feed(String(scalars: chunk))
            }
            #expect(text == whole)
        }
    }

    @Test func `A string without an end is given up after the bound`() {
        let long = String(repeating: "x", count: EscapeFilter.sequenceBound + 10)
        #expect(EscapeFilter.clean("\u{1B}]" + long).count == 11)
    }

    @Test func `Controls that reorder text stay: Arabic and Hebrew prose needs them`() {
        let text = "a\u{202E}b\u{2066}c\u{200F}d\u{061C}"
        #expect(EscapeFilter.clean(text) == text)
    }
}

extension String {
    init(scalars: ArraySlice<Unicode.Scalar>) {
        var view = UnicodeScalarView()
        view.append(contentsOf: scalars)
        self.init(view)
    }

    @Test(arguments: [
        ("a\u{1B}[2Jb", "a␛b"), ("a\u{1B}]0;title\u{1B}\\b", "a␛b"), ("a\u{7}\u{8}b", "a␇␈b"),
        ("\u{9B}1mb\u{7F}\u{85}", "␛b␡␛"), ("a\tb\r\nc\u{1B}[1", "a\tb\nc␛"), ("␛", "␛"),
    ])
    func `What is removed is shown on request, wherever it is cut`(_ raw: String, _ shown: String) {
        for cut in 0...raw.unicodeScalars.count {
            var filter = EscapeFilter(marksRemoved: true)
            let pieces = [raw.unicodeScalars.prefix(cut), raw.unicodeScalars.dropFirst(cut)]
            #expect(pieces.map { filter.feed(String($0)) }.joined() == shown, "\(cut)")
        }
    }
}
