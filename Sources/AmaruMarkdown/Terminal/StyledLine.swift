// A line of text with styles, and what a terminal is sent for it.
// SPDX-License-Identifier: Apache-2.0

/// How text looks on a terminal.
package struct TextStyle: OptionSet, Hashable, Sendable {
    package let rawValue: UInt16

    package init(rawValue: UInt16) { self.rawValue = rawValue }

    package static let bold = TextStyle(rawValue: 1)
    package static let dim = TextStyle(rawValue: 2)
    package static let italic = TextStyle(rawValue: 4)
    package static let underlined = TextStyle(rawValue: 8)
    package static let struck = TextStyle(rawValue: 16)
    // The colours.
    package static let cyan = TextStyle(rawValue: 256)
    package static let blue = TextStyle(rawValue: 512)
    package static let magenta = TextStyle(rawValue: 1024)
    package static let green = TextStyle(rawValue: 2048)
    package static let red = TextStyle(rawValue: 4096)

    private static let codes: [(TextStyle, String)] = [
        (.bold, "1"), (.dim, "2"), (.italic, "3"), (.underlined, "4"), (.struck, "9"),
        (.cyan, "36"), (.blue, "34"), (.magenta, "35"), (.green, "32"), (.red, "31"),
    ]

    /// What selects the style.
    fileprivate var sequence: String {
        let codes = Self.codes.filter { contains($0.0) }.map(\.1)
        return codes.isEmpty ? "" : "\u{1B}[\(codes.joined(separator: ";"))m"
    }
}

/// What of the styles is used.
package enum TextColors: Sendable {
    /// Text alone.
    case none
    /// Bold, italics and the like.
    case monochrome
    case all

    func visible(_ style: TextStyle) -> TextStyle {
        switch self {
        case .none: []
        case .monochrome: TextStyle(rawValue: style.rawValue & 0xFF)
        case .all: style
        }
    }
}

/// A logical line: a terminal wraps it where it is longer than a row.
package struct StyledLine: Equatable, Sendable {
    /// Text of one style; never a control character.
    package struct Span: Equatable, Sendable {
        package fileprivate(set) var text: String
        package var style: TextStyle = []
        /// The address that a click opens; printable ASCII.
        package fileprivate(set) var link: String?

        /// A part of the span's own text, with its style.
        func part(_ text: some StringProtocol) -> Span {
            Span(text: String(text), style: style, link: link)
        }
    }

    package private(set) var spans: [Span] = []

    package init() {}

    package init(_ text: String, _ style: TextStyle = []) { append(text, style) }

    /// Whether there is no text.
    package var isEmpty: Bool { spans.isEmpty }

    /// The text without styles.
    package var text: String { spans.map(\.text).joined() }

    /// Adds text; what would command a terminal is left out, and a tab becomes spaces.
    ///
    /// Entities such as `&#27;` come to control characters behind every filter of the source.
    package mutating func append(_ text: String, _ style: TextStyle = [], link: String? = nil) {
        let text = Self.printable(text)
        guard !text.isEmpty else { return }
        let link = link.flatMap(Self.linkAddress)
        guard !Self.hasPictures(text) else { return appendPictures(text, style, link) }
        append(part: text, style, link)
    }

    private mutating func append(part text: String, _ style: TextStyle, _ link: String?) {
        if let last = spans.indices.last, spans[last].style == style, spans[last].link == link {
            spans[last].text += text
        } else {
            spans.append(Span(text: text, style: style, link: link))
        }
    }

    /// Adds text with pictures of controls, which stand for what was removed, and are dim.
    private mutating func appendPictures(_ text: String, _ style: TextStyle, _ link: String?) {
        for character in text {
            let isPicture = Self.hasPictures(String(character))
            append(part: String(character), isPicture ? style.union(.dim) : style, link)
        }
    }

    private static func hasPictures(_ text: String) -> Bool {
        text.utf8.contains(0x90)
            && text.unicodeScalars.contains { (0x2400...0x2421).contains($0.value) }
    }

    package mutating func append(_ line: StyledLine) {
        for span in line.spans { append(span) }
    }

    mutating func append(_ span: Span) {
        if let last = spans.indices.last, spans[last].style == span.style,
            spans[last].link == span.link
        {
            spans[last].text += span.text
        } else if !span.text.isEmpty {
            spans.append(span)
        }
    }

    mutating func removeTrailingSpaces() {
        while let last = spans.last, last.link == nil, last.text.last == " " {
            spans[spans.count - 1].text.removeLast()
            if last.text.utf8.count == 1 { spans.removeLast() }
        }
    }

    /// The most scalars of a cluster: a letter with more marks than any language has is measured
    /// again and again.
    private static let longestCluster = 32

    private static func printable(_ text: String) -> String {
        let text = withoutControls(text)
        guard text.utf8.count > longestCluster, text.utf8.contains(where: { $0 >= 0x80 }),
            text.contains(where: { $0.unicodeScalars.count > longestCluster })
        else { return text }
        return text.reduce(into: "") { cut, character in
            cut.unicodeScalars.append(contentsOf: character.unicodeScalars.prefix(longestCluster))
        }
    }

    private static func withoutControls(_ text: String) -> String {
        let isPrintable = text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F && $0 != 0xC2 }
        guard !isPrintable else { return text }
        var printable = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x09: printable.append(contentsOf: "    ".unicodeScalars)
            case 0x00...0x1F, 0x7F...0x9F: break
            default: printable.append(scalar)
            }
        }
        return String(printable)
    }

    /// An address as a terminal may get it; nil for those that are text only.
    private static func linkAddress(_ address: String) -> String? {
        let schemes = ["http://", "https://", "mailto:", "file://"]
        let start = address.prefix(8).lowercased()
        guard schemes.contains(where: { start.hasPrefix($0) }), address.utf8.count < 2000 else {
            return nil
        }
        var encoded = ""
        for byte in address.utf8 {
            if (0x21...0x7E).contains(byte) {
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                encoded += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
        return encoded
    }

    /// What a terminal is sent for the line.
    func encoded(_ colors: TextColors) -> String {
        var encoded = ""
        for span in spans {
            let link = colors == .none ? nil : span.link
            let style = colors.visible(span.style).sequence
            if let link { encoded += "\u{1B}]8;;\(link)\u{1B}\\" }
            encoded += style + span.text
            if !style.isEmpty { encoded += "\u{1B}[0m" }
            if link != nil { encoded += "\u{1B}]8;;\u{1B}\\" }
        }
        return encoded
    }
}
