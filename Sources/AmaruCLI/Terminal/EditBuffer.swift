// A text with a cursor, in what a reader takes for letters.
// SPDX-License-Identifier: Apache-2.0

/// A text being edited.
///
/// Positions are grapheme clusters, so that one press of a key crosses or removes what looks like
/// one letter.
struct EditBuffer: Equatable, Sendable {
    private(set) var text: [Character] = []

    /// The cluster before which the cursor stands.
    private(set) var cursor = 0

    init() {}

    /// Holds a text, with the cursor after it.
    init(_ string: String) {
        text = Array(string)
        cursor = text.count
    }

    var string: String { String(text) }

    /// Puts the cursor somewhere; a place outside the text is its nearest end.
    mutating func move(to position: Int) { cursor = max(0, min(text.count, position)) }

    /// Inserts a scalar, which may join the cluster before the cursor or the one after it.
    mutating func insert(_ scalar: Unicode.Scalar) {
        if (0x20..<0x7F).contains(scalar.value) {
            // No printable ASCII joins its neighbours.
            text.insert(Character(scalar), at: cursor)
            cursor += 1
        } else {
            insert(String(scalar))
        }
    }

    mutating func insert(_ string: String) {
        guard !string.isEmpty else { return }
        let start = max(0, cursor - 1)
        let end = min(text.count, cursor + 1)
        let upToCursor = String(text[start..<cursor]) + string
        let joined = Array(upToCursor + String(text[cursor..<end]))
        text.replaceSubrange(start..<end, with: joined)
        // If the text joins the cluster after it, the cursor goes after that.
        cursor = place(behind: upToCursor.unicodeScalars.count, from: start)
    }

    /// Removes a range, and leaves the cursor there; returns what was removed.
    @discardableResult
    mutating func remove(_ range: Range<Int>) -> [Character] {
        guard !range.isEmpty else { return [] }
        let removed = Array(text[range])
        text.removeSubrange(range)
        cursor = range.lowerBound
        // What was apart may be one cluster now, such as the two letters of a flag.
        let seam = max(0, cursor - 1)..<min(text.count, cursor + 1)
        let joined = Array(String(text[seam]))
        if joined.count < seam.count {
            text.replaceSubrange(seam, with: joined)
            cursor = seam.lowerBound + joined.count
        }
        return removed
    }

    /// Replaces a range by a text, and puts the cursor after it.
    mutating func replace(_ range: Range<Int>, with string: String) {
        remove(range)
        insert(string)
    }

    /// Swaps the letters around the cursor, and crosses them; at the end the last two.
    mutating func transpose() {
        let end = cursor == text.count ? cursor : cursor + 1
        guard end >= 2, cursor > 0 else { return }
        let pair = String(text[end - 1]) + String(text[end - 2])
        replace(end - 2..<end, with: pair)
    }

    private func place(behind scalars: Int, from start: Int) -> Int {
        var (length, position) = (0, start)
        while length < scalars {
            length += text[position].unicodeScalars.count
            position += 1
        }
        return position
    }
}

// MARK: Places

extension EditBuffer {
    /// The start of the cursor's line.
    var lineStart: Int { (text[..<cursor].lastIndex(of: "\n")).map { $0 + 1 } ?? 0 }

    /// The end of the cursor's line.
    var lineEnd: Int { text[cursor...].firstIndex(of: "\n") ?? text.count }

    /// The start of the word before the cursor.
    var wordStart: Int {
        var position = cursor
        while position > 0, !text[position - 1].isWordPart { position -= 1 }
        while position > 0, text[position - 1].isWordPart { position -= 1 }
        return position
    }

    /// The end of the word after the cursor.
    var wordEnd: Int {
        var position = cursor
        while position < text.count, !text[position].isWordPart { position += 1 }
        while position < text.count, text[position].isWordPart { position += 1 }
        return position
    }

    /// The rest of the word at the cursor, or the next word.
    var wordAhead: Range<Int> {
        let start = text[cursor...].firstIndex(where: \.isWordPart) ?? text.count
        return start..<wordEnd
    }

    /// Ctrl-W's idea of a word, as the terminal's own line editing has it.
    var blankDelimitedStart: Int {
        var position = cursor
        while position > 0, text[position - 1].isWhitespace { position -= 1 }
        while position > 0, !text[position - 1].isWhitespace { position -= 1 }
        return position
    }

    /// The text of the cursor's line up to the cursor.
    var lineUpToCursor: String { String(text[lineStart..<cursor]) }

    /// Moves to the line above; false on the first one.
    mutating func moveUp() -> Bool {
        let start = lineStart
        guard start > 0 else { return false }
        let column = cursor - start
        cursor = start - 1
        cursor = min(lineStart + column, start - 1)
        return true
    }

    /// Moves to the line below; false on the last one.
    mutating func moveDown() -> Bool {
        let end = lineEnd
        guard end < text.count else { return false }
        let column = cursor - lineStart
        cursor = end + 1
        cursor = min(cursor + column, lineEnd)
        return true
    }
}

extension Character {
    fileprivate var isWordPart: Bool { isLetter || isNumber || self == "_" }
}
