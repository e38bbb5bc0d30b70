// A text that is added to again and again.
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AmaruMarkdown

@Suite struct GrowingTextTests {
    @Test func `It is the text of all that was added, from any place on`() {
        var text = GrowingText("äö")
        var whole = "äö"
        for number in 0..<5000 {
            let more = "\(number) 日本\n"
            text.append(more)
            whole += more
        }
        #expect(text.size == whole.utf8.count)
        #expect(text.string == whole)
        for bytes in [0, 2, 4, 5, 16_390, 30_000, whole.utf8.count - 1, whole.utf8.count] {
            let rest = String(decoding: Array(whole.utf8)[bytes...], as: UTF8.self)
            if !rest.hasPrefix("\u{FFFD}") { #expect(text.suffix(from: bytes) == rest) }
        }
        #expect(GrowingText("").suffix(from: 0) == "")
    }

    /// Adding to it copies a piece, in the worst case.
    @Test func `No piece grows with the text`() {
        var text = GrowingText("")
        for _ in 0..<4000 { text.append(String(repeating: "x", count: 500)) }
        #expect(text.pieces.map(\.utf8.count).max() ?? 0 < 20_000)
        #expect(text.pieces.count < 200)
    }

    @Test func `Code of an answer is such a text, however many parts it comes in`() {
        let code = String(repeating: "let a = 1\n", count: 20_000)
        var reader = MarkdownReader()
        var sequence = BlockSequence()
        for part in reader.append("```swift\n" + code) + reader.finish() { sequence.take(part) }
        guard case .code("swift", let text) = sequence.blocks.first else {
            Issue.record("no code")
            return
        }
        #expect(sequence.blocks.count == 1)
        #expect(text.string == code)
        #expect(text.pieces.count > 10)
    }
}
