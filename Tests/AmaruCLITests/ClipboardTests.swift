// What a terminal is told to copy.
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AmaruCLI

@Suite struct ClipboardTests {
    @Test func `A text is sent in Base64, and not one that terminals would drop`() {
        #expect(Clipboard.sequence(for: "hé\n") == "\u{1B}]52;c;aMOpCg==\u{7}")
        let longest = String(repeating: "x", count: Clipboard.bound)
        #expect(Clipboard.sequence(for: longest)?.utf8.count == 100_000)
        #expect(Clipboard.sequence(for: longest + "x") == nil)
    }

    @Test(arguments: [
        ("no code, `word`", nil),
        ("```\nfirst\n```\ntext\n\n~~~sh\nls\n\npwd\n~~~\nThe end.", "ls\n\npwd\n"),
        ("1. item\n\n   ```py\n   if x:\n       y()\n   ```\n", "if x:\n    y()\n"),
        ("> ```\n> quoted\n> ```\n", "quoted\n"),
        ("```\nopen", "open\n"),
    ])
    func `The last code of an answer is found`(_ answer: String, _ code: String?) {
        #expect(Clipboard.lastCode(in: answer) == code)
    }

    @Test func `Code that is longer than a part of the reader's is whole`() {
        let lines = (1...5000).map { "line \($0)\n" }.joined()
        #expect(Clipboard.lastCode(in: "```\nx\n```\n```py\n\(lines)```\n") == lines)
    }
}
