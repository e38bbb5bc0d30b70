// A strict reader of HTML that knows a few elements.
// SPDX-License-Identifier: Apache-2.0

/// Finds what is wrong with the HTML of a block: anything that an answer doesn't need.
///
/// It is no parser of what browsers accept: every character is either text that is escaped, or part
/// of an element of the list, written as `<name attribute="value">` and closed in order.
package struct HTMLChecker {
    private static let elements: [String: Set<String>] = [
        "p": [], "h3": [], "h4": [], "h5": [], "h6": [], "blockquote": [], "hr": [], "br": [],
        "em": [], "strong": [], "del": [], "figcaption": [], "table": [], "thead": [], "tbody": [],
        "tr": [],
        "a": ["href", "rel=noopener noreferrer nofollow", "target=_blank"],
        "code": ["language"], "figure": ["class=code"],
        "pre": ["class=plain", "tabindex=0"], "div": ["class=table", "tabindex=0"],
        "ul": ["class=tight", "class=goes-on", "class=tight goes-on"],
        "ol": ["class=tight", "class=goes-on", "class=tight goes-on", "start"],
        "li": ["class=task"],
        "span": [
            "class=host", "class=box", "role=img", "aria-label=done", "aria-label=to do",
        ],
        "th": ["class=left", "class=center", "class=right"],
        "td": ["class=left", "class=center", "class=right"],
    ]

    private var rest: Substring.UnicodeScalarView
    private var open: [String] = []
    private var roots = 0
    private var offences: [String] = []

    /// What is wrong with a block, which is one element; empty if it is as it should be.
    package static func offences(in html: String) -> [String] {
        var checker = HTMLChecker(rest: Substring(html).unicodeScalars)
        while let scalar = checker.rest.first { checker.read(scalar) }
        if !checker.open.isEmpty { checker.offences.append("open: \(checker.open)") }
        if checker.roots > 1 { checker.offences.append("\(checker.roots) elements") }
        return checker.offences
    }

    private mutating func read(_ scalar: Unicode.Scalar) {
        if scalar == "<" { return readTag() }
        if open.isEmpty { offences.append("text outside") }
        switch scalar {
        case "&": readReference()
        case ">", "\"", "'": fail("unescaped \(scalar)")
        case "\n", "\t": rest.removeFirst()
        case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}": fail("control \(scalar.value)")
        default: rest.removeFirst()
        }
    }

    private mutating func fail(_ offence: String) {
        offences.append(offence)
        rest.removeFirst()
    }

    private mutating func readReference() {
        let known = ["&amp;", "&lt;", "&gt;", "&quot;", "&#39;"]
        guard let found = known.first(where: { rest.starts(with: $0.unicodeScalars) }) else {
            return fail("unescaped &")
        }
        rest = rest.dropFirst(found.unicodeScalars.count)
    }

    private mutating func readTag() {
        guard let end = rest.firstIndex(of: ">") else { return fail("unescaped <") }
        let tag = String(rest[rest.index(after: rest.startIndex)..<end])
        rest = rest[rest.index(after: end)...]
        if tag.hasPrefix("/") {
            if open.popLast() != String(tag.dropFirst()) { offences.append("<\(tag)>") }
            return
        }
        let name = String(tag.prefix { $0 != " " })
        guard let allowed = Self.elements[name] else { return offences.append("<\(tag)>") }
        check(tag.dropFirst(name.count), of: name, allowed)
        if open.isEmpty { roots += 1 }
        if name != "br", name != "hr" { open.append(name) }
    }

    private mutating func check(
        _ attributes: Substring,
        of element: String,
        _ allowed: Set<String>
    ) {
        var rest = attributes
        while let match = rest.prefixMatch(of: /\ ([a-z-]+)="([^"<>]*)"/) {
            let (name, value) = (String(match.1), String(match.2))
            rest = rest[match.range.upperBound...]
            let isAllowed =
                switch (element, name) {
                case ("a", "href"):
                    value.lowercased().wholeMatch(of: /(https?:\/\/|mailto:).+/) != nil
                case ("ol", "start"): value.wholeMatch(of: /[0-9]+/) != nil
                case ("code", "class"):
                    value.wholeMatch(of: /language-[A-Za-z0-9+\-#._]+/) != nil
                default: allowed.contains("\(name)=\(value)")
                }
            if !isAllowed { offences.append("\(name)=\"\(value)\"") }
        }
        if !rest.isEmpty { offences.append("\(element)\(attributes)") }
    }
}
