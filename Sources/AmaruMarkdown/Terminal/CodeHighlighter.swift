// Where the colours of code come from.
// SPDX-License-Identifier: Apache-2.0

/// Finds the colours of code, in its own time.
///
/// Code is shown without colours until they come.
package protocol CodeHighlighter: Sendable {
    /// How long the end of an answer may wait for colours.
    var patience: Duration { get }

    /// Begins a piece of code; nil if code in this language stays plain.
    func begin(_ language: String) -> (any ColoredCode)?
}

/// A piece of code that comes line by line, and whose colours come behind it.
package protocol ColoredCode: Sendable {
    /// Whether what follows stays plain.
    var isPlain: Bool { get }

    /// Takes the next line, without its end.
    func append(_ line: String)

    /// Gives up: lines without colours stay plain.
    func giveUp()

    /// Takes the colours of so many lines behind those that were taken before, or nil for a line
    /// that stays plain.
    ///
    /// - Returns: Nil while colours may still come.
    func take(_ count: Int) -> [[CodeSpan]?]?
}

/// A part of a line of code in one style.
package struct CodeSpan: Equatable, Sendable {
    /// The number of Unicode scalars.
    package var length: Int
    package var style: TextStyle

    package init(length: Int, style: TextStyle) {
        self.length = length
        self.style = style
    }
}

/// Code, and what its fence says about it.
struct CodeText: Hashable {
    var info: String
    var text: String

    /// The language that a fence names, as in `python`, `rust,ignore` and `{.c .numbered}`.
    ///
    /// Nil for plain text, and for what is not the name of a language.
    static func language(of info: String) -> String? {
        let start = info.drop { "{. ".contains($0) }
        let name = start.prefix { !" ,{}:;\t".contains($0) }.lowercased()
        let isName = name.utf8.count < 32 && name.utf8.allSatisfy { (0x21...0x7E).contains($0) }
        return name.isEmpty || !isName || plain.contains(name) ? nil : name
    }

    private static let plain: Set = ["text", "txt", "plain", "plaintext", "output", "none"]
}

extension StyledLine {
    /// A line of code with its colours; letters behind the last span have none.
    init(_ text: String, _ spans: [CodeSpan]) {
        self.init()
        var rest = spans[...]
        var (run, style, left) = ("", TextStyle(), 0)
        // No cluster is cut, whatever the spans say.
        for character in text {
            while left <= 0, let next = rest.popFirst() {
                append(run, style)
                (run, style, left) = ("", next.style, left + next.length)
            }
            if left <= 0 {
                append(run, style)
                (run, style, left) = ("", [], .max)
            }
            run.append(character)
            left -= character.unicodeScalars.count
        }
        append(run, style)
    }
}
