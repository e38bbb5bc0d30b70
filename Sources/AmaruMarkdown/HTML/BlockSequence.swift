// The parts of a text, joined to what a page shows as one element each.
// SPDX-License-Identifier: Apache-2.0

/// The topmost blocks of a text that grows at its end.
///
/// Only the last block changes, by parts that continue it. A long list is cut: it would be sent to
/// the page again with each of its items.
package struct BlockSequence: Sendable {
    /// A block of the page.
    package enum Block: Sendable {
        case html(String)
        case code(info: String, text: GrowingText)
        /// A list, or a part of one, with its items as HTML; the model's own are not used.
        case list(MarkdownList, items: [String], goesOn: Bool)

        /// The block's element.
        package var html: String {
            switch self {
            case .html(let html): html
            case .code(let info, let text): HTMLRenderer.code(info, text.string)
            case .list(let list, let items, let goesOn):
                HTMLRenderer.list(list, items, goesOn: goesOn)
            }
        }
    }

    /// The bytes of a list's items beyond which the next begins a list of its own.
    private static let bound = 8 * 1024

    /// The blocks so far.
    package private(set) var blocks: [Block] = []

    /// A sequence without blocks.
    package init() {}

    /// Adds what a reader gave out.
    package mutating func take(_ part: MarkdownReader.Part) {
        switch (part.block, blocks.last) {
        case (.code(_, let more), .code(let info, var text)) where part.continues:
            text.append(more)
            blocks[blocks.count - 1] = .code(info: info, text: text)
        case (.list(let more), .list(let list, let items, let goesOn)) where part.continues:
            add(more, followsEmptyLine: part.followsEmptyLine, to: list, items, goesOn)
        case (.code(let info, let text), _):
            blocks.append(.code(info: info, text: GrowingText(text)))
        case (.list(let list), _):
            append(list, goesOn: false)
        case (.definition, _):
            break
        default:
            blocks.append(.html(HTMLRenderer.html(part.block)))
        }
    }

    /// The last block alone, for what may still follow.
    package var tail: BlockSequence {
        var tail = BlockSequence()
        tail.blocks = blocks.suffix(1)
        return tail
    }

    /// Adds the blocks of another text.
    package mutating func append(_ other: BlockSequence) { blocks += other.blocks }

    /// The blocks of the same text with the links resolved whose definitions came later.
    ///
    /// They are as many blocks, cut at the same places: no definition makes a block another.
    ///
    /// - `isWanted`: Looked at again and again; only some of the blocks are returned without it.
    package func resolved(
        _ text: String,
        _ definitions: LinkDefinitions,
        while isWanted: () -> Bool = { true }
    ) -> BlockSequence {
        guard !definitions.isEmpty else { return self }
        var reader = MarkdownReader(definitions: definitions)
        var sequence = BlockSequence()
        for part in reader.append(text, while: isWanted) + reader.endText() { sequence.take(part) }
        return sequence
    }

    private mutating func append(_ list: MarkdownList, goesOn: Bool) {
        var own = list
        own.items = []
        blocks.append(.list(own, items: list.items.map(HTMLRenderer.item), goesOn: goesOn))
    }

    private mutating func add(
        _ more: MarkdownList,
        followsEmptyLine: Bool,
        to list: MarkdownList,
        _ items: [String],
        _ goesOn: Bool
    ) {
        // An empty line between two items, or within one, sets all of them apart.
        var list = list
        list.isTight = list.isTight && more.isTight && !followsEmptyLine
        guard items.reduce(0, { $0 + $1.utf8.count }) < Self.bound else {
            var more = more
            more.isTight = list.isTight
            return append(more, goesOn: true)
        }
        let all = items + more.items.map(HTMLRenderer.item)
        blocks[blocks.count - 1] = .list(list, items: all, goesOn: goesOn)
    }
}
