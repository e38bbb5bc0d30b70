// What a reader makes of the pieces of a text.
// SPDX-License-Identifier: Apache-2.0

@testable import AmaruMarkdown

/// A measure that is enough for what these texts hold.
let measure = CellMeasure { character in
    let first = character.unicodeScalars.first?.value ?? 0
    if character.unicodeScalars.contains("\u{FE0F}") { return 2 }
    if (0x300...0x36F).contains(first) || first == 0x200D { return 0 }
    return (0x1100...0x115F).contains(first) || (0x2E80...0xFFFF).contains(first)
        || first >= 0x1F300 ? 2 : 1
}

let cells: @Sendable (Character) -> Int = { measure.of(String($0)) }

/// What a reader gives out for a text in pieces.
func parts(of pieces: [String]) -> [MarkdownReader.Part] {
    var reader = MarkdownReader()
    return pieces.flatMap { reader.append($0) } + reader.finish()
}

/// Blocks, with the parts of each joined, and without what only a whole block knows.
func joined(_ parts: [MarkdownReader.Part]) -> [MarkdownBlock] {
    var blocks: [MarkdownBlock] = []
    for part in parts {
        switch (part.continues, blocks.last, part.block) {
        case (true, .code(let info, let text), .code(_, let more)):
            blocks[blocks.count - 1] = .code(info: info, text: text + more)
        case (true, .list(var list), .list(let more)):
            list.items += more.items
            blocks[blocks.count - 1] = .list(list)
        default:
            blocks.append(part.block)
        }
    }
    return blocks.map(withoutSpacing)
}

/// A block whose topmost list says nothing of its spacing, which its end decides.
func withoutSpacing(_ block: MarkdownBlock) -> MarkdownBlock {
    guard case .list(var list) = block else { return block }
    list.isTight = true
    return .list(list)
}

/// All lines of a text.
func lines(of parts: [MarkdownReader.Part], columns: Int) -> [StyledLine] {
    let renderer = MarkdownRenderer(columns: columns, measure: measure)
    var former: MarkdownReader.Part?
    return parts.flatMap { part in
        defer { former = part }
        return renderer.lines(of: part, after: former)
    }
}
