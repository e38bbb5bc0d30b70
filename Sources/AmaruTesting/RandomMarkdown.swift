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
        "$$", "$$", "\\[", "\\]", "$$a_1", "+ b$$", "\\[ x \\]", "> $$", "- \\[",
    ]
    private static let words = [
        "word", "two words", "*emph*", "**strong**", "*open", "`code`", "``", "`", "[a]", "[b][a]",
        "[text](/url)", "![image](u.png)", "https://example.com/x", "日本語テキスト", "👩‍🌾", "⚠️",
        "e\u{301}", "~~gone~~", "\\*", "&amp;", "&#27;]0;x&#7;", "<b>", "a|b", "_x_", "**b", "  ",
        "\\", "!", "mail@example.com", "#", "1.", "-", "x", "long long long words of a sentence,",
        "\\(a_1 * b_1\\)", "\\(open", "$\\frac{a*b*}{2}$", "$$x_1 | y_1$$", "$5", "\\[1\\]",
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

    /// A fence with random code, at the top or in a list; perhaps one that is never closed.
    package mutating func code() -> String {
        let indent = pick(["", "", "- ", "> "])
        var lines = ["```" + pick(["python", "swift", "", "text", "unknown", "{.c}"])]
        for _ in 0..<Int.random(in: 0...30, using: &random) {
            lines.append(
                (0..<Int.random(in: 0...8, using: &random)).reduce(into: "") { line, _ in
                    line += pick(Self.words) + pick([" ", "", "    ", "\t"])
                }
            )
        }
        if Bool.random(using: &random) { lines.append("```") }
        let rest = indent == "- " ? "  " : indent
        return "\n" + indent + lines.joined(separator: "\n" + rest) + "\n\n"
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
