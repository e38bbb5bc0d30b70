// A line being edited: bytes of a keyboard in, edits and answers out, no terminal needed.
// SPDX-License-Identifier: Apache-2.0

/// What a line is for, which decides on some keys and on the history that it belongs to.
enum LineKind: Sendable, Hashable, CaseIterable {
    /// A message of the conversation.
    case message
    /// A line of Python.
    case source
    /// An answer to a script's `input()`.
    case input
}

/// The text that a user is writing, with its cursor and its history.
///
/// Pure: `LineInput` feeds it and draws it. It does not see Ctrl-C, which the terminal turns into a
/// signal.
struct LineEditor: Sendable {
    /// What the bytes came to, beyond a change of the text.
    enum Action: Equatable, Sendable {
        /// The user entered this line; the editor is empty again.
        case submit(String)

        /// Ctrl-D on an empty line.
        case endOfInput

        /// Ctrl-L.
        case clearScreen

        /// Tab after a word: the text of the row up to the cursor.
        case complete(String)

        /// Ctrl-G, Ctrl-X Ctrl-E: the text is to be edited by another program.
        case edit(String)

        /// Up, while entered lines wait for their turn.
        case takeBack
    }

    /// What the line is for.
    var kind = LineKind.input
    /// Whether Up takes back a line that was entered.
    var canTakeBack = false

    private(set) var buffer = EditBuffer()
    private(set) var search: HistorySearch?
    private var decoder = KeyDecoder()
    private var histories: [LineKind: LineHistory] = [:]
    private var killRing = KillRing()
    private var undoLog = UndoLog()
    private var isAfterKill = false
    private var isAfterControlX = false

    /// The bytes of what was typed and not entered, counted no further than to a bound.
    func size(upTo bound: Int) -> Int {
        let texts = [buffer.text, search?.draft.text ?? []]
        // Each letter has a byte at least.
        guard texts.allSatisfy({ $0.count < bound }) else { return bound }
        return texts.joined().reduce(search?.query.utf8.count ?? 0) { $0 + $1.utf8.count }
    }

    /// The text as a string.
    var string: String { buffer.string }

    private var history: LineHistory {
        get { histories[kind, default: LineHistory()] }
        set { histories[kind] = newValue }
    }

    // MARK: In

    /// Takes a byte; most change the text or wait for more, few come to an action.
    mutating func feed(_ byte: UInt8) -> Action? {
        var action: Action?
        for key in decoder.feed(byte) { action = apply(key) ?? action }
        return action
    }

    /// Notes that no byte follows for now: a lone Esc ends a search.
    mutating func settle() {
        if search != nil, decoder.takeLoneEscape() { search = nil }
    }

    /// Empties the line, after an interruption.
    mutating func clear() {
        buffer = EditBuffer()
        search = nil
        undoLog = UndoLog()
        isAfterControlX = false
        history.leave()
        decoder = KeyDecoder()
    }

    /// Types a text, such as the rest of a word.
    mutating func type(_ text: String) { change { $0.insert(text) } }

    /// Puts a text in the place of what is there; Ctrl-_ takes it back.
    mutating func replace(by text: String) { change { $0 = EditBuffer(text) } }

    /// Adds earlier lines to a history, or a line that was entered just now.
    mutating func remember(_ lines: [String], as kind: LineKind) {
        var history = histories[kind, default: LineHistory()]
        for line in lines { history.add(line) }
        histories[kind] = history
    }

    /// Changes the text by something other than typing a letter.
    private mutating func change(_ body: (inout EditBuffer) -> Void) {
        let former = buffer
        body(&buffer)
        if buffer.text != former.text { undoLog.note(former, isTyping: false) }
    }

    // MARK: Keys

    private mutating func apply(_ key: Key) -> Action? {
        if let search { return apply(key, searching: search) }
        if isAfterControlX {
            isAfterControlX = false
            if key == .control("e") { return edit() }
            if key == .control("u") { undo() }
            return nil
        }
        let wasAfterKill = isAfterKill
        isAfterKill = false
        defer { if key != .meta("y"), key != .control("y") { killRing.settle() } }
        switch key {
        case .text(let scalar): type(scalar)
        case .paste(let string): type(string)
        case .newline: typeBreak("\n")
        case .tab: return tab()
        case .enter: return enter()
        case .control(let letter): return applyControl(letter, wasAfterKill)
        case .meta(let letter): applyMeta(letter, wasAfterKill)
        case .backspace: change { $0.remove(max(0, $0.cursor - 1)..<$0.cursor) }
        case .delete: deleteRight()
        case .deleteWordLeft: kill(buffer.wordStart..<buffer.cursor, wasAfterKill)
        case .deleteWordRight: kill(buffer.cursor..<buffer.wordEnd, wasAfterKill)
        case .left: move(to: buffer.cursor - 1)
        case .right: move(to: buffer.cursor + 1)
        case .wordLeft: move(to: buffer.wordStart)
        case .wordRight: move(to: buffer.wordEnd)
        case .home: move(to: buffer.lineStart)
        case .end: move(to: buffer.lineEnd)
        case .up:
            if buffer.moveUp() { break }
            if canTakeBack { return .takeBack }
            show(history.previous(from: string, searches: true))
        case .down: if !buffer.moveDown() { show(history.next()) }
        }
        return nil
    }

