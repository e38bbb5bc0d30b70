// The definitions of links that a text has had so far.
// SPDX-License-Identifier: Apache-2.0

import CCommonMark

/// What labels stand for in the rest of a text.
package struct LinkDefinitions: Sendable {
    /// The most definitions that are kept, and the longest label.
    private static let (bound, longestLabel) = (500, 200)

    private var labels: Set<String> = []
    /// Their source, the oldest first.
    private var sources: [String] = []
    /// The definitions whose labels may be meant by a mention, by its key.
    private var places: [String: [Int]] = [:]

    /// No definitions.
    package init() {}

    /// Whether no label is defined.
    var isEmpty: Bool { labels.isEmpty }

    /// The definitions that a text may need, as Markdown to be put before it.
    ///
    /// - `limit`: The most bytes; a definition that doesn't fit is left out.
    func source(for text: String, atMost limit: Int) -> String {
        var source = ""
        for place in mentioned(in: text).sorted()
        where source.utf8.count + sources[place].utf8.count <= limit {
            source += sources[place]
        }
        return source.isEmpty ? "" : source + "\n"
    }

    /// The definitions whose labels stand in brackets somewhere in a text.
    private func mentioned(in text: String) -> Set<Int> {
        guard !places.isEmpty else { return [] }
        var mentioned: Set<Int> = []
        var start: String.Index?
        var isEscaped = false
        for index in text.utf8.indices {
            let byte = text.utf8[index]
            defer { isEscaped = byte == UInt8(ascii: "\\") && !isEscaped }
            switch byte {
            case UInt8(ascii: "[") where !isEscaped:
                start = text.utf8.index(after: index)
            case UInt8(ascii: "]") where !isEscaped:
                if let start, let places = places[Self.key(text[start..<index])] {
                    mentioned.formUnion(places)
                }
                start = nil
            default: break
            }
        }
        return mentioned
    }

    /// The same for all that cmark takes for the same label, and maybe for others.
    ///
    /// It folds case, and takes any white space for one space. Within a quote, a label may go on
    /// behind the mark of the next line; in a table, pipes are escaped.
    private static func key(_ label: Substring) -> String {
        guard label.utf8.count <= 2 * longestLabel else { return "" }
        let scalars = label.unicodeScalars.filter {
            !$0.properties.isWhitespace && $0 != ">" && $0 != "\\"
        }
        return String(scalars).lowercased().uppercased()
    }

    /// Finds the definitions in a finished piece of text and keeps them.
    mutating func take(from piece: String) -> [MarkdownDefinition] {
        guard labels.count < Self.bound, piece.contains("]:") else { return [] }
        var candidates: [String] = []
        var seen = labels
        for line in piece.split(separator: "\n") {
            guard let label = Self.label(in: line), seen.insert(label.lowercased()).inserted
            else { continue }
            candidates.append(label)
        }
        let found = Self.definitions(of: candidates, in: piece).prefix(Self.bound - labels.count)
        for definition in found {
            labels.insert(definition.label.lowercased())
            places[Self.key(definition.label[...]), default: []].append(sources.count)
            sources.append(definition.source)
        }
        return Array(found)
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

    /// What labels stand for in a text, as far as they stand for anything; cmark itself says.
    ///
    /// Of all at once: each in a reading of its own would cost the square of their number.
    private static func definitions(of labels: [String], in piece: String) -> [MarkdownDefinition] {
        guard !labels.isEmpty else { return [] }
        let references = labels.map { "[\($0)]\n\n" }.joined()
        let document = MarkdownDocument(references + piece)
        // A paragraph for each, whatever the label is.
        return zip(labels, MarkdownDocument.children(of: document.root)).compactMap { label, node in
            let link = cmark_node_first_child(node)
            guard let link, amaru_kind(link) == amaru_node_link else { return nil }
            return MarkdownDefinition(
                label: label,
                address: MarkdownDocument.string(cmark_node_get_url(link)),
                title: MarkdownDocument.string(cmark_node_get_title(link))
            )
        }
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
