// Random texts in Markdown.
// SPDX-License-Identifier: Apache-2.0

/// Texts made of what Markdown has rules for.
package struct RandomMarkdown {
    package var random: SeededGenerator

    package init(random: SeededGenerator) { self.random = random }

    private static let starts = [
        "", "", "", "", "- ", "* ", "+ ", "1. ", "2) ", "> ", "> > ", "# ", "### ", "    ", "  ",
        "   ", "- [ ] ", "- [x] ", "1. - ", "> - ", "\t", "| ", "[a]: ", "      ", "10. ",
    ]
    private static let lines = [
        "", "", "", "```", "```swift", "~~~", "---", "***", "===", "-", "*", "<div>", "</div>",
        "<!-- a", "-->", "| a | b |", "|---|:-:|", "a | b", "--- | ---", "[a]: /url 'title'",
        "[b]:", "  ```", "    code", "> ", "1.", "<pre>", "</pre>", "[^1]: note",
    ]
    private static let words = [
        "word", "two words", "*emph*", "**strong**", "*open", "`code`", "``", "`", "[a]", "[b][a]",
        "[text](/url)", "![image](u.png)", "https://example.com/x", "日本語テキスト", "👩‍🌾", "⚠️",
        "e\u{301}", "~~gone~~", "\\*", "&amp;", "&#27;]0;x&#7;", "<b>", "a|b", "_x_", "**b", "  ",
        "\\", "!", "mail@example.com", "#", "1.", "-", "x", "long long long words of a sentence,",
    ]

    /// A text of so many lines.
    package mutating func text(lines count: Int) -> String {
        var text = ""
        for _ in 0..<count {
            if Bool.random(using: &random), Bool.random(using: &random) {
                text += pick(Self.lines)
            } else {
                text += pick(Self.starts)
                for _ in 0..<Int.random(in: 1...6, using: &random) {
                    text += pick(Self.words) + " "
                }
            }
            text += "\n"
        }
        if Bool.random(using: &random) { text.removeLast() }
        return text
    }

    /// A text in pieces of random length.
    package mutating func cut(_ text: String) -> [String] {
        var pieces: [String] = []
        var rest = Substring(text).unicodeScalars
        let longest = [1, 4, 30, 300].randomElement(using: &random) ?? 1
        while !rest.isEmpty {
            let count = Int.random(in: 1...longest, using: &random)
            pieces.append(String(rest.prefix(count)))
            rest = rest.dropFirst(count)
        }
        return pieces
    }

    private mutating func pick(_ choices: [String]) -> String {
        choices.randomElement(using: &random) ?? ""
    }
}
