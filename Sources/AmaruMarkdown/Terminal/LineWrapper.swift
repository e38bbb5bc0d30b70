// Lines cut at words.
// SPDX-License-Identifier: Apache-2.0

/// Cuts a line into rows of a width, behind words where it can.
struct LineWrapper {
    private let width: Int
    private let measure: CellMeasure
    private var rows = [StyledLine()]
    private var column = 0
    /// The word, or the spaces, being read.
    private var word = StyledLine()
    private var wordWidth = 0

    /// The rows of a line.
    static func rows(of line: StyledLine, width: Int, _ measure: CellMeasure) -> [StyledLine] {
        guard measure.of(line) > width else { return [line] }
        var wrapper = LineWrapper(width: width, measure: measure)
        var wasSpace = false
        for span in line.spans {
            for character in span.text {
                let isSpace = character == " "
                if isSpace != wasSpace { wrapper.place(isSpace: wasSpace) }
                wasSpace = isSpace
                wrapper.word.append(span.part(String(character)))
                wrapper.wordWidth += measure.of(character)
                // East Asian text is cut anywhere.
                if !isSpace, measure.of(character) > 1 { wrapper.place(isSpace: false) }
            }
        }
        wrapper.place(isSpace: wasSpace)
        return wrapper.rows
    }

    private init(width: Int, measure: CellMeasure) {
        self.width = width
        self.measure = measure
    }

    private mutating func place(isSpace: Bool) {
        defer {
            word = StyledLine()
            wordWidth = 0
        }
        if column + wordWidth <= width {
            rows[rows.count - 1].append(word)
            column += wordWidth
            return
        }
        // Spaces at the end of a row are left out.
        if isSpace {
            column = width
            return
        }
        if wordWidth <= width {
            breakRow()
            rows[rows.count - 1].append(word)
            column = wordWidth
            return
        }
        if column > 0 { breakRow() }
        let parts = measure.rows(cutting: word, columns: width)
        for (index, part) in parts.enumerated() {
            if index > 0 { breakRow() }
            rows[rows.count - 1].append(part)
            column = measure.of(part)
        }
    }

    private mutating func breakRow() {
        rows[rows.count - 1].removeTrailingSpaces()
        rows.append(StyledLine())
        column = 0
    }
}
