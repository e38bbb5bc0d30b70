// What a terminal shows of what was written on it.
// SPDX-License-Identifier: Apache-2.0

@testable import AmaruCLI

/// The rows of a terminal that never loses one: text, the cursor's moves and clearing, as far as
/// the program uses them.
struct ScreenImage {
    private let columns: Int
    private var rows: [[Character]] = [[]]
    private var row = 0
    /// As wide as the screen when the next letter goes to the next row.
    private var column = 0

    /// The second cell of a wide letter.
    private static let rest: Character = "\u{0}"

    init(columns: Int, _ output: String = "") {
        self.columns = columns
        feed(output)
    }

    /// The rows, without blanks at their ends and without empty rows at the end.
    var text: String {
        var lines = rows.map { row in
            var line = row.filter { $0 != Self.rest }
            while line.last == " " { line.removeLast() }
            return String(line)
        }
        while lines.last == "" { lines.removeLast() }
        return lines.joined(separator: "\n")
    }

    /// The row and the column of the cursor.
    var cursor: [Int] { [row, min(column, columns - 1)] }

    mutating func feed(_ output: String) {
        // A cluster may have been written in parts; the terminal joins them.
        var rest = output[...]
        while let character = rest.popFirst() {
            switch character {
            case "\r": column = 0
            case "\n", "\r\n": (row, column) = (row + 1, 0)
            case "\u{1B}": sequence(&rest)
            case "\t": column = min(columns - 1, (column / 8 + 1) * 8)
            case "\u{18}": break
            default: put(character)
            }
        }
    }

    private mutating func put(_ character: Character) {
        let cells = CellWidth.of(character)
        if column > 0, !rows.isEmpty, cells == 0 { return }
        if column + cells > columns { (row, column) = (row + 1, 0) }
        fill()
        for offset in 0..<cells {
            set(offset == 0 ? character : Self.rest, at: column + offset)
        }
        column += cells
    }

    private mutating func set(_ character: Character, at column: Int) {
        while rows[row].count <= column { rows[row].append(" ") }
        rows[row][column] = character
    }

    private mutating func fill() {
        while rows.count <= row { rows.append([]) }
    }

    private mutating func sequence(_ rest: inout Substring) {
        guard rest.popFirst() == "[" else { return }
        let parameters = rest.prefix { "0123456789;?".contains($0) }
        rest = rest.dropFirst(parameters.count)
        let count = Int(parameters) ?? 1
        fill()
        switch rest.popFirst() {
        case "A": (row, column) = (max(0, row - count), min(column, columns - 1))
        case "C": column = min(columns - 1, column + count)
        case "J":
            rows.removeSubrange((row + 1)...)
            rows[row] = Array(rows[row].prefix(column))
        case "K": rows[row] = Array(rows[row].prefix(column))
        default: break
        }
    }
}
