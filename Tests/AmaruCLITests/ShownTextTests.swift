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
}
