// Blocks of Markdown as lines of a terminal.
// SPDX-License-Identifier: Apache-2.0

/// Turns the parts that a `MarkdownReader` gives out into lines.
///
/// Paragraphs, headings and code are logical lines, one for each of the source: the terminal wraps
/// them, so that they are copied as they were written and wrapped again when its size changes. What
/// is indented, as in lists and quotes, is cut into rows at words. A newline of the source stays
/// one.
package struct MarkdownRenderer: Sendable {
    let columns: Int
    let measure: CellMeasure
    /// How code looks that has no colours of its own.
    var codeStyle = TextStyle.cyan
    /// The colours of code.
    var colors: [CodeText: [[CodeSpan]?]] = [:]

    package init(columns: Int, measure: CellMeasure) {
        self.columns = max(2, columns)
        self.measure = measure
    }

    /// The lines of a part, with the empty line that parts it from the one before.
    package func lines(
        of part: MarkdownReader.Part,
        after former: MarkdownReader.Part?
    ) -> [StyledLine] {
        let isApart =
            if former == nil {
                false
            } else if part.continues {
                part.followsEmptyLine && !part.isCode
            } else {
                !(part.isDefinition && former?.isDefinition == true)
            }
        return (isApart ? [StyledLine()] : []) + lines(of: part)
    }

    private func lines(of part: MarkdownReader.Part) -> [StyledLine] {
        switch part.block {
        case .code(let info, let text) where !info.isEmpty || part.continues || part.isOpen:
            let opening = part.continues ? [] : [Self.fence(info)]
            return opening + code(info, text) + (part.isOpen ? [] : [Self.fence("")])
        case .table(let table) where part.isOpen:
            let count = table.rows.count
            return [StyledLine("table, \(count) row\(count == 1 ? "" : "s") …", .dim)]
        default:
            return lines(of: part.block, width: columns, isTopmost: true)
        }
    }

    // MARK: Blocks

    /// The lines of a block in so many columns.
    func lines(of block: MarkdownBlock, width: Int, isTopmost: Bool) -> [StyledLine] {
        switch block {
        case .paragraph(let inlines):
            return wrapped(InlineRenderer.lines(inlines, []), width, isTopmost)
        case .heading(let level, let inlines):
            let style: TextStyle = level == 1 ? [.bold, .underlined, .magenta] : [.bold, .magenta]
            return wrapped(InlineRenderer.lines(inlines, style), width, isTopmost)
        case .code(let info, let text):
            return [Self.fence(info)] + code(info, text) + [Self.fence("")]
        case .quote(let blocks):
            let bar = StyledLine("│ ", .dim)
            return indented(self.blocks(blocks, width: width - 2, isApart: true), bar, bar)
        case .list(let list):
            return self.list(list, width)
        case .table(let table):
            return TableRenderer(table, measure: measure).lines(width: width)
        case .html(let text):
            return Self.lines(of: text).map { StyledLine($0, .cyan) }
        case .thematicBreak:
            return [StyledLine(String(repeating: "─", count: max(1, min(width, 40))), .dim)]
        case .definition(let definition):
            return [Self.line(of: definition)]
        }
    }

    private func blocks(_ blocks: [MarkdownBlock], width: Int, isApart: Bool) -> [StyledLine] {
        var lines: [StyledLine] = []
        for block in blocks {
            if isApart, !lines.isEmpty { lines.append(StyledLine()) }
            lines += self.lines(of: block, width: width, isTopmost: false)
        }
        return lines
    }

    private func list(_ list: MarkdownList, _ width: Int) -> [StyledLine] {
        var lines: [StyledLine] = []
        for (index, item) in list.items.enumerated() {
            if index > 0, !list.isTight { lines.append(StyledLine()) }
            var mark = list.start.map { "\($0 + index)\(list.delimiter) " } ?? "• "
            if let isDone = item.isDone { mark += isDone ? "[x] " : "[ ] " }
            let indent = measure.of(mark)
            let inner = blocks(item.blocks, width: width - indent, isApart: !list.isTight)
            let rest = StyledLine(String(repeating: " ", count: indent))
            lines += indented(inner.isEmpty ? [StyledLine()] : inner, StyledLine(mark), rest)
        }
        return lines
    }

    private func indented(
        _ lines: [StyledLine],
        _ first: StyledLine,
        _ rest: StyledLine
    ) -> [StyledLine] {
        lines.enumerated().map { index, line in
            let start = index == 0 ? first : rest
            // No spaces at the end of a row.
            if line.isEmpty, start.text.allSatisfy({ $0 == " " }) { return line }
            var indented = start
            indented.append(line)
            return indented
        }
    }

    private func wrapped(
        _ lines: [StyledLine],
        _ width: Int,
        _ isTopmost: Bool
    ) -> [StyledLine] {
        // Too little room for words: the terminal wraps them anywhere.
        guard !isTopmost, width >= 8 else { return lines }
        return lines.flatMap { LineWrapper.rows(of: $0, width: width, measure) }
    }

    // MARK: Lines

    private static func fence(_ info: String) -> StyledLine {
        StyledLine("```" + withoutDirections(info), .dim)
    }

    private func code(_ info: String, _ text: String) -> [StyledLine] {
        let colors = colors[CodeText(info: info, text: text)] ?? []
        return Self.lines(of: text).enumerated().map { number, line in
            let spans = number < colors.count ? colors[number] : nil
            return spans.map { StyledLine(line, $0) } ?? StyledLine(line, codeStyle)
        }
    }

    /// The lines of code, without their ends.
    static func lines(of text: String) -> [String] {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        if lines.last == "" { lines.removeLast() }
        return lines.map(String.init)
    }

    private static func line(of definition: MarkdownDefinition) -> StyledLine {
        let address = definition.address
        var line = StyledLine("[\(withoutDirections(definition.label))]: ", .dim)
        line.append(withoutDirections(address), [.underlined, .blue], link: address)
        if !definition.title.isEmpty { line.append(" \(definition.title)", .dim) }
        return line
    }

    /// A text without the marks that turn the direction of writing, where it must be read as it is.
    static func withoutDirections(_ text: String) -> String {
        var kept = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: break
            default: kept.append(scalar)
            }
        }
        return String(kept)
    }
}

extension MarkdownReader.Part {
    fileprivate var isDefinition: Bool {
        if case .definition = block { true } else { false }
    }

    fileprivate var isCode: Bool {
        if case .code = block { true } else { false }
    }
}
