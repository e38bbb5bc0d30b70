// Formulas, which stay as they are written.
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AmaruMarkdown

@Suite(.timeLimit(.minutes(10))) struct MathTextTests {
    private func text(_ source: String) -> String {
        lines(of: parts(of: [source]), columns: 80).map(\.text).joined(separator: "\n")
    }

    @Test(arguments: [
        #"So \(a_1 * b_1 * c\) and \(\{x\}\) hold."#,
        #"In line $\frac{a_1*b*}{2}$ and $$x_1 \\ y_1$$, and \[ \alpha_1 \, *b* \]."#,
        "\\[\n\\begin{aligned}\na &= b \\\\\n- c_1 &= *d* \\\\\n+ e\n\\end{aligned}\n\\]",
        "$$\n1. x_1\n# y\n===\n> z | w\n$$",
        #"\[1\]"#, #"\[ x \]"#,
        #"\(|x|\) is `\(a\)` and `$$` is"#.replacing("`", with: ""),
    ])
    func `A formula keeps its backslashes and is no Markdown`(_ source: String) {
        #expect(text(source) == source)
    }

    @Test(arguments: [
        (#"a \[1\] and \*b\*"#, "a [1] and *b*"),
        (#"`\(` and *c* `\)`"#, #"\( and c \)"#),
        (#"`\(a_1\)` $5 *or* $6"#, #"\(a_1\) $5 or $6"#),
        (#"\\(a\\)"#, #"\(a\)"#),
        ("- $$\n  a_1\n  $$\n- b", "• $$\n  a_1\n  $$\n• b"),
        ("> $$\n> - a_1\n> $$\n> - b", "│ $$\n│ - a_1\n│ $$\n│ \n│ • b"),
        ("$$\n- a\n\n- b", "$$\n\n• a\n\n• b"),
        ("- $$\n- a", "• $$\n• a"), ("~~~\n$$\n- *a*\n~~~\n*b*", "```\n$$\n- *a*\n```\n\nb"),
        ("[x](https://a.b/\\(a_1\\))", "x (https://a.b/\\(a_1\\))"),
    ])
    func `What is around it, and what only looks like it, is Markdown`(
        _ source: String,
        _ shown: String
    ) {
        #expect(text(source) == shown)
    }

    @Test func `Code and tables have it too`() {
        let fence = "```tex\n\\(a_1\\) $$x$$\n\\[\n- b\n\\]\n```"
        #expect(text(fence) == fence)
        #expect(text("    \\[ a_1 \\]\n").contains(#"\[ a_1 \]"#))
        let table = "| f |\n|---|\n| \\(|x_1|\\) |\n| $$a_1$$ |"
        #expect(text(table) == "f\n─────────\n\\(|x_1|\\)\n$$a_1$$")
        #expect(text("| $$ | a |\n|---|---|\n| $$ | *b* |").contains("$$ │ b"))
    }

    @Test func `The characters that stand for marks stand for nothing in a text`() {
        #expect(text("\u{10FF2A}a\u{10FF2A} \\(a\\)") == "\u{FFFD}a\u{FFFD} \\(a\\)")
    }

    @Test func `Any number of openings takes no longer than their text`() {
        for piece in ["\\(", "$$a\n", "\\[\n", "$\\a ", "`\\("] {
            let text = String(repeating: piece, count: 2000)
            #expect(MathText.restored(MathText.protected(text)) == text)
        }
    }
}
