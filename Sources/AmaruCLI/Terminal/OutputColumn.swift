// Where on its row the output ends, so that a line below it can be taken away again.
// SPDX-License-Identifier: Apache-2.0

/// The column at which the next character of the output will stand.
///
/// It follows what is written: text, tabs, and the sequences that move a cursor within its row.
/// Those that move between rows are the writer's own affair, who ends where the output ends.
struct OutputColumn: Sendable {
    private enum State { case text, escape, control, string, stringEscape }

    /// The column from 0; the screen's width if the row is full.
    private(set) var column = 0
    /// The screen's width when it was found.
    private var columns: Int
    /// Whether the row was begun on a screen of another width: terminals differ in whether they
    /// wrap it again, and so in where it ends.
    private var isMoved = false
    private var state = State.text
    private var parameter = 0
    /// The last letter, which the next piece may go on.
    private var last: (character: Character, cells: Int)?

    init(column: Int = 0, columns: Int = 0) {
        self.column = column
        self.columns = columns
    }

    /// Whether more can be written on the row, on a screen of so many columns: there is room, and
    /// the column is known.
    func canGoOn(columns: Int) -> Bool {
        column == 0 || !isMoved && columns == self.columns && column < columns
    }

    /// Whether a piece of output begins with a letter, which the terminal puts on the next row if
    /// its row is full; nil if it holds sequences only.
    static func startsWithLetter(_ text: String) -> Bool? {
        var probe = Self()
        for character in text {
            guard probe.state == .text, character != "\u{1B}" else {
                probe.follow(character, 80)
                continue
            }
            return CellWidth.of(character) > 0
        }
        return nil
    }

    /// Follows a piece of output on a screen of so many columns.
    mutating func follow(_ text: String, columns: Int) {
        let columns = max(2, columns)
        if column > 0, columns != self.columns { isMoved = true }
        self.columns = columns
        for character in text {
            follow(character, columns)
            if column == 0 { isMoved = false }
        }
    }

    private mutating func follow(_ character: Character, _ columns: Int) {
        guard state == .text else { return followSequence(character) }
        switch character {
        case "\n", "\r", "\r\n": column = 0
        case "\t": column = min(columns - 1, (column / 8 + 1) * 8)
        case "\u{1B}": state = .escape
        case "\u{8}": column = max(0, min(column, columns - 1) - 1)
        default: add(character, columns)
        }
    }

    private mutating func add(_ character: Character, _ columns: Int) {
        defer { last = (character, CellWidth.of(character)) }
        if let last, Character.joins(last.character, character) {
            // The rest of a cluster that was cut: its width is that of the whole.
            column += max(0, CellWidth.of(Character("\(last.character)\(character)")) - last.cells)
            return
        }
        let cells = CellWidth.of(character)
        column = column + cells > columns ? cells : column + cells
    }

    private mutating func followSequence(_ character: Character) {
        switch (state, character) {
        case (.escape, "["): (state, parameter) = (.control, 0)
        case (.escape, "]"), (.escape, "P"), (.escape, "_"), (.escape, "^"): state = .string
        case (.escape, _): state = .text
        case (.control, "0"..."9"):
            parameter = min(parameter * 10 + (character.wholeNumberValue ?? 0), 1 << 16)
        case (.control, " "..."?"): parameter = 0
        case (.control, _):
            state = .text
            move(by: character)
        case (.string, "\u{7}"), (.stringEscape, _): state = .text
        case (.string, "\u{1B}"): state = .stringEscape
        default: break
        }
        last = nil
    }

    private mutating func move(by letter: Character) {
        switch letter {
        case "C": column += max(1, parameter)
        case "D": column = max(0, column - max(1, parameter))
        case "G": column = max(1, parameter) - 1
        case "E", "F": column = 0
        case "H", "f": column = 0
        default: break
        }
    }
}

extension Character {
    /// Whether two pieces of text are one cluster when they stand side by side.
    fileprivate static func joins(_ first: Character, _ second: Character) -> Bool {
        guard let scalar = second.unicodeScalars.first, scalar.value >= 0x300 else { return false }
        return "\(first)\(second)".count == 1
    }
}
