// A line being edited: bytes of a keyboard in, edits and answers out, no terminal needed.
// SPDX-License-Identifier: Apache-2.0

/// The text that a user is writing, with its cursor and its history.
///
/// Pure: `TerminalSession` feeds it and draws it. Positions are grapheme clusters, so that one
/// press of a key crosses or removes what looks like one letter. It does not see Ctrl-C, which the
/// terminal turns into a signal.
struct LineEditor: Sendable {
    /// What the bytes came to, beyond a change of the text.
    enum Action: Equatable, Sendable {
        /// The user entered this line; the editor is empty again.
        case submit(String)

        /// Ctrl-D on an empty line.
        case endOfInput

        /// Ctrl-L.
        case clearScreen

        /// Tab behind a word: the text of the row up to the cursor.
        case complete(String)
    }

    /// The lines that history keeps.
    static let historyBound = 1000

    private(set) var text: [Character] = []

    /// The cluster before which the cursor stands.
    private(set) var cursor = 0

    /// Whether Tab asks for the rest of a word, or indents, and is no text itself.
    var completes = false

    private var decoder = KeyDecoder()
    private var history: [String] = []
    private var historyIndex: Int?
    private var draft: [Character] = []
    private var killed: [Character] = []

    /// The text as a string.
    var string: String { String(text) }

    /// Takes a byte; most change the text or wait for more, few come to an action.
    mutating func feed(_ byte: UInt8) -> Action? {
        var action: Action?
        for key in decoder.feed(byte) { action = apply(key) ?? action }
        return action
    }

    /// Empties the line, after an interruption.
    mutating func clear() {
        text = []
        cursor = 0
        draft = []
        historyIndex = nil
        decoder = KeyDecoder()
    }

    private mutating func apply(_ key: Key) -> Action? {
        switch key {
        case .text(let scalar): insert(scalar)
        case .paste(let string): insert(string)
        case .newline: insert("\n")
        case .tab: return tab()
        case .enter: return submit()
        case .control(let letter): return applyControl(letter)
        case .backspace: remove(max(0, cursor - 1)..<cursor)
        case .delete: remove(cursor..<min(text.count, cursor + 1))
        case .deleteWordLeft: kill(wordStart()..<cursor)
        case .deleteWordRight: kill(cursor..<wordEnd())
        case .left: cursor = max(0, cursor - 1)
        case .right: cursor = min(text.count, cursor + 1)
        case .wordLeft: cursor = wordStart()
        case .wordRight: cursor = wordEnd()
        case .home: cursor = lineStart()
        case .end: cursor = lineEnd()
        case .up: moveUp()
        case .down: moveDown()
        }
        return nil
    }

    private mutating func applyControl(_ letter: Character) -> Action? {
        switch letter {
        case "a": cursor = lineStart()
        case "e": cursor = lineEnd()
        case "b": cursor = max(0, cursor - 1)
        case "f": cursor = min(text.count, cursor + 1)
        case "p": recall(-1)
        case "n": recall(1)
        case "u": kill(lineStart()..<cursor)
        case "k": kill(cursor..<lineEnd())
        case "w": kill(blankDelimitedStart()..<cursor)
        case "y": insert(String(killed))
        case "l": return .clearScreen
        case "d" where text.isEmpty: return .endOfInput
        case "d": remove(cursor..<min(text.count, cursor + 1))
        default: break
        }
        return nil
    }

    /// Types a text, such as the rest of a word.
    mutating func type(_ text: String) { insert(text) }

    private mutating func tab() -> Action? {
        let before = text[lineStart()..<cursor]
        if completes, !before.allSatisfy(\.isWhitespace) { return .complete(String(before)) }
        insert(completes ? "    " : "\t")
        return nil
    }

    private mutating func submit() -> Action {
        let line = string
        if !line.allSatisfy(\.isWhitespace), history.last != line {
            history.append(line)
            if history.count > Self.historyBound { history.removeFirst() }
        }
        clear()
        return .submit(line)
    }
}

// Editing.
extension LineEditor {
    /// Inserts a scalar, which may join the cluster before the cursor or the one behind it.
    private mutating func insert(_ scalar: Unicode.Scalar) {
        if scalar.isASCII {
            // No printable ASCII joins its neighbours.
            text.insert(Character(scalar), at: cursor)
            cursor += 1
        } else {
            insert(String(scalar))
        }
    }

    private mutating func insert(_ string: String) {
        guard !string.isEmpty else { return }
        let start = max(0, cursor - 1)
        let end = min(text.count, cursor + 1)
        let upToCursor = String(text[start..<cursor]) + string
        let joined = Array(upToCursor + String(text[cursor..<end]))
        text.replaceSubrange(start..<end, with: joined)
        // Where the text joins the cluster behind, the cursor goes behind that.
        let wanted = upToCursor.unicodeScalars.count
        var length = 0
        var position = start
        while length < wanted {
            length += text[position].unicodeScalars.count
            position += 1
        }
        cursor = position
    }

    private mutating func remove(_ range: Range<Int>) {
        guard !range.isEmpty else { return }
        text.removeSubrange(range)
        cursor = range.lowerBound
    }

    private mutating func kill(_ range: Range<Int>) {
        guard !range.isEmpty else { return }
        killed = Array(text[range])
        remove(range)
    }
}

// Positions.
extension LineEditor {
    private func lineStart() -> Int {
        (text[..<cursor].lastIndex(of: "\n")).map { $0 + 1 } ?? 0
    }

    private func lineEnd() -> Int {
        text[cursor...].firstIndex(of: "\n") ?? text.count
    }

    private func wordStart() -> Int {
        var position = cursor
        while position > 0, !text[position - 1].isWordPart { position -= 1 }
        while position > 0, text[position - 1].isWordPart { position -= 1 }
        return position
    }

    private func wordEnd() -> Int {
        var position = cursor
        while position < text.count, !text[position].isWordPart { position += 1 }
        while position < text.count, text[position].isWordPart { position += 1 }
        return position
    }

    /// Ctrl-W's idea of a word, as the terminal's own line editing has it.
    private func blankDelimitedStart() -> Int {
        var position = cursor
        while position > 0, text[position - 1].isWhitespace { position -= 1 }
        while position > 0, !text[position - 1].isWhitespace { position -= 1 }
        return position
    }
}

// History, and the lines of a text with several.
extension LineEditor {
    private mutating func moveUp() {
        let start = lineStart()
        guard start > 0 else { return recall(-1) }
        let column = cursor - start
        cursor = start - 1
        cursor = min(lineStart() + column, start - 1)
    }

    private mutating func moveDown() {
        let end = lineEnd()
        guard end < text.count else { return recall(1) }
        let column = cursor - lineStart()
        cursor = end + 1
        cursor = min(cursor + column, lineEnd())
    }

    private mutating func recall(_ step: Int) {
        let current = historyIndex ?? history.count
        let next = current + step
        guard (0...history.count).contains(next), next != current else { return }
        if historyIndex == nil { draft = text }
        historyIndex = next == history.count ? nil : next
        text = historyIndex.map { Array(history[$0]) } ?? draft
        cursor = text.count
    }
}

extension Character {
    fileprivate var isWordPart: Bool { isLetter || isNumber || self == "_" }
}
