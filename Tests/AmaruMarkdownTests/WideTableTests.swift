// Tables whose cells are many more than their text has.
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AmaruMarkdown

@Suite(.timeLimit(.minutes(10))) struct WideTableTests {
    private func table(columns: Int, rows: Int, row: String = "|x|") -> String {
        String(repeating: "|a", count: columns) + "|\n"
            + String(repeating: "|-", count: columns) + "|\n"
            + String(repeating: row + "\n", count: rows)
    }

    private func text(of pieces: [String], columns: Int = 80) -> String {
        lines(of: parts(of: pieces), columns: columns).map(\.text).joined(separator: "\n")
    }

    @Test(arguments: [65, 400, 2500])
    func `A table of more columns than anybody reads is text`(_ columns: Int) {
        let source = table(columns: columns, rows: 3000)
        let shown = text(of: [source]).replacing("\n\n", with: "\n")
        #expect(shown + "\n" == source)
        let quoted = MarkdownDocument("> " + source.replacing("\n", with: "\n> ")).blocks
        #expect(!"\(quoted)".contains("MarkdownTable"))
    }

    @Test func `What a wide table writes is no longer than its text`() {
        var view = MarkdownView(measure: measure, colors: .all)
        var written = 0
        let source = Array(table(columns: 64, rows: 3000).utf8)
        for start in stride(from: 0, to: source.count, by: 2000) {
            view.append(String(decoding: source[start...].prefix(2000), as: UTF8.self))
            written += view.frame(columns: 80, rows: 24).text.utf8.count
        }
        view.finish()
        written += view.frame(columns: 80, rows: 24).text.utf8.count
        #expect(written < 4 * source.count)
    }

    @Test func `Rows have the cells that they were written with`() {
        let source = "| a | b | c |\n|---|---|---|\n| 1 |\n| | 2 | |\n| | | |\n"
        guard case .table(let table)? = MarkdownDocument(source).blocks.first else {
            Issue.record("no table")
            return
        }
        #expect(table.rows.map(\.count) == [1, 2, 0])
        #expect(table.header.count == 3 && table.alignments.count == 3)
    }

    @Test func `Rows as lines leave out what is empty, and cut long names`() {
        let name = String(repeating: "n", count: 50)
        let header = "| \(name) |" + (1...20).map { " c\($0) |" }.joined()
        let source =
            "\(header)\n" + String(repeating: "|---", count: 21) + "|\n| x | | y |\n||\n| z |\n"
        let start = String(repeating: "n", count: 40)
        #expect(text(of: [source], columns: 40) == "\(start)…: x\nc2: y\n\n\(start)…: z")
    }

    @Test func `A table before a wide one stays a table, however the text is cut`() {
        let source = "| a |\n|---|\n| 1 |\n---\n" + table(columns: 70, rows: 2)
        let whole = text(of: [source])
        #expect(whole == text(of: source.map { String($0) }))
        #expect(whole.hasPrefix("a\n─\n1\n\n─"))
    }

    @Test func `A wide row within code is code`() {
        let source = "```\n" + table(columns: 70, rows: 2) + "```\n\n| a |\n|---|\n| 1 |\n"
        #expect(text(of: [source]) == source.replacing("| a |\n|---|\n| 1 |\n", with: "a\n─\n1"))
    }

    @Test func `What is not wanted any more is not read`() {
        var reader = MarkdownReader()
        var asked = 0
        let parts = reader.append(String(repeating: "word\n\n", count: 10_000)) {
            asked += 1
            return asked < 3
        }
        #expect(parts.count < 400)
    }
}
