// A part of a text whose code may get colours.
// SPDX-License-Identifier: Apache-2.0

/// A finished part, with the colours of its code as far as they have come.
struct AwaitedPart {
    let part: MarkdownReader.Part
    /// The pieces of code whose colours are not known yet, in order.
    private var awaited: [(text: CodeText, code: any ColoredCode)] = []
    private var colors: [CodeText: [[CodeSpan]?]] = [:]

    init(_ part: MarkdownReader.Part) { self.part = part }

    /// A line of a fence, which its code has been given.
    init(_ part: MarkdownReader.Part, lineOf code: any ColoredCode) {
        self.part = part
        guard case .code(let info, let text) = part.block, !text.isEmpty else { return }
        awaited = [(CodeText(info: info, text: text), code)]
    }

    /// A part that may hold fences, which go to the highlighter.
    init(_ part: MarkdownReader.Part, _ highlighter: any CodeHighlighter) {
        self.part = part
        awaited = Self.fences(in: [part.block]).compactMap { fence in
            guard let language = CodeText.language(of: fence.info),
                let code = highlighter.begin(language)
            else { return nil }
            for line in MarkdownRenderer.lines(of: fence.text) { code.append(line) }
            return (fence, code)
        }
    }

    /// Whether all colours that come have come.
    var isComplete: Bool { awaited.isEmpty }

    /// Takes the colours that have come.
    mutating func takeColors() {
        while let (text, code) = awaited.first {
            let count = MarkdownRenderer.lines(of: text.text).count
            guard let taken = code.take(count) else { return }
            colors[text] = taken
            awaited.removeFirst()
        }
    }

    /// Leaves code without colours as it is.
    func giveUp() {
        for (_, code) in awaited { code.giveUp() }
    }

    /// The lines of the part: code without colours yet is text like any other.
    func lines(_ renderer: MarkdownRenderer, after former: MarkdownReader.Part?) -> [StyledLine] {
        var renderer = renderer
        renderer.colors = colors
        if !isComplete { renderer.codeStyle = [] }
        return renderer.lines(of: part, after: former)
    }

    /// The fences in quotes and lists: those of the text itself come line by line.
    private static func fences(in blocks: [MarkdownBlock]) -> [CodeText] {
        blocks.flatMap { block -> [CodeText] in
            switch block {
            case .code(let info, let text): [CodeText(info: info, text: text)]
            case .quote(let blocks): fences(in: blocks)
            case .list(let list): list.items.flatMap { fences(in: $0.blocks) }
            default: []
            }
        }
    }
}

extension MarkdownReader.Part {
    /// A part of code as the line that opens it, its lines, and the line that closes it.
    var codeLines: [MarkdownReader.Part] {
        guard case .code(let info, let text) = block else { return [self] }
        var line = self
        (line.continues, line.isOpen) = (true, true)
        var parts = MarkdownRenderer.lines(of: text).map { text in
            line.block = .code(info: info, text: text + "\n")
            return line
        }
        if !continues {
            var opening = self
            (opening.block, opening.isOpen) = (.code(info: info, text: ""), true)
            parts.insert(opening, at: 0)
        }
        if !isOpen {
            (line.block, line.isOpen) = (.code(info: info, text: ""), false)
            parts.append(line)
        }
        return parts
    }
}
