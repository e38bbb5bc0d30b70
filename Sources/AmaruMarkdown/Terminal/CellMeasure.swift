// How lines lie in the cells of a terminal.
// SPDX-License-Identifier: Apache-2.0

/// Measures text by the caller's idea of the width of a grapheme cluster.
package struct CellMeasure: Sendable {
    private let width: @Sendable (Character) -> Int

    /// - `width`: The cells that a cluster takes: 0, 1 or 2.
    package init(_ width: @escaping @Sendable (Character) -> Int) { self.width = width }

    /// The cells of one cluster.
    func of(_ character: Character) -> Int {
        character.isASCII ? 1 : width(character)
    }

    /// The cells of a text.
    func of(_ text: String) -> Int {
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return text.utf8.count }
        return text.reduce(0) { $0 + of($1) }
    }

    /// The cells of a line.
    func of(_ line: StyledLine) -> Int { line.spans.reduce(0) { $0 + of($1.text) } }

    /// Where a terminal of so many columns has its cursor behind a text, from a place before it.
    ///
    /// A row that is full leaves the cursor behind its last cell until more comes.
    func advance(_ place: CellPlace, over text: some StringProtocol, columns: Int) -> CellPlace {
        if text.utf8.allSatisfy({ $0 < 0x80 }) {
            let cells = place.column + text.utf8.count
            guard cells > columns else { return CellPlace(row: place.row, column: cells) }
            let rows = (cells - 1) / columns
            return CellPlace(row: place.row + rows, column: cells - rows * columns)
        }
        var place = place
        for character in text {
            let cells = of(character)
            if place.column + cells > columns, cells > 0 {
                place = CellPlace(row: place.row + 1, column: 0)
            }
            place.column += cells
        }
        return place
    }

    /// The rows that a line takes.
    func rows(of line: StyledLine, columns: Int) -> Int {
        end(of: line, columns: columns).row + 1
    }

    /// The place behind a line.
    func end(of line: StyledLine, columns: Int) -> CellPlace {
        line.spans.reduce(CellPlace()) { advance($0, over: $1.text, columns: columns) }
    }

    /// A line cut into lines of one row each.
    func rows(cutting line: StyledLine, columns: Int) -> [StyledLine] {
        var rows = [StyledLine()]
        var place = CellPlace()
        for span in line.spans {
            for character in span.text {
                let next = advance(place, over: String(character), columns: columns)
                if next.row > place.row { rows.append(StyledLine()) }
                rows[rows.count - 1].append(span.part(String(character)))
                place = next
            }
        }
        return rows
    }
}

/// A cell, counted from where a line begins.
struct CellPlace: Equatable {
    var row = 0
    var column = 0
}
