// What was cut from a line, and what a line was before.
// SPDX-License-Identifier: Apache-2.0

/// The last texts that were cut, for Ctrl-Y and Alt-Y.
struct KillRing: Sendable {
    static let bound = 16

    private var texts: [String] = []

    /// Where the text that was put back last stands.
    private(set) var yanked: Range<Int>?

    /// Keeps a text.
    ///
    /// - `joins`: Whether the key before has cut too, so that both are one text.
    mutating func cut(_ text: String, before: Bool, joins: Bool) {
        guard !text.isEmpty else { return }
        if joins, let last = texts.popLast() {
            texts.append(before ? text + last : last + text)
        } else {
            texts.append(text)
        }
        if texts.count > Self.bound { texts.removeFirst() }
    }

    /// Puts the last text back.
    mutating func yank(into buffer: inout EditBuffer) {
        guard let text = texts.last else { return }
        put(text, into: &buffer)
    }

    /// Puts the text before that one in its place.
    mutating func rotate(in buffer: inout EditBuffer) {
        guard let range = yanked, let last = texts.popLast() else { return }
        texts.insert(last, at: 0)
        buffer.remove(range)
        yank(into: &buffer)
    }

    /// Forgets where the text was put: another key was pressed.
    mutating func settle() { yanked = nil }

    private mutating func put(_ text: String, into buffer: inout EditBuffer) {
        let start = buffer.cursor
        buffer.insert(text)
        yanked = start..<buffer.cursor
    }
}

/// The former states of a line, for Ctrl-_.
struct UndoLog: Sendable {
    /// The states kept, and the clusters that they may hold together.
    static let bound = (states: 200, size: 1 << 20)
    /// The letters that one step takes back when they were typed in a row.
    private static let run = 20

    /// That number, which grows with the text: each state kept costs a copy of it, and a long text
    /// may come letter by letter.
    private static func run(in text: [Character]) -> Int { max(run, text.count / 32) }

    /// Whether a text is short enough for each line typed to be a step of its own.
    static func isShort(_ text: [Character]) -> Bool { run(in: text) == run }

    private var states: [EditBuffer] = []
    private var size = 0
    private var typed = 0

    /// Notes a state before it changes; letters typed in a row count as one change.
    mutating func note(_ buffer: EditBuffer, isTyping: Bool) {
        if isTyping, typed > 0, typed < Self.run(in: buffer.text) {
            typed += 1
            return
        }
        typed = isTyping ? 1 : 0
        states.append(buffer)
        size += buffer.text.count
        while states.count > 1, states.count > Self.bound.states || size > Self.bound.size {
            size -= states.removeFirst().text.count
        }
    }

    /// Ends a run of letters: the cursor was moved.
    mutating func endRun() { typed = 0 }

    /// The state before the last change.
    mutating func undo() -> EditBuffer? {
        typed = 0
        guard let last = states.popLast() else { return nil }
        size -= last.text.count
        return last
    }
}
