// Formulas in TeX, which are no Markdown.
// SPDX-License-Identifier: Apache-2.0

/// Keeps formulas as they are written: `\(…\)`, `\[…\]`, `$$…$$`, and `$…$` with a command in it.
///
/// CommonMark would take the backslashes away, and read what is left as emphasis, lists and tables.
/// So the marks of a formula are replaced by private characters before a text is parsed, and put
/// back in all that comes of it; where a formula turns out to be code, nothing has changed.
///
/// A formula of several lines stands at the start of one, and has neither an empty line nor a
/// backtick.
struct MathText {
    /// Private characters that stand for ASCII; no text has them.
    private static let base: UInt32 = 0x10FF00
    /// The most scalars of a formula on one line, and of one on several: each beginning of one is
    /// followed so far.
    private static let (longest, longestDisplay) = (1000, 4000)

    /// The text with its marks replaced; as it was if it has no formulas.
    ///
    /// - `isGrowing`: Whether more follows, so that a formula may have its end there.
    static func protected(_ text: String, isGrowing: Bool = false) -> String {
        guard mayHoldMath(text) || text.utf8.contains(0xF4) else { return text }
        // Nothing but our own may be put back.
        let scalars = text.unicodeScalars.map { $0.value >= base ? "\u{FFFD}" : $0 }
        var formulas = MathText(scalars, isGrowing: isGrowing)
        formulas.findAll()
        var protected = scalars
        for range in formulas.found {
            for index in range where isMark(scalars[index]) {
                protected[index] = Unicode.Scalar(base + scalars[index].value) ?? scalars[index]
            }
        }
        var view = String.UnicodeScalarView()
        view.append(contentsOf: protected)
        return String(view)
    }

