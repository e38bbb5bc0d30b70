// A table fitted to the width of a terminal.
// SPDX-License-Identifier: Apache-2.0

/// Lays a table out in columns, or as a list of its rows where there is no room for them.
struct TableRenderer {
    private static let separator = " │ "
    /// The cells that the separator takes, and the fewest that a column is worth showing with.
    private static let (gap, narrowest) = (3, 4)
    /// The most cells of a name that is repeated for each row.
    private static let longestName = 40

    private let alignments: [MarkdownTable.Alignment]
    private let header: [StyledLine]
    private let rows: [[StyledLine]]
    private let measure: CellMeasure

    init(_ table: MarkdownTable, measure: CellMeasure) {
        alignments = table.alignments
        header = table.header.map { Self.cell($0, .bold) }
        rows = table.rows.map { row in row.map { Self.cell($0, []) } }
        self.measure = measure
    }

    private static func cell(_ inlines: [MarkdownInline], _ style: TextStyle) -> StyledLine {
        var cell = StyledLine()
        for (index, line) in InlineRenderer.lines(inlines, style).enumerated() {
            if index > 0 { cell.append(" ", style) }
            cell.append(line)
        }
        return cell
    }

    /// The table's lines in so many columns.
    func lines(width: Int) -> [StyledLine] {
        guard let widths = widths(in: width) else { return records() }
        let rule = widths.map { String(repeating: "─", count: $0) }.joined(separator: "─┼─")
        return self.lines(of: header, widths) + [StyledLine(rule, .dim)]
            + rows.flatMap { self.lines(of: $0, widths) }
    }

    /// The columns' widths; nil if they would be too narrow to read.
    private func widths(in width: Int) -> [Int]? {
        let natural = header.indices.map { column in
            ([header] + rows).map { column < $0.count ? measure.of($0[column]) : 0 }.max() ?? 0
        }
        let room = width - Self.gap * (natural.count - 1)
        var widths = natural.map { max(1, $0) }
        guard room >= widths.reduce(0, { $0 + min($1, Self.narrowest) }) else { return nil }
        while widths.reduce(0, +) > room {
            // What the widest ones have more than the next is taken from them alike.
            let widest = widths.max() ?? 0
            let wide = widths.indices.filter { widths[$0] == widest }
            let next = widths.filter { $0 < widest }.max() ?? Self.narrowest
            let excess = widths.reduce(0, +) - room
            let step = max(1, min(widest - next, excess / wide.count))
            for column in wide.prefix(max(1, excess)) { widths[column] -= step }
        }
        return widths
    }

    private func lines(of row: [StyledLine], _ widths: [Int]) -> [StyledLine] {
        let cells = widths.indices.map { column in
            column < row.count
                ? LineWrapper.rows(of: row[column], width: widths[column], measure)
                : [StyledLine()]
        }
        return (0..<(cells.map(\.count).max() ?? 0)).map { index in
            var line = StyledLine()
            for column in widths.indices {
                let cell = index < cells[column].count ? cells[column][index] : StyledLine()
                if column > 0 { line.append(Self.separator, .dim) }
                let room = max(0, widths[column] - measure.of(cell))
                let before = spacesBefore(column, room)
                line.append(String(repeating: " ", count: before))
                line.append(cell)
                line.append(String(repeating: " ", count: room - before))
            }
            line.removeTrailingSpaces()
            return line
        }
    }

    private func spacesBefore(_ column: Int, _ room: Int) -> Int {
        switch column < alignments.count ? alignments[column] : .none {
        case .none, .left: 0
        case .center: room / 2
        case .right: room
        }
    }

    /// Each row as lines of a name and a value, without the values that are empty.
    private func records() -> [StyledLine] {
        let names = header.map { name in
            guard measure.of(name) > Self.longestName else { return name }
            var start = measure.rows(cutting: name, columns: Self.longestName)[0]
            start.append("…", .bold)
            return start
        }
        let records = (rows.isEmpty ? [header] : rows).map { row in
            zip(names, row).filter { !$1.isEmpty }.map { name, value in
                var line = name
                line.append(": ")
                line.append(value)
                return line
            }
        }
        return Array(records.filter { !$0.isEmpty }.joined(separator: [StyledLine()]))
    }
}
