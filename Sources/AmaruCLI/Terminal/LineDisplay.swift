// Draws a line being edited, over as many rows as it takes.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat

/// The size of a terminal in cells.
struct TerminalSize: Equatable, Sendable {
    var columns: Int
    var rows: Int

    init(columns: Int, rows: Int) {
        self.columns = columns
        self.rows = rows
    }

    /// The size of a terminal; 80 by 24 if it has none.
    init(of descriptor: Int32) {
        var window = winsize()
        let isKnown =
            ioctl(descriptor, UInt(TIOCGWINSZ), &window) == 0
            && window.ws_col > 0 && window.ws_row > 0
        columns = isKnown ? Int(window.ws_col) : 80
        rows = isKnown ? Int(window.ws_row) : 24
    }
}

/// Turns a prompt and a text into what a terminal must be told, knowing what it shows now.
///
/// Rows are cut here and not by the terminal, so their number is known on every terminal. The
/// cursor's place is never asked for.
struct LineDisplay: Sendable {
    private struct Drawing {
        /// The rows as they were written.
        var text: String
        /// The widths of the rows up to the cursor's.
        var widths: [Int]
        /// The cursor's column.
        var column: Int
        /// Whether the cursor was left where the terminal has it after the text.
        var isAtEnd: Bool
        /// Whether it is one row.
        var isRow: Bool
        /// Whether it is all of the line, in one row.
        var isWhole: Bool
        var size: TerminalSize
    }

    private var drawn: Drawing?

    /// Whether anything is drawn.
    var isDrawn: Bool { drawn != nil }

    /// Draws the text again, in the place of the former drawing; what only adds to that is written
    /// after it.
    ///
    /// A screen reader says what is written: a letter, and not the line again.
    ///
    /// - `above`: Rows before the prompt, each shorter than the screen is wide.
    /// - `limit`: The most rows that the text may take; nil for all but one of the screen.
    mutating func draw(
        above: [String] = [],
        prompt: String,
        text: [Character],
        cursor: Int,
        limit: Int? = nil,
        size: TerminalSize
    ) -> String {
        // Only as many rows as the screen has can be drawn over again.
        let height = max(1, min(limit ?? .max, size.rows - 1 - above.count))
        let part = Self.part(of: text, around: cursor, rows: height, size.columns)
        let layout = LineLayout(
            prompt: part.lowerBound == 0 ? prompt : "",
            text: text[part],
            cursor: cursor,
            columns: size.columns
        )
        let first = max(0, min(layout.cursorRow - height / 2, layout.rows.count - height))
        let shown = above + layout.rows[first..<min(layout.rows.count, first + height)]
        // The terminal itself puts the carriage return before each newline, as for all output.
        let rows = shown.joined(separator: "\n")
        let isAtEnd = cursor == text.count
        var output = (isAtEnd ? addition(of: rows, size) : nil) ?? toStart(size) + rows
        let cursorRow = above.count + layout.cursorRow - first
        if !isAtEnd {
            let below = shown.count - 1 - cursorRow
            if below > 0 { output += "\u{1B}[\(below)A" }
            output += "\r"
            if layout.cursorColumn > 0 { output += "\u{1B}[\(layout.cursorColumn)C" }
        }
        drawn = Drawing(
            text: rows,
            widths: shown[...cursorRow].map { CellWidth.of(EscapeFilter.clean($0)) },
            column: layout.cursorColumn,
            isAtEnd: isAtEnd,
            isRow: shown.count == 1,
            isWhole: shown.count == 1 && first == 0 && part.lowerBound == 0,
            size: size
        )
        return output
    }

    /// What is to be written after the drawing to make it this text; nil if that is not all.
    private func addition(of text: String, _ size: TerminalSize) -> String? {
        guard let drawn, drawn.isAtEnd, drawn.size == size, text.hasPrefix(drawn.text) else {
            return nil
        }
        return String(text.dropFirst(drawn.text.count))
    }

    /// Removes the drawing and leaves the cursor where it began.
    mutating func erase(_ size: TerminalSize) -> String {
        defer { drawn = nil }
        return toStart(size)
    }

    /// Leaves the text on the screen for good, with the cursor on a new row.
    ///
    /// The terminal wraps it now, so that it can wrap it again when its size changes. Of a text
    /// that is longer than two screens only the start and the end are left.
    mutating func commit(prompt: String, text: [Character], _ size: TerminalSize) -> String {
        let lines = String(text).replacing("\t", with: LineLayout.tab)
            .split(separator: "\n", omittingEmptySubsequences: false)
        let bound = max(10, size.rows * 2)
        var shown = lines.map { Self.shortened($0, to: bound * size.columns) }
        if lines.count > bound {
            let half = bound / 2
            let left = "… \(lines.count - 2 * half) more lines …"
            shown = shown.prefix(half) + [left] + shown.suffix(half)
        }
        let whole = prompt + shown.joined(separator: "\n") + "\n"
        // Rows that were cut here are to be the terminal's.
        let added = drawn?.isWhole == true ? addition(of: whole, size) : nil
        defer { drawn = nil }
        return added ?? toStart(size) + whole
    }

    private static func shortened(_ line: Substring, to count: Int) -> String {
        // By bytes first, which are counted already.
        guard line.utf8.count > count, line.count > count else { return String(line) }
        return line.prefix(count / 2) + " … " + line.suffix(count / 2)
    }

    /// What of a long text must be laid out to draw the rows around the cursor.
    private static func part(
        of text: [Character],
        around cursor: Int,
        rows: Int,
        _ columns: Int
    ) -> Range<Int> {
        let reach = max(1000, rows * columns * 2)
        guard text.count > 2 * reach else { return 0..<text.count }
        var start = max(0, cursor - reach)
        // Cuts of long lines stay where they are while the cursor moves.
        start -= start % max(1, columns)
        if start > 0, let newline = text[start..<cursor].firstIndex(of: "\n"),
            cursor - newline > reach / 2
        {
            start = newline + 1
        }
        return start..<min(text.count, cursor + reach)
    }

    /// Puts the cursor to the drawing's start, and clears from there.
    ///
    /// A terminal that has become narrower has wrapped the rows that no longer fit.
    private func toStart(_ size: TerminalSize) -> String {
        guard let drawn else { return "" }
        let columns = max(2, size.columns)
        let wrapped = drawn.widths.dropLast().reduce(0) { rows, width in
            rows + max(1, (width + columns - 1) / columns)
        }
        let rows = wrapped + drawn.column / columns
        // Row by row: it may begin in the screen's first one, and tmux for one moves a screen that is
        // erased whole into what has scrolled off.
        let isRow = drawn.isRow && drawn.size == size
        return "\r" + (rows > 0 ? "\u{1B}[\(rows)A" : "") + "\u{1B}[K"
            + (isRow ? "" : "\n\u{1B}[J\u{1B}[1A")
    }
}

/// A prompt and a text cut into rows of a terminal.
struct LineLayout: Equatable {
    /// What a tab is shown as: the terminal's own stops depend on the column.
    static let tab = "    "

    private(set) var rows: [String]
    private(set) var cursorRow = 0
    private(set) var cursorColumn = 0

    /// Cuts the text, which may be a part of what the cursor counts in; the prompt may hold colours
    /// and must fit in a row.
    init(prompt: String, text: ArraySlice<Character>, cursor: Int, columns: Int) {
        let columns = max(2, columns)
        rows = [prompt]
        var width = CellWidth.of(EscapeFilter.clean(prompt))
        var row = ""
        for index in text.startIndex...text.endIndex {
            let character = index < text.endIndex ? text[index] : nil
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
