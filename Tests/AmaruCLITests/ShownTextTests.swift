// Text of others that is shown as a name.
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AmaruCLI

@Suite struct ShownTextTests {
    @Test(
        "What would turn letters around is spelled out, and the rest stays",
        arguments: [
            ("plain", "plain"), ("a\u{202E}b", "a<U+202E>b"),
            ("\u{2066}x\u{2069}", "<U+2066>x<U+2069>"),
            ("עברית \u{200F}abc", "עברית \u{200F}abc"), ("a\nb\tc", "a b c"),
            ("\u{1B}[31mred\u{202A}", "red<U+202A>"), ("👩‍👩‍👧", "👩‍👩‍👧"),
        ]
    )
    func line(text: String, shown: String) {
        #expect(ShownText.line(text) == shown)
    }

    @Test(
        "Rows end between words, and a word that is longer stays whole",
        arguments: [
            ("", ""), ("word", "word"), ("two words", "two words"),
            ("ab three words", "ab three\nwords"),
            ("a  b", "a  b"), ("a http://127.0.0.1:80/v1 b c", "a\nhttp://127.0.0.1:80/v1\nb c"),
            ("漢字漢字 漢字", "漢字漢字\n漢字"), ("12345 789", "12345 789"), ("12345 7890", "12345\n7890"),
        ]
    )
    func wrapped(text: String, rows: String) {
        #expect(ShownText.wrapped(text[...], to: 9) == rows)
    }
}
