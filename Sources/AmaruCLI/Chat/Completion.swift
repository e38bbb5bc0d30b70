// What Tab finds: how a word may go on.
// SPDX-License-Identifier: Apache-2.0

/// The ways in which a word may go on.
struct Completion: Equatable, Sendable {
    /// What was typed of the word.
    var word = ""
    /// The whole words; one that cannot go on ends in a blank.
    var words: [String] = []

    /// What is certain of the rest.
    var rest: String {
        guard let first = words.first else { return "" }
        let common = words.dropFirst().reduce(first) { $0.commonPrefix(with: $1) }
        return common.count > word.count ? String(common.dropFirst(word.count)) : ""
    }

    /// The choice in columns, as shells show it; at most half a screen of it.
    func table(_ size: TerminalSize) -> String {
        guard words.count > 1 else { return "" }
        // The last part of a path is enough.
        let names = words.map { word in
            ShownText.line(word.last == " " ? String(word.dropLast()) : word)
                .lastPathPart
        }
        let width = (names.map { CellWidth.of($0) }.max() ?? 0) + 2
        let columns = max(1, (size.columns - 1) / width)
        let bound = max(1, size.rows / 2)
        let rows = (names.count + columns - 1) / columns
        var lines = (0..<min(rows, bound)).map { row in
            stride(from: row, to: names.count, by: rows).map { index in
                let isLast = index + rows >= names.count
                let blanks = isLast ? 0 : width - CellWidth.of(names[index])
                return names[index] + String(repeating: " ", count: blanks)
            }.joined()
        }
        let hidden = names.count - min(names.count, lines.count * columns)
        if rows > bound { lines.append("… and \(max(1, hidden)) more") }
        return lines.joined(separator: "\n") + "\n"
    }
}

extension String {
    /// The characters that two texts begin with.
    fileprivate func commonPrefix(with other: String) -> String {
        String(zip(self, other).prefix { $0 == $1 }.map(\.0))
    }

    /// The text after the last slash that does not end it.
    fileprivate var lastPathPart: String {
        guard let slash = dropLast().lastIndex(of: "/"), slash > startIndex else { return self }
        return String(self[index(after: slash)...])
    }
}
