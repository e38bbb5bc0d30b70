// A text as cmark-gfm reads it, turned into blocks.
// SPDX-License-Identifier: Apache-2.0

import CCommonMark
import Synchronization

/// A parsed text; it owns cmark's tree.
struct MarkdownDocument: ~Copyable {
    typealias Node = OpaquePointer

    /// Held while a parser works: cmark-gfm keeps the characters that its extensions look for in
    /// variables of the process.
    private static let parsing = Mutex(())

    private static let extensions = {
        cmark_gfm_core_extensions_ensure_registered()
        return ["table", "strikethrough", "autolink", "tasklist"]
    }()

    let root: Node?

    /// Parses a text.
    ///
    /// - `isGrowing`: Whether more of it follows.
    init(_ text: String, isGrowing: Bool = false) {
        let isWide = WideTable.delimiterRow(in: text) != nil
        let names = Self.extensions.filter { !isWide || $0 != "table" }
        root = Self.parsing.withLock { _ -> Node? in
            guard let parser = cmark_parser_new(CMARK_OPT_DEFAULT) else { return nil }
            defer { cmark_parser_free(parser) }
            for name in names {
                if let found = cmark_find_syntax_extension(name) {
                    cmark_parser_attach_syntax_extension(parser, found)
                }
            }
            var text = MathText.protected(text, isGrowing: isGrowing)
            text.withUTF8 { bytes in
                bytes.withMemoryRebound(to: CChar.self) {
                    cmark_parser_feed(parser, $0.baseAddress, $0.count)
                }
            }
            return cmark_parser_finish(parser)
        }
    }

    deinit {
        if let root { cmark_node_free(root) }
    }

    /// Turns links into text whose addresses would come to more than `limit` bytes.
    ///
    /// - Returns: The bytes of the addresses that are left.
    func limitLinks(to limit: Int) -> Int {
        guard let iterator = cmark_iter_new(root) else { return 0 }
        defer { cmark_iter_free(iterator) }
        var size = 0
        var others: [Node] = []
        while true {
            let event = cmark_iter_next(iterator)
            guard event != CMARK_EVENT_DONE else { break }
            guard event == CMARK_EVENT_ENTER, let node = cmark_iter_get_node(iterator),
                [amaru_node_link, amaru_node_image].contains(amaru_kind(node)),
                let address = cmark_node_get_url(node)
            else { continue }
            let length = strlen(address)
            if length > limit - size { others.append(node) } else { size += length }
        }
        for node in others { Self.unwrap(node) }
        return size
    }

    /// Replaces a link by what it is called, in brackets.
    private static func unwrap(_ link: Node) {
        let opening = amaru_kind(link) == amaru_node_image ? "![" : "["
        insert(opening, before: link)
        while let child = cmark_node_first_child(link),
            cmark_node_insert_before(link, child) != 0
        {}
        insert("]", before: link)
        cmark_node_free(link)
    }

    private static func insert(_ text: String, before node: Node) {
        guard let new = cmark_node_new(CMARK_NODE_TEXT) else { return }
        cmark_node_set_literal(new, text)
        if cmark_node_insert_before(node, new) == 0 { cmark_node_free(new) }
    }

    /// The blocks of the text.
    var blocks: [MarkdownBlock] { Self.readBlocks(in: root, depth: 0) }

    // MARK: Blocks

    /// Levels below which the text alone is taken: what others wrote may be nested without end.
    private static let deepest = 48

    static func children(of node: Node?) -> [Node] {
        var children: [Node] = []
        var child = cmark_node_first_child(node)
        while let node = child {
            children.append(node)
            child = cmark_node_next(node)
        }
        return children
    }

    private static func readBlocks(in node: Node?, depth: Int) -> [MarkdownBlock] {
        guard depth < deepest else { return [.paragraph([.text(text(in: node))])] }
        return children(of: node).compactMap { block($0, depth) }
    }

