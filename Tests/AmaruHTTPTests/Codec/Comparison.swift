// What two parsers make of a response, side by side.
// SPDX-License-Identifier: Apache-2.0

@testable import AmaruHTTP

/// The outcomes of our parser and of one of Python's.
struct Comparison: CustomStringConvertible {
    /// In what the outcomes differ.
    enum Difference: Hashable {
        /// Python's parser reads a response that ours refuses.
        case refused
        /// Ours reads a response that Python's refuses.
        case read
        case status
        case reason
        case fields
        case body
        case informational
        case trailers
    }

    let parser: PythonParser
    let method: String
    let text: String
    let ours: ParserOutcome
    let theirs: PythonParser.Outcome
    let differences: Set<Difference>

    init(
        _ parser: PythonParser,
        _ method: String,
        _ text: String,
        _ theirs: PythonParser.Outcome
    ) {
        let bytes = Latin1.bytes(text) ?? []
        let ours = ParserOutcome(of: [bytes[...]], method: method, closes: true)
        (self.parser, self.method, self.text) = (parser, method, text)
        (self.ours, self.theirs) = (ours, theirs)
        differences = Self.differences(parser, ours, theirs)
    }

    var description: String {
        """
        \(differences): \(method) \(text.debugDescription)
        ours: \(ours.failure.map { "\($0)" } ?? "\(ours)")
        \(parser.rawValue): \(theirs.refusal ?? theirs.response.map { "\($0)" } ?? "")
        """
    }

    private static func differences(
        _ parser: PythonParser,
        _ ours: ParserOutcome,
        _ theirs: PythonParser.Outcome
    ) -> Set<Difference> {
        guard let response = theirs.response else { return ours.failure == nil ? [.read] : [] }
        guard ours.failure == nil, let head = ours.head else { return [.refused] }
        var differences: Set<Difference> = []
        if head.status != response.status { differences.insert(.status) }
        if trimmed(Latin1.text(head.reason)) != trimmed(response.reason) {
            differences.insert(.reason)
        }
        if fields(head.fields.map(pair), parser) != fields(response.fields, parser) {
            differences.insert(.fields)
        }
        if Latin1.text(ours.body) != response.body { differences.insert(.body) }
        guard parser == .h11 else { return differences }
        if ours.informational.map(\.status) != response.informational {
            differences.insert(.informational)
        }
        if fields((ours.trailers ?? []).map(pair), parser) != fields(response.trailers, parser) {
            differences.insert(.trailers)
        }
        return differences
    }

    private static func pair(_ field: HTTPHeaderField) -> [String] {
        [field.name, Latin1.text(field.bytes)]
    }

    /// The fields as they can be compared: h11 rewrites those of the framing, and each parser
    /// has its own way with the blanks about a fold.
    private static func fields(_ fields: [[String]], _ parser: PythonParser) -> [[String]] {
        let framing = ["content-length", "transfer-encoding"]
        return fields.filter { parser == .httpClient || !framing.contains($0[0].lowercased()) }
            .map { [$0[0], words($0[1])] }
    }

    private static func words(_ text: String) -> String {
        text.unicodeScalars.split { $0 == " " || $0 == "\t" }.map(String.init)
            .joined(separator: " ")
    }

    /// The text without what Python takes for whitespace.
    private static func trimmed(_ text: String) -> String {
        let isSpace = { (scalar: Unicode.Scalar) in
            scalar.properties.isWhitespace || (0x1C...0x1F).contains(scalar.value)
        }
        let end = text.unicodeScalars.reversed().drop(while: isSpace).reversed()
        return String(String.UnicodeScalarView(end.drop(while: isSpace)))
    }
}
