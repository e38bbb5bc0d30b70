// A list on a terminal that the user picks from: keys in, rows out.
// SPDX-License-Identifier: Apache-2.0

/// Lines of which one is marked; arrows move the mark, a number sets it, other letters filter.
///
/// The first line stands at the bottom, next to what is typed.
struct PickList: Sendable {
    enum Outcome: Equatable, Sendable {
        /// The index of the line that was picked.
        case picked(Int)
        /// The user wants none of them.
        case left
    }

    /// A line, and by what it is found: the beginning of a name, and any part of a text.
    struct Line: Sendable {
        let shown: String
        /// What is shown of it on a narrow terminal.
        let short: String
        private let name: String
        private let text: String

        init(_ shown: String, short: String? = nil, name: String = "", text: String? = nil) {
            self.shown = shown
            self.short = short ?? shown
            self.name = name
            self.text = (text ?? shown).lowercased()
        }

        func fits(_ word: some StringProtocol) -> Bool {
            text.contains(word) || name.hasPrefix(word)
        }
    }

    /// The most lines that are shown.
    private static let height = 20
    /// The columns from which on all of a line is shown.
    private static let width = 60

    private let lines: [Line]
    private(set) var filter = ""
    /// The lines that fit the filter.
    private var matches: [Int]
    private var marked = 0

    init(_ lines: [Line]) {
        self.lines = lines
        matches = Array(lines.indices)
    }

    /// Takes a key; returns how the picking ended, if it did.
    mutating func take(_ key: Key) -> Outcome? {
        switch key {
        case .up, .control("p"): move(to: marked + 1)
        case .down, .control("n"): move(to: marked - 1)
        case .home: move(to: matches.count - 1)
        case .end: move(to: 0)
        case .enter: return matches.isEmpty ? nil : .picked(matches[marked])
        case .control("c"), .control("d"), .control("g"): return .left
        case .backspace: look(for: String(filter.dropLast()))
        case .control("u"): look(for: "")
        case .text(let scalar): look(for: filter + String(scalar))
        case .paste(let text): look(for: filter + ShownText.line(text))
        default: break
        }
        return nil
    }

    private mutating func move(to place: Int) {
        marked = max(0, min(place, matches.count - 1))
    }

    private mutating func look(for text: String) {
        filter = text
        (matches, marked) = (Array(lines.indices), 0)
        if let index = Int(text).flatMap({ Self.index(of: $0, in: lines.indices) }) {
            return marked = index
        }
        let words = text.lowercased().split(separator: " ")
        matches.removeAll { index in !words.allSatisfy { lines[index].fits($0) } }
    }

    /// The index of what has a number, counted from 1; nil for any other number.
    static func index(of number: Int, in indices: Range<Int>) -> Int? {
        number > 0 && indices.contains(number - 1) ? number - 1 : nil
    }

    /// The rows, with the numbers of the lines, for a screen of a size.
    func rows(_ size: TerminalSize) -> [String] {
        let count = height(size)
        let start = max(0, min(marked - count / 2, matches.count - count))
        let digits = String(lines.count).count
        return (start..<min(start + count, matches.count)).reversed().map { place in
            let number = String(matches[place] + 1)
            let gap = String(repeating: " ", count: digits - number.count)
            let mark = place == marked ? ">" : " "
            let line = lines[matches[place]]
            let text = size.columns < Self.width ? line.short : line.shown
            let row = "\(mark) \(gap)\(number)  \(text)"
            return CellWidth.cut(row, to: max(1, size.columns - 1))
        }
    }

    /// How many lines there are, and how many of them fit the filter if there is one.
    var count: String {
        filter.isEmpty ? "\(lines.count)" : "\(matches.count) of \(lines.count)"
    }

    private func height(_ size: TerminalSize) -> Int { max(1, min(Self.height, size.rows - 2)) }
}
