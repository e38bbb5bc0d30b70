// Reads Markdown as it comes: what is finished, and what may still change.
// SPDX-License-Identifier: Apache-2.0

/// Turns pieces of a text into blocks, each given out once, as soon as nothing can change it.
///
/// How the text is cut makes no difference, and the cost of a piece depends on the block that it
/// belongs to, not on all that came before. Lists are given out by their items and fenced code by
/// its lines; the rest of a block that grows beyond `bound` is read as a block of its own.
///
/// ```swift
/// var reader = MarkdownReader()
/// reader.append("# Title\nSome *te")  // the heading
/// reader.live                         // a paragraph, "Some *te"
/// reader.append("xt*\n")
/// reader.finish()                     // the paragraph, with emphasis
/// ```
package struct MarkdownReader: Sendable {
    /// A block, or a part of one.
    package struct Part: Sendable {
        package var block: MarkdownBlock
        /// Whether it goes on with the list or the code of the part before.
        package var continues = false
        /// Whether more of it follows.
        package var isOpen = false
        /// Whether an empty line stands before it.
        package var followsEmptyLine = false
    }

    /// What the text that is not finished goes on with.
    private enum Context: Equatable {
        case none
        /// A list whose next item has this number.
        case list(next: Int?)
        /// Code whose opening line is kept, as the context of the lines that come.
        case fence
    }

    /// The bytes of a block after which it is cut.
    static let bound = 16 * 1024
    /// The bytes that are looked at together.
    private static let stride = 512

    /// The text that is not finished: whole lines, and the start of another.
    private var text = ""
    /// The bytes of `text` before its last, unfinished line.
    private var wholeLines = 0
    private var context = Context.none
    private var endedEmpty = false
    /// The definitions that the text has had, and those that were known before.
    package private(set) var definitions: LinkDefinitions
    private var budget = LinkBudget()
    /// Whether more follows what is read to its end.
    private var isGrowing = false

    /// Creates a reader at the start of a text.
    ///
    /// - `definitions`: What is known of labels, as from an earlier reading of the same text.
    package init(definitions: LinkDefinitions = LinkDefinitions()) {
        self.definitions = definitions
    }

    /// Takes the next piece of the text and returns what is finished by it.
    ///
    /// - `isWanted`: Looked at again and again; what is left of the piece is dropped without it.
    package mutating func append(
        _ piece: String,
        while isWanted: () -> Bool = { true }
    ) -> [Part] {
        var parts: [Part] = []
        var rest = Substring(piece)
        while !rest.isEmpty, isWanted() {
            let next = Self.slice(&rest)
            text += next
            // Only whole lines decide, and an endless one when it is long enough.
            if let end = next.utf8.lastIndex(of: UInt8(ascii: "\n")) {
                let rest = next.utf8.distance(from: end, to: next.utf8.endIndex) - 1
                wholeLines = text.utf8.count - rest
            } else if text.utf8.count - wholeLines < Self.bound {
                continue
            }
            while let part = finishUnit(isAtEnd: false) { parts += part }
        }
        return parts
    }

    /// Ends the text and returns what is left of it.
    package mutating func finish() -> [Part] {
        let parts = endText()
        self = MarkdownReader()
        return parts
    }

    /// Ends the text and keeps its definitions.
    package mutating func endText() -> [Part] {
        var parts: [Part] = []
        if wholeLines < text.utf8.count { parts = append("\n") }
        while let part = finishUnit(isAtEnd: true) { parts += part }
        return parts
    }

    /// Ends what has come, so that other lines can stand between it and what follows.
    ///
    /// - Returns: Its parts; nil inside code, a table, HTML or a list, whose rest would be
    ///   something else.
    package mutating func cut() -> [Part]? {
        guard context != .fence else { return nil }
        if let block = live.last?.block, !Self.canEnd(block) { return nil }
        let last = text.split(separator: "\n").last ?? ""
        if Self.mayBeMark(last, inCode: false) { return nil }
        return endText()
    }

    /// Whether what follows a block means the same if the block has ended.
    private static func canEnd(_ block: MarkdownBlock) -> Bool {
        switch block {
        // The next line of an item may be indented, which is code outside the list.
        case .code, .table, .html, .list: false
        case .quote(let blocks): blocks.last.map(canEnd) ?? true
        default: true
        }
    }

    /// What the text that is not finished comes to if nothing follows.
    ///
    /// A line that may yet turn out to be a mark is left out.
    package var live: [Part] {
        var copy = self
        copy.isGrowing = true
        let start = text.utf8.index(text.utf8.startIndex, offsetBy: wholeLines)
        if Self.mayBeMark(text[start...], inCode: context == .fence) {
            copy.text = String(text[..<start])
        }
        guard !copy.text.isEmpty else { return [] }
        if wholeLines < copy.text.utf8.count { copy.text += "\n" }
        copy.wholeLines = copy.text.utf8.count
        var parts: [Part] = []
        while let part = copy.finishUnit(isAtEnd: true) { parts += part }
        if let last = parts.indices.last { parts[last].isOpen = true }
        return parts
    }

    /// Whether the start of a line may change what the lines around it are.
    private static func mayBeMark(_ line: Substring, inCode: Bool) -> Bool {
        if inCode { return line.utf8.allSatisfy { " `~".utf8.contains($0) } }
        if line.drop(while: \.isWhitespace).first == "|" { return true }
        // A number may be text; with its point it begins an item.
        guard let last = line.utf8.last, !(0x30...0x39).contains(last) else { return false }
        return line.utf8.allSatisfy { " \t-=#*>+~_`|:.)0123456789".utf8.contains($0) }
    }

    /// Takes as much as is looked at together, up to the end of a line if possible.
    private static func slice(_ rest: inout Substring) -> Substring {
        guard rest.utf8.count > stride else {
            defer { rest = "" }
            return rest
        }
        let limit = rest.utf8.index(rest.utf8.startIndex, offsetBy: stride)
        let line = rest.utf8[..<limit].lastIndex(of: UInt8(ascii: "\n"))
        var end = line.map { rest.utf8.index(after: $0) } ?? limit
        while !rest.isScalarBoundary(end) { end = rest.utf8.index(before: end) }
        defer { rest = rest[end...] }
        return rest[..<end]
    }
}

