// Blocks of Markdown as HTML that is safe to show.
// SPDX-License-Identifier: Apache-2.0

/// Turns blocks into HTML, each into one element.
///
/// Whatever the text holds, the elements are those written here: raw HTML is shown as text, images
/// are links, and links lead to `http`, `https` and `mailto` only. Nothing is loaded.
package enum HTMLRenderer {
    /// The bytes of a block's HTML beyond which its text is shown as it is.
    private static let bound = 256 * 1024

    /// The HTML of a whole text, by its topmost blocks.
    package static func blocks(_ markdown: String) -> [String] {
        var reader = MarkdownReader()
        var sequence = BlockSequence()
        for part in reader.append(markdown) + reader.endText() { sequence.take(part) }
        return sequence.resolved(markdown, reader.definitions).blocks.map(\.html)
    }

    // MARK: Blocks

    static func html(_ block: MarkdownBlock) -> String {
        let html = unbound(block)
        guard html.utf8.count > bound else { return html }
        return "<pre class=\"plain\">\(text(block).htmlEscaped)</pre>"
    }

    private static func unbound(_ block: MarkdownBlock) -> String {
        switch block {
        case .paragraph(let inlines):
            "<p>\(HTMLInlines(inlines).html)</p>"
        case .heading(let level, let inlines):
            heading(level, HTMLInlines(inlines).html)
        case .code(let info, let text):
            code(info, text)
        case .quote(let blocks):
            "<blockquote>\(blocks.map(unbound).joined())</blockquote>"
        case .list(let list):
            self.list(list, list.items.map(item))
        case .table(let table):
            self.table(table)
        case .html(let text):
            "<pre class=\"plain\">\(text.htmlEscaped)</pre>"
        case .thematicBreak:
            "<hr>"
        case .definition:
            ""
        }
    }

    /// The page's own titles are above those of an answer.
    private static func heading(_ level: Int, _ html: String) -> String {
        let level = min(6, level + 2)
        return "<h\(level)>\(html)</h\(level)>"
    }

    /// Code, with its language as a caption and as a class.
    static func code(_ info: String, _ text: String) -> String {
        let word = info.prefix { !$0.isWhitespace }.prefix(32)
        let isName = word.utf8.allSatisfy {
            $0 < 0x80
                && (Character(Unicode.Scalar($0)).isLetter || "0123456789+-#._".utf8.contains($0))
        }
        let language = isName ? String(word) : ""
        let name = language.isEmpty ? "" : " class=\"language-\(language)\""
        return "<figure class=\"code\"><figcaption>\(language)</figcaption>"
            + "<pre tabindex=\"0\"><code\(name)>\(text.htmlEscaped)</code></pre></figure>"
    }

    // MARK: Lists

    /// A list of items that are HTML already.
    static func list(_ list: MarkdownList, _ items: [String], goesOn: Bool = false) -> String {
        var names: [String] = []
        if list.isTight { names.append("tight") }
        if goesOn { names.append("goes-on") }
        let start = list.start.map { $0 == 1 ? "" : " start=\"\($0)\"" } ?? ""
        let name = names.isEmpty ? "" : " class=\"\(names.joined(separator: " "))\""
        let element = list.start == nil ? "ul" : "ol"
        return "<\(element)\(start)\(name)>\(items.joined())</\(element)>"
    }

    static func item(_ item: MarkdownItem) -> String {
        let inner = item.blocks.map(unbound).joined()
        guard let isDone = item.isDone else { return "<li>\(inner)</li>" }
        let box = isDone ? "aria-label=\"done\">☑" : "aria-label=\"to do\">☐"
        return "<li class=\"task\"><span class=\"box\" role=\"img\" \(box)</span>\(inner)</li>"
    }

    // MARK: Tables

    private static func table(_ table: MarkdownTable) -> String {
        let head = row(table.header, table, "th")
        let rows = table.rows.map { row($0, table, "td") }.joined()
        let body = rows.isEmpty ? "" : "<tbody>\(rows)</tbody>"
        return "<div class=\"table\" tabindex=\"0\">"
            + "<table><thead>\(head)</thead>\(body)</table></div>"
    }

    private static func row(
        _ cells: [[MarkdownInline]],
        _ table: MarkdownTable,
        _ element: String
    ) -> String {
        let cells = cells.enumerated().map { column, cell in
            let side: String =
                switch column < table.alignments.count ? table.alignments[column] : .none {
                case .none: ""
                case .left: " class=\"left\""
                case .center: " class=\"center\""
                case .right: " class=\"right\""
                }
            return "<\(element)\(side)>\(HTMLInlines(cell).html)</\(element)>"
        }
        return "<tr>\(cells.joined())</tr>"
    }

    // MARK: Text

    /// The text of a block, without its structure.
    private static func text(_ block: MarkdownBlock) -> String {
        switch block {
        case .paragraph(let inlines), .heading(_, let inlines):
            MarkdownInline.text(inlines)
        case .code(_, let text), .html(let text):
            text
        case .quote(let blocks):
            blocks.map(text).joined(separator: "\n")
        case .list(let list):
            list.items.flatMap(\.blocks).map(text).joined(separator: "\n")
        case .table(let table):
            ([table.header] + table.rows).map { row in
                row.map(MarkdownInline.text).joined(separator: "\t")
            }.joined(separator: "\n")
        case .thematicBreak, .definition:
            ""
        }
    }
}
