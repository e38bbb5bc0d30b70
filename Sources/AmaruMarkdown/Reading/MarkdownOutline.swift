// Where the first unit of a text begins and ends.
// SPDX-License-Identifier: Apache-2.0

import CCommonMark

/// The pieces of a text that can be finished one after the other: its blocks, and the items of its
/// first list.
///
/// CommonMark's structure is found line by line, and a line that begins a block has ended all
/// earlier ones of its level. So only the last unit of whole lines can still change, and each
/// means alone what it means among the others.
struct MarkdownOutline {
    enum Kind { case list, fence, other }

    /// What the first unit is, or belongs to.
    private(set) var kind = Kind.other
    /// The line where the second unit begins, from 0; nil if there is one only.
    private(set) var secondStart: Int?
    /// Whether the second unit is an item of the same list.
    private(set) var isSameList = false
    /// The first unit's line, from 0.
    private(set) var start = 0
    /// The code of a fence that has been read so far.
    private(set) var code = ""

    /// The outline of a text without blocks.
    init() {}

    init(_ text: String) {
        // The tables before a wide one are tables still, however the text was cut.
        if let row = WideTable.delimiterRow(in: text) {
            let before = MarkdownOutline(String(text[..<row]))
            if before.secondStart != nil {
                self = before
                return
            }
        }
        let document = MarkdownDocument(text, isGrowing: true)
        let children = MarkdownDocument.children(of: document.root)
        // A paragraph that a table's header was the last line of has no line of its own.
        let starts = children.map { Int(cmark_node_get_start_line($0)) - 1 }.filter { $0 >= 0 }
        guard let first = children.first, let start = starts.first else { return }
        self.start = start
        secondStart = starts.dropFirst().first { $0 > start }
        switch amaru_kind(first) {
        case amaru_node_list:
            kind = .list
            let items = MarkdownDocument.children(of: first)
            guard items.count > 1 else { break }
            secondStart = Int(cmark_node_get_start_line(items[1])) - 1
            isSameList = true
        case amaru_node_code_block:
            var (length, offset, character): (CInt, CInt, CChar) = (0, 0, 0)
            guard cmark_node_get_fenced(first, &length, &offset, &character) != 0 else { break }
            // A line of that length opens nothing that is worth keeping.
            guard strlen(cmark_node_get_fence_info(first)) < 1024 else { break }
            kind = .fence
            // What follows a fence that is closed is no part of it, definitions neither.
            if secondStart != nil { secondStart = Int(cmark_node_get_end_line(first)) }
            code = MarkdownDocument.literal(first)
        default:
            break
        }
    }
}
