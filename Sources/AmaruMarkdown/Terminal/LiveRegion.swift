// The last rows of a terminal, written again as they change.
// SPDX-License-Identifier: Apache-2.0

/// Lines that are written once, and below them the ones that may still change.
///
/// The cursor stands in the first column below the last line, between two frames. What has left the
/// screen is never written again: no more lines are kept alive than the screen has room for, and of
/// a longer block the last rows are shown until it is finished.
///
/// Only what differs from the screen is written, so text that grows costs what is added to it.
package struct LiveRegion: Sendable {
    /// What to write.
    package struct Frame: Equatable, Sendable {
        package var text = ""
        /// Whether nothing is erased, so that no half of it can be seen.
        package var onlyAdds = true
        /// What to write instead where the cursor stands behind the last line still; nil if more
        /// than that changes.
        package var continuation: String?
        /// Whether the last line may go on.
        package var isOpen = false
    }

    private let measure: CellMeasure
    private let colors: TextColors
    private var shown: [StyledLine] = []
    private var columns = 0

    package init(measure: CellMeasure, colors: TextColors) {
        self.measure = measure
        self.colors = colors
    }

    /// Whether there are rows that may change.
    package var isEmpty: Bool { shown.isEmpty }

    /// Leaves what is shown where it is.
    package mutating func abandon() { shown = [] }

    /// Writes lines for good, and others below them that may change.
    package mutating func frame(
        adding finished: [StyledLine],
        live: [StyledLine],
        columns: Int,
        rows: Int
    ) -> Frame {
        let columns = max(2, columns)
        // Room for a prompt below.
        let limit = max(1, rows - max(2, rows / 3))
        let kept = window(live, limit, columns)
        let next = finished + kept
        defer {
            shown = kept
            self.columns = columns
        }
        // After a change of size terminals have wrapped the lines again.
        let isResized = self.columns != columns && !shown.isEmpty
        var frame = isResized ? all(next, columns, rows) : change(to: next, columns)
        frame.isOpen = !kept.isEmpty
        return frame
    }

    /// The last lines, by half a screen at a time where they are too many.
    private func window(_ lines: [StyledLine], _ limit: Int, _ columns: Int) -> [StyledLine] {
        let height = lines.reduce(0) { $0 + measure.rows(of: $1, columns: columns) }
        guard height > limit else { return lines }
        let rows = lines.flatMap { measure.rows(cutting: $0, columns: columns) }
        let step = max(1, limit / 2)
        let left = (rows.count - limit + step - 1) / step * step
        return Array(rows.dropFirst(min(left, rows.count - 1)))
    }

    /// All lines, over those that a terminal has wrapped for its new size.
    ///
    /// Row by row: erasing a whole screen moves it into what has scrolled off, in tmux for one.
    private func all(_ next: [StyledLine], _ columns: Int, _ rows: Int) -> Frame {
        let height = shown.reduce(0) { $0 + measure.rows(of: $1, columns: columns) }
        var text = up(min(height, rows - 1))
        for line in next {
            // Behind the last cell of a full row there is nothing to erase but that cell.
            let isFull = measure.end(of: line, columns: columns).column >= columns
            text += line.encoded(colors) + (isFull ? "" : "\u{1B}[K") + "\n"
        }
        return Frame(text: text + "\u{1B}[J", onlyAdds: false)
    }

    private func change(to next: [StyledLine], _ columns: Int) -> Frame {
        var same = zip(shown, next).prefix { $0 == $1 }.count
        // There has to be a line to end with.
        if same == next.count, same < shown.count, same > 0 { same -= 1 }
        guard same < shown.count else {
            let text = next[same...].map { $0.encoded(colors) + "\n" }.joined()
            return Frame(text: text, continuation: "\n" + text)
        }
        let below = shown[same...].reduce(0) { $0 + measure.rows(of: $1, columns: columns) }
        guard same < next.count else {
            return Frame(text: up(below) + erased(below), onlyAdds: false)
        }
        let common = CommonStart(shown[same], next[same], measure, columns)
        var text = up(below - common.place.row)
        if common.place.column > 0 { text += "\u{1B}[\(common.place.column)C" }
        let erases = !common.isAllOfOld || same + 1 < shown.count
        if erases {
            let isStart = common.place.column == 0
            text += isStart ? erased(below - common.place.row) : "\u{1B}[J"
        }
        let others = next[(same + 1)...].map { $0.encoded(colors) + "\n" }.joined()
        text += common.rest.encoded(colors) + "\n" + others
        let added = common.added.map { $0.encoded(colors) + "\n" + others }
        return Frame(
            text: text,
            onlyAdds: !erases,
            continuation: same + 1 == shown.count ? added : nil
        )
    }

    /// Erases rows from the start of the first one on.
    ///
    /// That row apart: it may be the screen's first, and tmux for one moves a screen that is erased
    /// whole into what has scrolled off.
    private func erased(_ rows: Int) -> String {
        "\u{1B}[K" + (rows > 1 ? "\n\u{1B}[J\u{1B}[1A" : "")
    }

    private func up(_ rows: Int) -> String { rows > 0 ? "\r\u{1B}[\(rows)A" : "\r" }
}

