// The text of a block as lines with styles.
// SPDX-License-Identifier: Apache-2.0

/// Styles, links and line breaks of a block's text.
struct InlineRenderer {
    private var lines = [StyledLine()]

    /// The lines of a text, one for each of its source.
    static func lines(_ inlines: [MarkdownInline], _ style: TextStyle) -> [StyledLine] {
        var renderer = InlineRenderer()
        renderer.append(inlines, style, nil)
        return renderer.lines
    }

    private mutating func append(_ inlines: [MarkdownInline], _ style: TextStyle, _ link: String?) {
        for inline in inlines { append(inline, style, link) }
    }

    private mutating func append(_ inline: MarkdownInline, _ style: TextStyle, _ link: String?) {
        switch inline {
        case .text(let text), .html(let text):
            append(text, style, link)
        case .code(let text):
            append(text, style.union(.cyan), link)
        case .emphasis(let inlines):
            append(inlines, style.union(.italic), link)
        case .strong(let inlines):
            append(inlines, style.union(.bold), link)
        case .struck(let inlines):
            append(inlines, style.union(.struck), link)
        case .link(let address, let inlines), .image(let address, let inlines):
            append(inlines, style.union([.underlined, .blue]), link ?? address)
            show(address, behind: inlines, style)
        case .softBreak, .lineBreak:
            lines.append(StyledLine())
        }
    }

    /// Text may hold newlines: raw HTML does.
    private mutating func append(_ text: String, _ style: TextStyle, _ link: String?) {
        for (index, part) in text.split(separator: "\n", omittingEmptySubsequences: false)
            .enumerated()
        {
            if index > 0 { lines.append(StyledLine()) }
            lines[lines.count - 1].append(
                link == nil ? String(part) : MarkdownRenderer.withoutDirections(String(part)),
                style,
                link: link
            )
        }
    }

    /// Shows the address of a link whose text is not the address.
    private mutating func show(
        _ address: String,
        behind inlines: [MarkdownInline],
        _ style: TextStyle
    ) {
        let text = MarkdownInline.text(inlines)
        guard !address.isEmpty, text != address, "mailto:" + text != address,
            "http://" + text != address, "https://" + text != address
        else { return }
        let shown = MarkdownRenderer.withoutDirections(address)
        lines[lines.count - 1].append(
            text.isEmpty ? shown : " (\(shown))",
            style.union(.dim),
            link: address
        )
    }
}