    private mutating func applyControl(_ letter: Character, _ wasAfterKill: Bool) -> Action? {
        switch letter {
        case "a": move(to: buffer.lineStart)
        case "e": move(to: buffer.lineEnd)
        case "b": move(to: buffer.cursor - 1)
        case "f": move(to: buffer.cursor + 1)
        case "p": show(history.previous(from: string, searches: false))
        case "n": show(history.next())
        case "u": kill(buffer.lineStart..<buffer.cursor, wasAfterKill)
        case "k": kill(buffer.cursor..<buffer.lineEnd, wasAfterKill)
        case "w": kill(buffer.blankDelimitedStart..<buffer.cursor, wasAfterKill)
        case "y": yank { $0.yank(into: &$1) }
        case "t": change { $0.transpose() }
        case "_": undo()
        case "r": beginSearch()
        case "x": isAfterControlX = true
        case "g": return edit()
        case "l": return .clearScreen
        case "d" where buffer.text.isEmpty: return .endOfInput
        case "d": deleteRight()
        default: break
        }
        return nil
    }

    private mutating func applyMeta(_ letter: Character, _ wasAfterKill: Bool) {
        switch letter {
        case "b": move(to: buffer.wordStart)
        case "f": move(to: buffer.wordEnd)
        case "d": kill(buffer.cursor..<buffer.wordEnd, wasAfterKill)
        case "u": changeWord { $0.uppercased() }
        case "l": changeWord { $0.lowercased() }
        case "c": changeWord { $0.prefix(1).uppercased() + $0.dropFirst().lowercased() }
        case "y": yank { $0.rotate(in: &$1) }
        default: break
        }
    }

    private mutating func tab() -> Action? {
        let line = buffer.lineUpToCursor
        let isIndentation = line.allSatisfy(\.isWhitespace)
        switch kind {
        case .source where isIndentation: type("    ")
        case .source: return .complete(line)
        case .message where ChatCompleter.knows(line, isFirst: buffer.lineStart == 0):
            return .complete(line)
        case .message, .input: typeBreak("\t")
        }
        return nil
    }

    /// Enters the line, or begins another one of a message that is not at its end.
    private mutating func enter() -> Action? {
        if kind == .message {
            switch MessageEnd(of: buffer.text) {
            case .open:
                typeBreak("\n")
                return nil
            case .continued:
                change {
                    $0.move(to: $0.text.count)
                    $0.replace($0.text.count - 1..<$0.text.count, with: "\n")
                }
                return nil
            case .closed(let text): return submit(text)
            }
        }
        return submit(string)
    }

    private mutating func submit(_ line: String) -> Action {
        clear()
        return .submit(line)
    }

    private func edit() -> Action? { kind == .input ? nil : .edit(string) }

    private mutating func undo() {
        if let former = undoLog.undo() { buffer = former }
    }

    private mutating func move(to position: Int) {
        undoLog.endRun()
        buffer.move(to: position)
    }

    private mutating func type(_ scalar: Unicode.Scalar) {
        undoLog.note(buffer, isTyping: true)
        buffer.insert(scalar)
    }

    /// Types a newline or a tab, which in a short text ends a run of letters.
    private mutating func typeBreak(_ scalar: Unicode.Scalar) {
        let endsRun = UndoLog.isShort(buffer.text)
        if endsRun { undoLog.endRun() }
        type(scalar)
        if endsRun { undoLog.endRun() }
    }

    private mutating func deleteRight() {
        change { $0.remove($0.cursor..<min($0.text.count, $0.cursor + 1)) }
    }

    private mutating func kill(_ range: Range<Int>, _ joins: Bool) {
        let isBefore = range.upperBound == buffer.cursor
        killRing.cut(String(buffer.text[range]), before: isBefore, joins: joins)
        change { $0.remove(range) }
        isAfterKill = true
    }

    private mutating func yank(_ body: (inout KillRing, inout EditBuffer) -> Void) {
        let former = buffer
        body(&killRing, &buffer)
        if buffer.text != former.text { undoLog.note(former, isTyping: false) }
    }

    private mutating func changeWord(_ body: (String) -> String) {
        let range = buffer.wordAhead
        let word = body(String(buffer.text[range]))
        change { $0.replace(range, with: word) }
    }

    private mutating func show(_ line: String?) {
        guard let line else { return }
        undoLog.endRun()
        buffer = EditBuffer(line)
    }
}

// MARK: Searching the history

extension LineEditor {
    private mutating func beginSearch() {
        if !buffer.text.isEmpty { undoLog.note(buffer, isTyping: false) }
        search = HistorySearch(draft: buffer, in: history.lines)
    }

    /// Takes a key of a search; those that mean nothing in it end it, and then do what they do.
    private mutating func apply(_ key: Key, searching former: HistorySearch) -> Action? {
        var search = former
        let lines = history.lines
        let found: EditBuffer?
        switch key {
        case .text(let scalar): found = search.type(String(scalar), in: lines)
        case .paste(let text): found = search.type(text, in: lines)
        case .backspace: found = search.erase(in: lines)
        case .control("r"), .up: found = search.move(-1, in: lines)
        case .control("s"), .down: found = search.move(1, in: lines)
        case .control("g"):
            self.search = nil
            buffer = search.draft
            return nil
        default:
            self.search = nil
            return apply(key)
        }
        if let found { buffer = found }
        self.search = search
        return nil
    }
}