/// What two lines begin with, as far as a cursor can be put behind it.
private struct CommonStart {
    /// The cursor's place behind it.
    var place = CellPlace()
    /// What follows in the new line.
    var rest = StyledLine()
    /// Whether it is all of the old line.
    var isAllOfOld = false
    /// What the new line has more than the old one; nil if it begins otherwise.
    var added: StyledLine?

    init(_ old: StyledLine, _ new: StyledLine, _ measure: CellMeasure, _ columns: Int) {
        var start = StyledLine()
        var isSame = true
        for (index, span) in new.spans.enumerated() {
            guard isSame, index < old.spans.count, old.spans[index].isLike(span) else {
                isSame = false
                rest.append(span)
                continue
            }
            let common = Self.common(old.spans[index].text, span.text)
            isSame =
                common.endIndex == span.text.endIndex
                && common.utf8.count == old.spans[index].text.utf8.count
            isAllOfOld =
                index == old.spans.count - 1
                && common.utf8.count == old.spans[index].text.utf8.count
            start.append(span.part(common))
            rest.append(span.part(span.text[common.endIndex...]))
        }
        if old.isEmpty { isAllOfOld = true }
        added = isAllOfOld ? rest : nil
        for span in start.spans {
            place = measure.advance(place, over: span.text, columns: columns)
        }
        // On a full row the cursor can't be put behind the last cell; and behind a text whose width
        // terminals don't agree on it can't be put at all.
        if place.column >= columns || !start.spans.allSatisfy({ $0.text.hasCertainWidth }) {
            place = CellPlace()
            rest = new
        }
    }

    /// The whole clusters that two texts begin with, as a part of the second.
    private static func common(_ old: String, _ new: String) -> Substring {
        var count = 0
        for (one, other) in zip(old.utf8, new.utf8) {
            guard one == other else { break }
            count += 1
        }
        while count > 0 {
            let end = new.utf8.index(new.startIndex, offsetBy: count)
            let oldEnd = old.utf8.index(old.startIndex, offsetBy: count)
            if end.samePosition(in: new) != nil, oldEnd.samePosition(in: old) != nil {
                return new[..<end]
            }
            count -= 1
        }
        return ""
    }
}

extension StyledLine.Span {
    /// Whether style and link are the same.
    fileprivate func isLike(_ other: Self) -> Bool { style == other.style && link == other.link }
}

extension String {
    /// Whether terminals agree on the width: they don't on emoji of several scalars.
    fileprivate var hasCertainWidth: Bool {
        utf8.allSatisfy { $0 < 0x80 }
            || unicodeScalars.allSatisfy { scalar in
                switch scalar.value {
                case 0x200D, 0xFE0F, 0x1F1E6...0x1F1FF, 0x1F3FB...0x1F3FF: false
                default: true
                }
            }
    }
}
