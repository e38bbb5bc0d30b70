// The text of a block as HTML.
// SPDX-License-Identifier: Apache-2.0

/// Styles, links and line breaks of a block's text.
struct HTMLInlines {
    private(set) var html = ""
    private var isInLink = false

    init(_ inlines: [MarkdownInline]) { append(inlines) }

    private mutating func append(_ inlines: [MarkdownInline]) {
        for inline in inlines { append(inline) }
    }

    private mutating func append(_ inline: MarkdownInline) {
        switch inline {
        case .text(let text): html += text.htmlEscaped
        case .code(let text): html += "<code>\(text.htmlEscaped)</code>"
        case .emphasis(let inner): append("em", inner)
        case .strong(let inner): append("strong", inner)
        case .struck(let inner): append("del", inner)
        case .link(let address, let inner): link(to: address, inner)
        // Not loaded: an address may carry away what it is made of.
        case .image(let address, let inner):
            link(to: address, inner.isEmpty ? [.text("image")] : inner)
        // The only way to break a line in the cell of a table.
        case .html(let tag): html += Self.isBreak(tag) ? "<br>" : tag.htmlEscaped
        case .softBreak, .lineBreak: html += "<br>"
        }
    }

    private mutating func append(_ element: String, _ inner: [MarkdownInline]) {
        html += "<\(element)>"
        append(inner)
        html += "</\(element)>"
    }

    private mutating func link(to address: String, _ inner: [MarkdownInline]) {
        guard !isInLink, let target = LinkTarget(address) else { return append(inner) }
        let text = MarkdownInline.text(inner)
        html += "<a href=\"\(target.address.htmlEscaped)\""
        html += " rel=\"noopener noreferrer nofollow\" target=\"_blank\">"
        isInLink = true
        append(text.allSatisfy(\.isWhitespace) ? [.text(target.address)] : inner)
        isInLink = false
        html += "</a>"
        guard !target.isNamed(by: text) else { return }
        html += " <span class=\"host\">(\(target.host.htmlEscaped))</span>"
    }

    private static func isBreak(_ tag: String) -> Bool {
        ["<br>", "<br/>", "<br />"].contains(tag.lowercased())
    }
}

extension MarkdownInline {
    /// The text of inlines, without their styles.
    static func text(_ inlines: [MarkdownInline]) -> String {
        inlines.map { inline in
            switch inline {
            case .text(let text), .code(let text), .html(let text): text
            case .emphasis(let inner), .strong(let inner), .struck(let inner),
                .link(_, let inner), .image(_, let inner):
                text(inner)
            case .softBreak, .lineBreak: "\n"
            }
        }.joined()
    }
}