// MARK: - Units

extension MarkdownReader {
    /// Finishes the first unit if something follows it, or the text ends; nil if there is nothing
    /// to finish.
    private mutating func finishUnit(isAtEnd: Bool) -> [Part]? {
        guard !text.isEmpty else { return nil }
        let whole = prefix(wholeLines)
        let outline = MarkdownOutline(whole)
        let before = Self.offset(ofLine: outline.start, in: whole)
        if whole.utf8.prefix(before).contains(where: { $0 > UInt8(ascii: " ") }) {
            // Definitions, which make no block.
            return finishUnit(of: before, MarkdownOutline())
        }
        var size = outline.secondStart.map { Self.offset(ofLine: $0, in: whole) }
        if isAtEnd { size = size ?? wholeLines }
        if size == nil, outline.kind == .fence {
            if isClosed(whole) {
                size = wholeLines
            } else if let lines = finishLines(of: outline, whole) {
                return lines
            }
        }
        if let cut = Self.cut(text, before: size ?? text.utf8.count),
            cut < size ?? wholeLines || cut > wholeLines
        {
            return cutUnit(at: cut, outline)
        }
        return size.map { finishUnit(of: $0, outline) }
    }

    private mutating func finishUnit(of size: Int, _ outline: MarkdownOutline) -> [Part] {
        let parts = finish(prefix(size), outline)
        drop(size)
        switch (outline.isSameList, parts.first?.block) {
        case (true, .list(let list)): context = .list(next: list.start.map { $0 + 1 })
        default: context = .none
        }
        return parts
    }

    /// Gives out the whole lines of code, and keeps the line that opens it.
    private mutating func finishLines(of outline: MarkdownOutline, _ whole: String) -> [Part]? {
        let continues = context == .fence
        guard !continues || !outline.code.isEmpty else { return nil }
        let opening = Self.offset(ofLine: outline.start + 1, in: whole)
        var parts = finish(prefix(opening), outline)
        if let last = parts.indices.last, case .code(let info, _) = parts[last].block {
            parts[last].block = .code(info: info, text: outline.code)
            budget.read(outline.code.utf8.count)
            parts[last].continues = continues
            parts[last].isOpen = true
        }
        let line = Self.offset(ofLine: outline.start, in: whole)
        text = Self.dropping(line, from: prefix(opening)) + Self.dropping(wholeLines, from: text)
        wholeLines = opening - line
        context = .fence
        return parts
    }

    /// Whether a fence has been closed: what follows it is no code then.
    private func isClosed(_ whole: String) -> Bool {
        MarkdownOutline(whole + "x\n").secondStart != nil
    }

