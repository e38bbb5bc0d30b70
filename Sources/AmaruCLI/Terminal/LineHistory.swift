// The lines that were entered, to walk through and to search.
// SPDX-License-Identifier: Apache-2.0

/// The history of one kind of line, with the place where the user looks.
struct LineHistory: Sendable {
    /// The lines kept, and the bytes that they may hold together.
    static let bound = (lines: 1000, bytes: 8 << 20)

    private(set) var lines: [String] = []
    private var size = 0
    private var walk: (index: Int, draft: String, prefix: String)?

    /// Whether a line is one to keep: not blank, and not begun with a blank, as in shells.
    static func isKept(_ line: String) -> Bool {
        guard let first = line.first, first != " " else { return false }
        return !line.allSatisfy(\.isWhitespace)
    }

    /// Keeps a line, unless it is the last one again; returns whether it is kept.
    @discardableResult
    mutating func add(_ line: String) -> Bool {
        leave()
        guard Self.isKept(line), lines.last != line else { return false }
        lines.append(line)
        size += line.utf8.count
        while lines.count > Self.bound.lines || size > Self.bound.bytes, lines.count > 1 {
            size -= lines.removeFirst().utf8.count
        }
        return true
    }

    /// The line before the one shown.
    ///
    /// What was typed before the walk began is what lines must begin with, if any do.
    ///
    /// - `searches`: Whether what was typed counts at all.
    mutating func previous(from text: String, searches: Bool) -> String? {
        let begun = walk ?? (lines.count, text, searches ? prefix(text) : "")
        let index = lines[..<begun.index].lastIndex {
            $0.hasPrefix(begun.prefix) && (begun.prefix.isEmpty || $0 != text)
        }
        guard let index else { return nil }
        walk = (index, begun.draft, begun.prefix)
        return lines[index]
    }

    /// The line after the one shown, at last what was typed before the walk.
    mutating func next() -> String? {
        guard let walk else { return nil }
        let later = lines[(walk.index + 1)...].firstIndex { $0.hasPrefix(walk.prefix) }
        guard let later else {
            self.walk = nil
            return walk.draft
        }
        self.walk = (later, walk.draft, walk.prefix)
        return lines[later]
    }

    /// Ends a walk.
    mutating func leave() { walk = nil }

    private func prefix(_ text: String) -> String {
        lines.contains { $0.hasPrefix(text) && $0 != text } ? text : ""
    }
}

/// A search through the history as one types, by Ctrl-R.
struct HistorySearch: Sendable {
    /// What was in the line before.
    let draft: EditBuffer

    private(set) var query = ""
    private(set) var hasFailed = false
    /// The line shown; the number of lines before the first match.
    private var index: Int

    init(draft: EditBuffer, in lines: [String]) {
        self.draft = draft
        index = lines.count
    }

    /// What stands before the match.
    var prompt: String {
        let shown = query.count > 20 ? "…" + query.suffix(19) : query
        let visible = shown.replacing("\n", with: "⏎").replacing("\t", with: " ")
        return hasFailed ? "(not found: \(visible)) " : "(search: \(visible)) "
    }

    /// Adds to what is sought; the match may stay where it is.
    mutating func type(_ text: String, in lines: [String]) -> EditBuffer? {
        query += text
        return find(in: lines, from: min(index, lines.count - 1), step: -1)
    }

    /// Takes the last letter back, and looks from the newest line again.
    mutating func erase(in lines: [String]) -> EditBuffer? {
        guard !query.isEmpty else { return nil }
        query.removeLast()
        hasFailed = false
        guard !query.isEmpty else {
            index = lines.count
            return draft
        }
        return find(in: lines, from: lines.count - 1, step: -1)
    }

    /// The next match: an older one for -1, a newer one for 1.
    mutating func move(_ step: Int, in lines: [String]) -> EditBuffer? {
        query.isEmpty ? nil : find(in: lines, from: index + step, step: step, isNew: true)
    }

    private mutating func find(
        in lines: [String],
        from start: Int,
        step: Int,
        isNew: Bool = false
    ) -> EditBuffer? {
        let shown = lines.indices.contains(index) ? lines[index] : nil
        var place = start
        while lines.indices.contains(place) {
            // The same line again is no news.
            if !isNew || lines[place] != shown, let match = match(lines[place]) {
                (index, hasFailed) = (place, false)
                return match
            }
            place += step
        }
        hasFailed = true
        return nil
    }

    /// The line with the cursor at what is sought; capital letters count if there are any.
    private func match(_ line: String) -> EditBuffer? {
        let isExact = query.contains(where: \.isUppercase)
        let text = isExact ? line : line.lowercased()
        guard let range = text.firstRange(of: query) else { return nil }
        var buffer = EditBuffer(line)
        buffer.move(to: text.distance(from: text.startIndex, to: range.lowerBound))
        return buffer
    }
}
