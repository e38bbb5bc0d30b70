// Random texts in Markdown, and what a reader makes of their pieces.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting

@testable import AmaruMarkdown

/// Texts made of what Markdown has rules for.
struct RandomMarkdown {
    var random: SeededGenerator

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

    mutating func text(lines count: Int) -> String {
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
    mutating func code() -> String {
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
    mutating func cut(_ text: String) -> [String] {
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

/// A measure that is enough for what these texts hold.
let measure = CellMeasure { character in
    let first = character.unicodeScalars.first?.value ?? 0
    if character.unicodeScalars.contains("\u{FE0F}") { return 2 }
    if (0x300...0x36F).contains(first) || first == 0x200D { return 0 }
    return (0x1100...0x115F).contains(first) || (0x2E80...0xFFFF).contains(first)
        || first >= 0x1F300 ? 2 : 1
}

let cells: @Sendable (Character) -> Int = { measure.of(String($0)) }

/// What a reader gives out for a text in pieces.
func parts(of pieces: [String]) -> [MarkdownReader.Part] {
    var reader = MarkdownReader()
    return pieces.flatMap { reader.append($0) } + reader.finish()
}

/// Blocks, with the parts of each joined, and without what only a whole block knows.
func joined(_ parts: [MarkdownReader.Part]) -> [MarkdownBlock] {
    var blocks: [MarkdownBlock] = []
    for part in parts {
        switch (part.continues, blocks.last, part.block) {
        case (true, .code(let info, let text), .code(_, let more)):
            blocks[blocks.count - 1] = .code(info: info, text: text + more)
        case (true, .list(var list), .list(let more)):
            list.items += more.items
            blocks[blocks.count - 1] = .list(list)
        default:
            blocks.append(part.block)
        }
    }
    return blocks.map(withoutSpacing)
}

/// A block whose topmost list says nothing of its spacing, which its end decides.
func withoutSpacing(_ block: MarkdownBlock) -> MarkdownBlock {
    guard case .list(var list) = block else { return block }
    list.isTight = true
    return .list(list)
}

/// All lines of a text.
func lines(of parts: [MarkdownReader.Part], columns: Int) -> [StyledLine] {
    let renderer = MarkdownRenderer(columns: columns, measure: measure)
    var former: MarkdownReader.Part?
    return parts.flatMap { part in
        defer { former = part }
        return renderer.lines(of: part, after: former)
    }
}
