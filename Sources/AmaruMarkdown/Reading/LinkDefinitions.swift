// The definitions of links that a text has had so far.
// SPDX-License-Identifier: Apache-2.0

import CCommonMark

/// What labels stand for in the rest of a text.
package struct LinkDefinitions: Sendable {
    /// The most definitions that are kept, and the longest label.
    private static let (bound, longestLabel) = (500, 200)

    private var labels: Set<String> = []
    /// Their source.
    private var source = ""

    /// No definitions.
    package init() {}

    /// Whether no label is defined.
    var isEmpty: Bool { labels.isEmpty }

    /// The text with the definitions before it, if it may need them.
    func before(_ text: String) -> String {
        source.isEmpty || !text.utf8.contains(UInt8(ascii: "[")) ? text : source + "\n" + text
    }

    /// Finds the definitions in a finished piece of text and keeps them.
    mutating func take(from piece: String) -> [MarkdownDefinition] {
        guard piece.contains("]:") else { return [] }
        var found: [MarkdownDefinition] = []
        for line in piece.split(separator: "\n") {
            guard let label = Self.label(in: line), labels.count < Self.bound,
                !labels.contains(label.lowercased()),
                let definition = Self.definition(of: label, in: piece)
            else { continue }
            labels.insert(label.lowercased())
            source += definition.source
            found.append(definition)
        }
        return found
    }

    /// The label that a line may define, inside quotes and lists too.
    private static func label(in line: Substring) -> String? {
        let start = line.drop { " \t>-+*.)".contains($0) || $0.isNumber }
        guard start.first == "[", let end = start.firstRange(of: "]:")?.lowerBound else {
            return nil
        }
        let label = start[start.index(after: start.startIndex)..<end]
        let isLabel = label.utf8.count < longestLabel && !label.allSatisfy(\.isWhitespace)
        return isLabel ? String(label) : nil
    }

    /// What a label stands for in a text; cmark itself says.
    private static func definition(of label: String, in piece: String) -> MarkdownDefinition? {
        let document = MarkdownDocument("[\(label)]\n\n" + piece)
        let link = cmark_node_first_child(cmark_node_first_child(document.root))
        guard let link, amaru_kind(link) == amaru_node_link else { return nil }
        return MarkdownDefinition(
            label: label,
            address: MarkdownDocument.string(cmark_node_get_url(link)),
            title: MarkdownDocument.string(cmark_node_get_title(link))
        )
    }
}

extension MarkdownDefinition {
    /// The definition as a line of Markdown.
    fileprivate var source: String {
        let title = title.isEmpty ? "" : " \"\(Self.escaped(title))\""
        return "[\(label)]: <\(Self.escaped(address))>\(title)\n"
    }

    private static func escaped(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\", "<", ">", "\"", "&": escaped += "\\\(scalar)"
            case "\n": escaped += " "
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
