// Nothing that a text holds commands the terminal, behind the filter of the source too.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting
import Testing

@testable import AmaruMarkdown

@Suite(.timeLimit(.minutes(10))) struct MarkdownEscapeTests {
    /// What an entity, an address or a broken filter may let through.
    static let texts = [
        "&#27;]0;title&#7; text", "&#x1b;[2J text", "&#155;2J text", "&#x9d;52;c;QQ==&#x9c;",
        "[text](<https://a.b/&#27;\\&#27;[2J>)", "[text](https://a.b/&#7;x)",
        "![image&#27;[31m](https://a.b/&#x9b;31m \"&#27;c\")", "<https://a.b/&#27;[2J>",
        "[label]: https://a.b/&#27;]8;;&#7; '&#27;[1m'\n\n[label]", "```&#27;[2J\ncode\n```",
        "`code \u{1B}[2J`", "```\n\u{1B}]0;x\u{7}\u{9B}2J\u{7F}\n```", "<b \u{1B}[2J>raw</b>",
        "| a&#27;[2J |\n|---|\n| \u{1B}c |", "- item \u{1B}[2J\n- \u{8}\u{8}\u{8}",
        "# \u{90}q\u{9C}",
        "[a](javascript:alert(1))", "[a](data:text/html;x)", "a&#13;b\u{C}c",
    ]

    @Test(arguments: texts)
    func `Cut at every byte, no sequence but our own is written`(_ text: String) {
        let bytes = Array(text.utf8)
        for cut in 1...bytes.count {
            var view = MarkdownView(measure: measure, colors: .all)
            var screen = TerminalScreen(columns: 40, rows: 10, width: cells)
            for piece in [bytes[..<cut], bytes[cut...]] {
                view.append(String(decoding: piece, as: UTF8.self))
                screen.feed(view.frame(columns: 40, rows: 10).text)
            }
            view.finish()
            screen.feed(view.frame(columns: 40, rows: 10).text)
            #expect(screen.offences == [], "\(cut)")
            let isHarmless = { (link: String) in
                link.utf8.allSatisfy { (0x21...0x7E).contains($0) } && link.hasPrefix("https://")
            }
            #expect(screen.links.allSatisfy(isHarmless), "\(screen.links)")
        }
    }

    @Test func `What turns the direction of writing is left out of links and fences`() {
        let turned = "[bank\u{202E}moc](https://a.b/\u{202E}x)\n```py\u{2066}\n1\n```\n"
        let text = lines(of: parts(of: [turned]), columns: 80).map(\.text).joined(separator: "\n")
        #expect(text == "bankmoc (https://a.b/x)\n\n```py\n1\n```")
    }
}
