// The blocks that a text in Markdown is made of, for a terminal and for a page.
// SPDX-License-Identifier: Apache-2.0

/// A block of GitHub-flavoured Markdown.
///
/// Texts are what the writer meant, with entities and escapes resolved: they may hold any
/// character, and whoever shows them takes care of controls.
package indirect enum MarkdownBlock: Sendable {
    case paragraph([MarkdownInline])
    case heading(level: Int, [MarkdownInline])
    /// Code with what the fence says about it; nothing for code that is indented.
    case code(info: String, text: String)
    case quote([MarkdownBlock])
    case list(MarkdownList)
    case table(MarkdownTable)
    case html(String)
    case thematicBreak
    /// A link's definition, which CommonMark itself doesn't show.
    ///
    /// Links are resolved by the definitions that come before them or directly behind their block.
    /// Those of a longer way back stay text, so the definition has to be seen.
    case definition(MarkdownDefinition)
}

/// A list, or the part of one that is finished.
package struct MarkdownList: Sendable {
    /// The number of the first item; nil for bullets.
    package var start: Int?
    /// What follows a number.
    package var delimiter: Character = "."
    /// Whether the items are no paragraphs of their own.
    package var isTight = true
    package var items: [MarkdownItem] = []
}

/// An item of a list.
package struct MarkdownItem: Sendable {
    /// Whether the task is done; nil for items that are no tasks.
    package var isDone: Bool?
    package var blocks: [MarkdownBlock] = []
}

/// A table with the cells of each row.
package struct MarkdownTable: Sendable {
    package enum Alignment: Equatable, Sendable { case none, left, center, right }

    package var alignments: [Alignment] = []
    package var header: [[MarkdownInline]] = []
    package var rows: [[[MarkdownInline]]] = []
}

/// What a label of links stands for.
package struct MarkdownDefinition: Sendable {
    package var label: String
    package var address: String
    package var title: String
}

/// A part of a block's text.
package indirect enum MarkdownInline: Sendable {
    case text(String)
    case code(String)
    case emphasis([MarkdownInline])
    case strong([MarkdownInline])
    case struck([MarkdownInline])
    case link(address: String, [MarkdownInline])
    case image(address: String, [MarkdownInline])
    case html(String)
    /// A newline of the source that means none.
    case softBreak
    case lineBreak
}
