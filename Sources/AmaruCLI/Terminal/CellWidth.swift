// How many cells of a terminal a text takes.
// SPDX-License-Identifier: Apache-2.0

/// The width of text in a terminal's cells, by grapheme clusters.
///
/// Terminals disagree on some emoji; nothing here relies on exact widths after them in a row.
enum CellWidth {
    /// The width of a text without newlines.
    static func of(_ text: some StringProtocol) -> Int {
        text.reduce(0) { $0 + of($1) }
    }

    /// The beginning of a text that fits into so many cells, with an ellipsis if that is not all.
    static func cut(_ text: some StringProtocol, to cells: Int) -> String {
        var (start, width) = ("", 0)
        for character in text {
            width += of(character)
            // A last letter that fits needs no room for an ellipsis.
            guard width <= cells else {
                while !start.isEmpty, of(start) >= cells { start.removeLast() }
                return start + (cells > 0 ? "…" : "")
            }
            start.append(character)
        }
        return start
    }

    /// The width of one grapheme cluster: 0, 1 or 2.
    static func of(_ character: Character) -> Int {
        // No more of them decide, of however many marks.
        let scalars = character.unicodeScalars.prefix(32)
        guard let first = scalars.first else { return 0 }
        if scalars.count == 1, first.value >= 0x20, first.value < 0x7F { return 1 }
        if isInvisible(first) { return 0 }
        if isWide(first) { return 2 }
        // The selector asks for the picture, as in ❤️ and 1️⃣; a pair of regional letters is a flag.
        if scalars.contains("\u{FE0F}") { return 2 }
        let isRegional = (0x1F1E6...0x1F1FF).contains(first.value)
        return isRegional && scalars.count > 1 ? 2 : 1
    }

    private static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .nonspacingMark, .enclosingMark, .lineSeparator, .paragraphSeparator: true
        case .format: scalar.value != 0xAD
        default: (0x1160...0x11FF).contains(scalar.value)
        }
    }

    private static func isWide(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.value < 0x1100 { return false }
        if scalar.properties.isEmojiPresentation {
            // Alone, half of a flag is a letter.
            return !(0x1F1E6...0x1F1FF).contains(scalar.value)
        }
        return wideRanges.contains { $0.contains(scalar.value) }
    }

    /// East Asian Width W and F without the emoji, see UAX #11; gaps without characters are joined.
    private static let wideRanges: [ClosedRange<UInt32>] = [
        0x1100...0x115F, 0x2329...0x232A, 0x2E80...0x303E, 0x3041...0x3247, 0x3250...0x4DBF,
        0x4E00...0xA4CF, 0xA960...0xA97C, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE10...0xFE19,
        0xFE30...0xFE6F, 0xFF01...0xFF60, 0xFFE0...0xFFE6, 0x16FE0...0x18D08, 0x1AFF0...0x1B2FB,
        0x1F200...0x1F265, 0x20000...0x3FFFD,
    ]
}