    private mutating func cutUnit(at cut: Int, _ outline: MarkdownOutline) -> [Part] {
        var parts = finish(prefix(cut) + "\n", outline)
        if let last = parts.indices.last, outline.kind == .fence { parts[last].isOpen = true }
        let opening = outline.kind == .fence ? String(text.prefix { $0 != "\n" }) + "\n" : ""
        drop(cut)
        text = opening + text
        wholeLines += opening.utf8.count
        context = outline.kind == .fence ? .fence : .none
        return parts
    }

    /// Where a long unit is cut: after a line, else after a word, else anywhere; nil if it is
    /// not long, or not enough of it is known.
    private static func cut(_ text: String, before end: Int) -> Int? {
        guard end > bound else { return nil }
        var offset = bound
        var space: Int?
        for byte in text.utf8.dropFirst(bound).prefix(min(end, 3 * bound) - bound) {
            offset += 1
            if byte == UInt8(ascii: "\n") { return offset }
            if byte == UInt8(ascii: " "), offset > 2 * bound, space == nil { space = offset }
        }
        guard end >= 3 * bound else { return nil }
        var cut = text.utf8.index(text.utf8.startIndex, offsetBy: space ?? 3 * bound)
        while !text.isScalarBoundary(cut) { cut = text.utf8.index(before: cut) }
        return text.utf8.distance(from: text.utf8.startIndex, to: cut)
    }

    /// The parts of a unit that nothing can change any more.
    private mutating func finish(_ unit: String, _ outline: MarkdownOutline) -> [Part] {
        var blocks = read(unit, outline.kind)
        let isContainer = outline.kind == .list || unit.utf8.first == UInt8(ascii: ">")
        let found = outline.kind == .fence ? [] : definitions.take(from: unit)
        var continues = context != .none && !blocks.isEmpty
        if case .list(let next?) = context, case .list(var list) = blocks.first {
            list.start = next
            blocks[0] = .list(list)
        }
        // Without the line that opens a fence: it is read again with each of its parts.
        if outline.kind == .fence, case .code(_, let code) = blocks.first {
            budget.read(code.utf8.count)
        } else {
            budget.read(unit.utf8.count)
        }
        if !isContainer { blocks += found.map { .definition($0) } }
        defer { endedEmpty = Self.endsEmpty(unit) }
        return blocks.map { block in
            defer { continues = false }
            return Part(block: block, continues: continues, followsEmptyLine: endedEmpty)
        }
    }

    /// The blocks of a unit, with as many links by reference as there may be.
    private mutating func read(_ unit: String, _ kind: MarkdownOutline.Kind) -> [MarkdownBlock] {
        let size = unit.utf8.count
        guard kind != .fence, unit.utf8.contains(UInt8(ascii: "[")) else {
            return MarkdownDocument(unit, isGrowing: isGrowing).blocks
        }
        let left = budget.left(with: size)
        let source = definitions.source(for: unit, atMost: left)
        let document = MarkdownDocument(source + unit, isGrowing: isGrowing)
        budget.spend(
            on: size,
            definitions: source.utf8.count,
            addresses: document.limitLinks(to: size + left)
        )
        return document.blocks
    }

    private static func endsEmpty(_ unit: String) -> Bool {
        let last = unit.utf8.dropLast().reversed().prefix { $0 != UInt8(ascii: "\n") }
        return last.allSatisfy { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
    }

    // MARK: Offsets

    private func prefix(_ count: Int) -> String {
        String(text[..<text.utf8.index(text.utf8.startIndex, offsetBy: count)])
    }

    private static func dropping(_ count: Int, from text: String) -> String {
        String(text[text.utf8.index(text.utf8.startIndex, offsetBy: count)...])
    }

    private mutating func drop(_ count: Int) {
        text = Self.dropping(count, from: text)
        wholeLines = max(0, wholeLines - count)
    }

    /// The bytes before a line.
    private static func offset(ofLine line: Int, in text: String) -> Int {
        var (line, offset) = (line, 0)
        for byte in text.utf8 where line > 0 {
            offset += 1
            if byte == UInt8(ascii: "\n") { line -= 1 }
        }
        return offset
    }
}

extension StringProtocol {
    fileprivate func isScalarBoundary(_ index: Index) -> Bool {
        index == utf8.endIndex || !UTF8.isContinuation(utf8[index])
    }
}
