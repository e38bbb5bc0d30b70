// How much longer links by reference make a text, and its reading.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting
import Testing

@testable import AmaruMarkdown

@Suite(.timeLimit(.minutes(10))) struct LinkBudgetTests {
    private static let address = "https://b.test/" + String(repeating: "y", count: 1000)
    private static let definition = "[a]: \(address)\n\n"

    /// The bytes of all addresses in blocks, those of quotes and lists too.
    private static func addresses(in blocks: [MarkdownBlock]) -> Int {
        "\(blocks)".matches(of: /address: "([^"]*)"/).reduce(0) { $0 + $1.1.utf8.count }
    }

    private static let units = [
        String(repeating: "[a]", count: 300) + "\n\n",
        "- " + String(repeating: "[a]", count: 300) + "\n",
        "> " + String(repeating: "[x][a]", count: 200) + "\n\n",
        "| " + String(repeating: "![a]", count: 200) + " |\n|-|\n\n",
        "- [b]: \(address)\n\n  " + String(repeating: "[b]", count: 300) + "\n\n",
    ]

    @Test(arguments: units)
    func `All blocks together have the references of one text`(_ unit: String) {
        let text = Self.definition + String(repeating: unit, count: 100)
        let found = Self.addresses(in: parts(of: [text]).map(\.block))
        #expect(found > 90_000)
        #expect(found <= max(100_000, text.utf8.count) + text.utf8.count)
    }

    @Test(arguments: units)
    func `A page has no more of them`(_ unit: String) {
        let text = Self.definition + String(repeating: unit, count: 100)
        let html = HTMLRenderer.blocks(text).joined()
        let found = html.matches(of: /href="([^"]*)"/).reduce(0) { $0 + $1.1.utf8.count }
        #expect(found <= max(100_000, text.utf8.count) + text.utf8.count)
        // With the tags and the names of hosts.
        #expect(html.utf8.count < 10 * text.utf8.count)
    }

    @Test func `What is beyond stays text`() {
        let text = Self.definition + String(repeating: "[*a*][a]\n\n", count: 150)
        let blocks = HTMLRenderer.blocks(text)
        #expect(blocks.count == 150)
        #expect(blocks.first?.contains("href") == true)
        #expect(blocks.last == "<p>[<em>a</em>][a]</p>")
    }

    @Test func `Links with an address of their own are not among them`() {
        let link = "[x](\(Self.address)) "
        let text = Self.definition + String(repeating: link + "\n\n", count: 400) + "[a]\n"
        let blocks = HTMLRenderer.blocks(text)
        #expect(blocks.allSatisfy { $0.contains("href") })
    }

    @Test func `Nor do labels count that stand in code`() {
        let code = "```\n" + String(repeating: "[a]\n", count: 1000) + "```\n\n"
        let text = Self.definition + String(repeating: code, count: 30) + "[a]\n"
        #expect(HTMLRenderer.blocks(text).last?.contains("href") == true)
    }

    @Test(arguments: 0..<10)
    func `The cuts of a text make no difference to it`(_ number: Int) {
        var random = RandomMarkdown(random: SeededGenerator(seed: UInt64(800_000 + number)))
        var text = Self.definition
        for _ in 0..<40 {
            text += random.text(lines: 6) + "\n\n[a] [a] [a] [a]\n\n```\n[a]\nx\n```\n\n"
        }
        let whole = lines(of: parts(of: [text]), columns: 40)
        #expect(lines(of: parts(of: random.cut(text)), columns: 40) == whole)
    }

    // MARK: Definitions

    @Test func `Text is read with the definitions that it mentions`() {
        var definitions = LinkDefinitions()
        let source = (0..<400).map { "[l\($0)]: https://b.test/\($0)\n" }.joined()
        #expect(definitions.take(from: source).count == 400)
        #expect(definitions.source(for: "[l7] [L9][] `[`", atMost: .max).utf8.count < 100)
        #expect(definitions.source(for: "[l7]", atMost: 10) == "")
        #expect(definitions.source(for: "\\[l7] [other]", atMost: .max) == "")
    }

    private static let labels = ["a b", "ẞ", "Σ x", "a\\]b", "a\\|b", "`c`", "*d*", "x>y", "ｱ"]

    @Test(arguments: [
        "[A  B]", "> [a\n> b]", "[SS] [ß]", "[ς X] [σ\nx]", "[a\\]b]", "|[a\\|b]|\n|-|", "[`c`][]",
        "![*D*]", "[t][x>y]", "- [x>Y]\n  [ｱ]", "\\\\[ẞ]", "[[ẞ]]", "[t [ẞ]][a b]",
    ])
    func `A label is found as cmark finds it`(_ text: String) {
        var definitions = LinkDefinitions()
        let found = definitions.take(
            from: Self.labels.map { "[\($0)]: https://b.test/\($0.utf8.count)\n" }.joined()
        )
        #expect(found.count == Self.labels.count)
        let mentions = Self.labels.map { "[\($0)]" }.joined()
        let all = definitions.source(for: mentions, atMost: .max)
        let some = definitions.source(for: text, atMost: .max)
        #expect(MarkdownDocument(some + text).blocks == MarkdownDocument(all + text).blocks)
    }

    @Test func `Lines that look like definitions are looked up at once`() {
        let lines = (0..<400).map { "[x\($0)]: /\($0)\n" }.joined()
        var definitions = LinkDefinitions()
        #expect(definitions.take(from: "text\n" + lines) == [])
        #expect(definitions.take(from: lines).map(\.address) == (0..<400).map { "/\($0)" })
        #expect(definitions.take(from: lines) == [])
    }
}