    private static func block(_ node: Node, _ depth: Int) -> MarkdownBlock? {
        switch amaru_kind(node) {
        case amaru_node_paragraph:
            return .paragraph(inlines(in: node, depth: depth))
        case amaru_node_heading:
            let level = Int(cmark_node_get_heading_level(node))
            return .heading(level: level, inlines(in: node, depth: depth))
        case amaru_node_code_block:
            return .code(info: string(cmark_node_get_fence_info(node)), text: literal(node))
        case amaru_node_html_block:
            return .html(literal(node))
        case amaru_node_thematic_break:
            return .thematicBreak
        case amaru_node_quote:
            return .quote(readBlocks(in: node, depth: depth + 1))
        case amaru_node_list:
            return .list(list(node, depth))
        case amaru_node_table:
            return .table(table(node, depth))
        default:
            return nil
        }
    }

    private static func list(_ node: Node, _ depth: Int) -> MarkdownList {
        var list = MarkdownList()
        if cmark_node_get_list_type(node) == CMARK_ORDERED_LIST {
            list.start = Int(cmark_node_get_list_start(node))
            list.delimiter = cmark_node_get_list_delim(node) == CMARK_PAREN_DELIM ? ")" : "."
        }
        list.isTight = cmark_node_get_list_tight(node) != 0
        list.items = children(of: node).map { item in
            let isDone =
                amaru_is_task(item) != 0
                ? cmark_gfm_extensions_get_tasklist_item_checked(item) : nil
            return MarkdownItem(isDone: isDone, blocks: readBlocks(in: item, depth: depth + 1))
        }
        return list
    }

    private static func table(_ node: Node, _ depth: Int) -> MarkdownTable {
        var table = MarkdownTable()
        let count = Int(cmark_gfm_extensions_get_table_columns(node))
        if let letters = cmark_gfm_extensions_get_table_alignments(node) {
            table.alignments = (0..<count).map { alignment(letters[$0]) }
        }
        var rows = children(of: node).map { row in
            children(of: row).map { inlines(in: $0, depth: depth + 1) }
        }
        if !rows.isEmpty { table.header = rows.removeFirst() }
        // cmark fills each row up to the width of the header.
        table.rows = rows.map { row in
            Array(row.prefix((row.lastIndex { !$0.isEmpty } ?? -1) + 1))
        }
        return table
    }

    private static func alignment(_ letter: UInt8) -> MarkdownTable.Alignment {
        switch Character(Unicode.Scalar(letter)) {
        case "l": .left
        case "c": .center
        case "r": .right
        default: .none
        }
    }

    // MARK: Inlines

    private static func inlines(in node: Node?, depth: Int) -> [MarkdownInline] {
        guard depth < deepest else { return [.text(text(in: node))] }
        var inlines: [MarkdownInline] = []
        for child in children(of: node) {
            guard let inline = inline(child, depth + 1) else { continue }
            // cmark cuts texts at each character that might have meant something.
            if case .text(let more) = inline, case .text(let text) = inlines.last {
                inlines[inlines.count - 1] = .text(text + more)
            } else {
                inlines.append(inline)
            }
        }
        return inlines
    }

    private static func inline(_ node: Node, _ depth: Int) -> MarkdownInline? {
        switch amaru_kind(node) {
        case amaru_node_text: .text(literal(node))
        case amaru_node_code: .code(literal(node))
        case amaru_node_html: .html(literal(node))
        case amaru_node_soft_break: .softBreak
        case amaru_node_line_break: .lineBreak
        case amaru_node_emphasis: .emphasis(inlines(in: node, depth: depth))
        case amaru_node_strong: .strong(inlines(in: node, depth: depth))
        case amaru_node_struck: .struck(inlines(in: node, depth: depth))
        case amaru_node_link:
            .link(address: string(cmark_node_get_url(node)), inlines(in: node, depth: depth))
        case amaru_node_image:
            .image(address: string(cmark_node_get_url(node)), inlines(in: node, depth: depth))
        default: nil
        }
    }

    /// All text below a node, without recursion.
    private static func text(in node: Node?) -> String {
        guard let iterator = cmark_iter_new(node) else { return "" }
        defer { cmark_iter_free(iterator) }
        var text = ""
        while cmark_iter_next(iterator) != CMARK_EVENT_DONE {
            text += string(cmark_node_get_literal(cmark_iter_get_node(iterator)))
        }
        return text
    }

    static func literal(_ node: Node) -> String { string(cmark_node_get_literal(node)) }

    static func string(_ characters: UnsafePointer<CChar>?) -> String {
        characters.map { MathText.restored(String(cString: $0)) } ?? ""
    }
}