    /// The text with its marks put back.
    static func restored(_ text: String) -> String {
        // The first byte of the private characters.
        guard text.utf8.contains(0xF4) else { return text }
        var view = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            let isOurs = (base..<base + 0x80).contains(scalar.value)
            view.append(isOurs ? Unicode.Scalar(UInt8(scalar.value - base)) : scalar)
        }
        return String(view)
    }

    private static func mayHoldMath(_ text: String) -> Bool {
        var last: UInt8 = 0
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "$"): return true
            case UInt8(ascii: "("), UInt8(ascii: "["):
                if last == UInt8(ascii: "\\") { return true }
            default: break
            }
            last = byte
        }
        return false
    }

    /// What Markdown may have rules for.
    private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
        (0x21...0x7E).contains(scalar.value) && !("a"..."z").contains(scalar)
            && !("A"..."Z").contains(scalar)
    }

    private let text: [Unicode.Scalar]
    private let isGrowing: Bool
    private var found: [Range<Int>] = []

    private init(_ text: [Unicode.Scalar], isGrowing: Bool) {
        self.text = text
        self.isGrowing = isGrowing
    }

    // MARK: Finding

    private mutating func findAll() {
        var index = 0
        var isAtStart = true
        while index < text.count {
            switch text[index] {
            case "\n", "\r":
                isAtStart = true
            case " ", "\t", ">", "-", "*", "+", "0"..."9", ".", ")":
                // What a quote or an item of a list begins with.
                break
            case "`":
                isAtStart = false
                index = endOfCode(from: index)
                continue
            case "\\", "$":
                if let end = formula(at: index, isAtStart: isAtStart) {
                    index = end
                } else if text[index] == "$" {
                    index += run(of: "$", from: index)
                } else {
                    // What is escaped begins nothing.
                    index += at(index + 1) == "\n" ? 1 : 2
                }
                isAtStart = false
                continue
            default:
                isAtStart = false
            }
            index += 1
        }
    }

    private func at(_ index: Int) -> Unicode.Scalar? { index < text.count ? text[index] : nil }

    private func run(of scalar: Unicode.Scalar, from start: Int) -> Int {
        var count = 0
        while at(start + count) == scalar { count += 1 }
        return count
    }

    /// Behind a code span, or behind the backticks if they begin none.
    private func endOfCode(from start: Int) -> Int {
        let length = run(of: "`", from: start)
        var index = start + length
        while let scalar = at(index), scalar != "\n", index < start + Self.longest {
            let count = run(of: "`", from: index)
            if count == length { return index + count }
            index += max(1, count)
        }
        return start + length
    }

    /// Notes the formula that begins here, and returns its end; nil if none does.
    private mutating func formula(at start: Int, isAtStart: Bool) -> Int? {
        switch (text[start], at(start + 1)) {
        case ("\\", "("):
            guard let end = end(from: start + 2, "\\", ")") else { return nil }
            return note(start..<end)
        case ("\\", "["):
            if let end = end(from: start + 2, "\\", "]") {
                let isAlone = isAtStart && isEndOfLine(end)
                return isAlone || isTeX(start + 2..<end - 2) ? note(start..<end) : nil
            }
            return isAtStart ? display(from: start, "\\", "]") : nil
        case ("$", "$"):
            if let end = end(from: start + 2, "$", "$"), end > start + 4 {
                return note(start..<end)
            }
            return isAtStart ? display(from: start, "$", "$") : nil
        case ("$", let next?) where next != " " && next != "\n":
            guard let end = end(from: start + 1, "$", nil), text[end - 2] != " ",
                at(end).map({ !("0"..."9").contains($0) }) ?? true,
                text[start + 1..<end - 1].contains("\\")
            else { return nil }
            return note(start..<end)
        default: return nil
        }
    }

    private mutating func note(_ range: Range<Int>) -> Int {
        found.append(range)
        return range.upperBound
    }

    /// The place behind what closes a formula on its line.
    private func end(
        from start: Int,
        _ first: Unicode.Scalar,
        _ second: Unicode.Scalar?
    ) -> Int? {
        var index = start
        while let scalar = at(index), scalar != "\n", scalar != "`", index < start + Self.longest {
            let isEnd = scalar == first && (second == nil || at(index + 1) == second)
            if isEnd { return index + (second == nil ? 1 : 2) }
            // Dollars don't go over the cells of a table; other formulas are not cut by them.
            if scalar == "|", first == "$" { return nil }
            index += scalar == "\\" && at(index + 1) != "\n" ? 2 : 1
        }
        return nil
    }

    /// Notes a formula of several lines, without the marks of the quote that it stands in.
    ///
    /// Its lines are in the same quote or item as its beginning, so that no block begins in it.
    private mutating func display(
        from start: Int,
        _ first: Unicode.Scalar,
        _ second: Unicode.Scalar
    ) -> Int? {
        let prefix = Array(text[..<start].reversed().prefix { $0 != "\n" }.reversed())
        let quotes = prefix.count { $0 == ">" }
        let column = prefix.reversed().prefix { $0 != ">" }.count
        var lines: [Range<Int>] = []
        var (index, lineStart) = (start, start)
        while let scalar = at(index), scalar != "`", index < start + Self.longestDisplay {
            if scalar == "\n" {
                lines.append(lineStart..<index)
                guard let next = content(ofLineAt: index + 1, quotes, column) else { return nil }
                (index, lineStart) = (next, next)
                continue
            }
            if index > start + 1, scalar == first, at(index + 1) == second {
                found += lines + [lineStart..<index + 2]
                return index + 2
            }
            index += scalar == "\\" && at(index + 1) != "\n" ? 2 : 1
        }
        guard isGrowing, index >= text.count else { return nil }
        found += (lines + [lineStart..<text.count]).filter { $0.lowerBound < $0.upperBound }
        return text.count
    }

    /// Where the content of a line begins, behind the marks of quotes and so many columns; nil if
    /// the line is not part of the formula.
    private func content(ofLineAt start: Int, _ quotes: Int, _ column: Int) -> Int? {
        var (index, rest, columns) = (start, quotes, 0)
        while let scalar = at(index) {
            switch scalar {
            case " ": columns += 1
            case "\t": columns += 4
            case ">" where rest > 0: (rest, columns) = (rest - 1, 0)
            case "\n": return nil
            case "~" where run(of: "~", from: index) > 2: return nil
            default: return rest == 0 && columns >= column ? index : nil
            }
            index += 1
        }
        return index
    }

    private func isEndOfLine(_ place: Int) -> Bool {
        text[place...].first { $0 != " " && $0 != "\t" }.map { $0 == "\n" } ?? true
    }

    /// Whether a text is a formula, and not words in brackets.
    private func isTeX(_ range: Range<Int>) -> Bool {
        text[range].contains { "\\^_={}".unicodeScalars.contains($0) }
    }
}
