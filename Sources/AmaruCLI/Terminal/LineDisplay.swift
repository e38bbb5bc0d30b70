// Draws a line being edited, over as many rows as it takes.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat

/// The size of a terminal in cells.
struct TerminalSize: Equatable, Sendable {
    var columns: Int
    var rows: Int
}

/// Turns a prompt and a text into what a terminal must be told, knowing what it shows now.
///
/// Rows are cut here and not by the terminal, so their number is known on every terminal. The
/// cursor's place is never asked for.
struct LineDisplay: Sendable {
    /// The row, from the first one drawn, where the cursor stands.
    private var cursorRow = 0
    private var isDrawn = false

    /// Draws the text again, in the place of the former drawing.
    mutating func draw(
        prompt: String,
        text: [Character],
        cursor: Int,
        size: TerminalSize
    ) -> String {
        let layout = LineLayout(prompt: prompt, text: text, cursor: cursor, columns: size.columns)
        // Only as many rows as the screen has can be drawn over again.
        let height = max(1, size.rows - 1)
        let first = max(0, min(layout.cursorRow - height / 2, layout.rows.count - height))
        let shown = layout.rows[first..<min(layout.rows.count, first + height)]
        var output = toStart()
        // The terminal itself puts the carriage return before each newline, as for all output.
        output += shown.joined(separator: "\n")
        let below = shown.count - 1 - (layout.cursorRow - first)
        if below > 0 { output += "\u{1B}[\(below)A" }
        output += "\r"
        if layout.cursorColumn > 0 { output += "\u{1B}[\(layout.cursorColumn)C" }
        cursorRow = layout.cursorRow - first
        isDrawn = true
        return output
    }

    /// Removes the drawing and leaves the cursor where it began.
    mutating func erase() -> String {
        defer { self = LineDisplay() }
        return toStart()
    }

    /// Leaves the text on the screen for good, with the cursor on a new row.
    ///
    /// The terminal wraps it now, so that it can wrap it again when its size changes.
    mutating func commit(prompt: String, text: [Character]) -> String {
        erase() + prompt + String(text).replacing("\t", with: LineLayout.tab) + "\n"
    }

    private func toStart() -> String {
        guard isDrawn else { return "" }
        return "\r" + (cursorRow > 0 ? "\u{1B}[\(cursorRow)A" : "") + "\u{1B}[J"
    }
}

/// A prompt and a text cut into rows of a terminal.
struct LineLayout: Equatable {
    /// What a tab is shown as: the terminal's own stops depend on the column.
    static let tab = "    "

    private(set) var rows: [String]
    private(set) var cursorRow = 0
    private(set) var cursorColumn = 0

    /// Cuts the text; the prompt may hold colours and must fit in a row.
    init(prompt: String, text: [Character], cursor: Int, columns: Int) {
        let columns = max(2, columns)
        rows = [prompt]
        var width = CellWidth.of(EscapeFilter.clean(prompt))
        var row = ""
        for index in 0...text.count {
            let character = index < text.count ? text[index] : nil
            let isTab = character == "\t"
            let cells = isTab ? Self.tab.count : character.map { CellWidth.of($0) } ?? 0
            // The cursor needs a cell of its own, and so does what stands under it.
            let needed = index == cursor ? max(1, cells) : cells
            if width + needed > columns {
                rows[rows.count - 1] += row
                rows.append("")
                row = ""
                width = 0
            }
            if index == cursor {
                cursorRow = rows.count - 1
                cursorColumn = width
            }
            if character == "\n" {
                rows[rows.count - 1] += row
                rows.append("")
                row = ""
                width = 0
            } else if let character {
                row += isTab ? Self.tab : String(character)
                width += cells
            }
        }
        rows[rows.count - 1] += row
    }
}
