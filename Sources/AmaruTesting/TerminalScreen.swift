// What a terminal shows of what is written on it.
// SPDX-License-Identifier: Apache-2.0

/// A model of a terminal: rows that wrap, a cursor, and what has scrolled off.
///
/// It knows what this program uses: newlines, carriage returns, moves of the cursor, erasing to the
/// end of the screen or of a row, styles, and wrapping text again when its width changes. The
/// addresses of links are kept apart. Anything else is an `offence`.
///
/// ```swift
/// var screen = TerminalScreen(columns: 40, rows: 24) { _ in 1 }
/// screen.feed(terminal.output)
/// #expect(screen.text == "> hello")
/// ```
package struct TerminalScreen: Sendable {
    private struct Cell {
        var text: String
        /// The numbers of the style, as in "1;34".
        var style = ""
    }

    private struct Row {
        var cells: [Cell] = []
        /// Whether the text goes on in the next row.
        var isWrapped = false
    }

    /// The sequences that the model does not know.
    package private(set) var offences: [String] = []
    /// The addresses of links, in their order.
    package private(set) var links: [String] = []

    private var columns: Int
    private var rows: Int
    private var lines = [Row()]
    private var row = 0
    private var column = 0
    private var style = ""
    private let width: @Sendable (Character) -> Int

    /// - `width`: The cells that a cluster takes.
    package init(columns: Int, rows: Int, width: @escaping @Sendable (Character) -> Int) {
        self.columns = columns
        self.rows = rows
        self.width = width
    }

    /// All rows, those that have scrolled off too, without spaces at their ends.
    package var text: String {
        var texts = lines.map { row in
            var text = row.cells.map(\.text).joined()
            while text.last == " " { text.removeLast() }
            return text
        }
        while texts.last == "" { texts.removeLast() }
        return texts.joined(separator: "\n")
    }

    /// The text with the numbers of its styles, as in `‹1;34:bold and blue› plain`.
    package var styled: String {
        lines.map { row in
            var (text, style) = ("", "")
            for cell in row.cells {
                if cell.style != style {
                    text +=
                        (style.isEmpty ? "" : "›") + (cell.style.isEmpty ? "" : "‹\(cell.style):")
                    style = cell.style
                }
                text += cell.text
            }
            return text + (style.isEmpty ? "" : "›")
        }.joined(separator: "\n")
    }

    /// The text as it would be copied: rows that were wrapped are one line.
    package var copied: String {
        var text = ""
        for row in lines { text += row.cells.map(\.text).joined() + (row.isWrapped ? "" : "\n") }
        return text
    }

    /// The first row that is on the screen.
    private var top: Int { max(0, lines.count - rows) }

    /// Takes what is written.
    package mutating func feed(_ text: String) {
        var rest = Substring(text)
        while let character = rest.first {
            if character == "\u{1B}" {
                takeSequence(&rest)
                continue
            }
            rest.removeFirst()
            switch character {
            case "\n": newline()
            case "\r\n":
                column = 0
                newline()
            case "\r": column = 0
            case "\t": write(" ")
            default:
                if let scalar = character.unicodeScalars.first,
                    scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
                {
                    offences.append(String(character))
                } else {
                    write(character)
                }
            }
        }
    }

    private mutating func newline() {
        row += 1
        // As a terminal driver does, which puts the carriage return.
        column = 0
        while lines.count <= row { lines.append(Row()) }
    }

    private mutating func write(_ character: Character) {
        let cells = width(character)
        guard cells > 0 else { return join(character) }
        if column + cells > columns {
            lines[row].isWrapped = true
            newline()
        }
        while lines[row].cells.count < column { lines[row].cells.append(Cell(text: " ")) }
        let letter = Cell(text: String(character), style: style)
        let new = [letter] + Array(repeating: Cell(text: "", style: style), count: cells - 1)
        for (offset, cell) in new.enumerated() {
            if column + offset < lines[row].cells.count {
                lines[row].cells[column + offset] = cell
            } else {
                lines[row].cells.append(cell)
            }
        }
        column += cells
        if column < columns { lines[row].isWrapped = false }
    }

    private mutating func join(_ character: Character) {
        guard column > 0, column <= lines[row].cells.count else { return }
        lines[row].cells[column - 1].text += String(character)
    }

    // MARK: Sequences

    private mutating func takeSequence(_ rest: inout Substring) {
        rest.removeFirst()
        switch rest.popFirst() {
        case "[":
            let end = rest.firstIndex { ("@"..."~").contains($0) }
            guard let end else { return offend(&rest) }
            let parameters = String(rest[..<end])
            let final = rest[end]
            rest = rest[rest.index(after: end)...]
            control(parameters, final)
        case "]":
            guard let end = rest.firstRange(of: "\u{1B}\\") else { return offend(&rest) }
            let command = rest[..<end.lowerBound]
            rest = rest[end.upperBound...]
            guard command.hasPrefix("8;;") else { return offences.append(String(command)) }
            if command.count > 3 { links.append(String(command.dropFirst(3))) }
        default:
            offend(&rest)
        }
    }

    private mutating func offend(_ rest: inout Substring) {
        offences.append(String(rest.prefix(10)))
    }

    private mutating func control(_ parameters: String, _ final: Character) {
        let count = Int(parameters) ?? 1
        switch final {
        case "A": row = max(top, row - count)
        case "C": column = min(columns - 1, min(column, columns - 1) + count)
        case "J" where parameters.isEmpty:
            lines.removeSubrange((row + 1)...)
            lines[row].cells.removeSubrange(min(column, lines[row].cells.count)...)
            lines[row].isWrapped = false
        case "K" where parameters.isEmpty:
            lines[row].cells.removeSubrange(min(column, lines[row].cells.count)...)
            lines[row].isWrapped = false
        case "m": style = parameters == "0" ? "" : parameters
        case "h", "l":
            if !["?2004", "?2026"].contains(parameters) { offences.append(parameters) }
        default: offences.append(parameters + String(final))
        }
    }

    // MARK: Size

    /// Changes the window's size; wrapped text is wrapped again.
    package mutating func resize(columns: Int, rows: Int) {
        var (new, newRow) = ([Row](), 0)
        var line: [Cell] = []
        for (index, old) in lines.enumerated() {
            if index == row { newRow = new.count + (line.count + column) / columns }
            line += old.cells
            if old.isWrapped { continue }
            new += Self.wrapped(line, columns)
            line = []
        }
        if !line.isEmpty { new += Self.wrapped(line, columns) }
        lines = new
        self.columns = columns
        self.rows = rows
        row = min(newRow, lines.count - 1)
        column = min(column, columns)
    }

    private static func wrapped(_ cells: [Cell], _ columns: Int) -> [Row] {
        var rows = [Row()]
        for (index, cell) in cells.enumerated() {
            let isFirst = !cell.text.isEmpty
            let isWide = index + 1 < cells.count && cells[index + 1].text.isEmpty && isFirst
            if rows[rows.count - 1].cells.count + (isWide ? 2 : 1) > columns, isFirst {
                rows[rows.count - 1].isWrapped = true
                rows.append(Row())
            }
            rows[rows.count - 1].cells.append(cell)
        }
        return rows
    }
}
