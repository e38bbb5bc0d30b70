// What is finished, and when, however a text is cut.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting
import Testing

@testable import AmaruMarkdown

@Suite(.timeLimit(.minutes(10))) struct MarkdownReaderTests {
    @Test(arguments: 0..<20)
    func `Pieces come to the blocks of the whole text`(_ group: Int) {
        for number in 0..<25 {
            var random = RandomMarkdown(random: SeededGenerator(seed: UInt64(group * 25 + number)))
            // Links are resolved by what comes before them: that is another test's.
            let text = random.text(lines: 12).replacing("]:", with: "] :")
            let pieces = random.cut(text)
            let whole = MarkdownDocument(text).blocks.map(withoutSpacing)
            #expect(joined(parts(of: pieces)) == whole, "\(text.debugDescription)")
        }
    }

    @Test(arguments: 0..<20)
    func `The cuts of a text make no difference`(_ group: Int) {
        for number in 0..<25 {
            let seed = UInt64(100_000 + group * 25 + number)
            var random = RandomMarkdown(random: SeededGenerator(seed: seed))
            let text = random.text(lines: 14)
            let pieces = random.cut(text)
            let whole = lines(of: parts(of: [text]), columns: 40)
            #expect(lines(of: parts(of: pieces), columns: 40) == whole, "\(text.debugDescription)")
        }
    }

    @Test(arguments: 0..<8)
    func `A long block is cut at the same places, however it comes`(_ number: Int) {
        var random = RandomMarkdown(random: SeededGenerator(seed: UInt64(200_000 + number)))
        let starts = ["", "- ", "> ", "```\n", "| a |\n|-|\n", "<div>", "[a]: /", "1. a\n\n   "]
        let start = starts[number % starts.count]
        let line = ["word ", "word\n", "日本語", "- x\n", "  text *a*\n"][number % 5]
        let text = start + String(repeating: line, count: 40_000 / line.utf8.count)
        var pieces: [String] = []
        var rest = Substring(text)
        while !rest.isEmpty {
            let count = Int.random(in: 1000...4000, using: &random.random)
            pieces.append(String(rest.prefix(count)))
            rest = rest.dropFirst(count)
        }
        let whole = lines(of: parts(of: [text]), columns: 40)
        #expect(lines(of: parts(of: pieces), columns: 40) == whole, "\(start) \(line)")
    }
}
