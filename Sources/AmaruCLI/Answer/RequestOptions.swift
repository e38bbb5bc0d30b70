// The options that say what each request to the model holds.
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

struct RequestOptions: ParsableArguments {
    @Option(
        name: [.customShort("o"), .customLong("option")],
        help: """
            A field of each request, NAME=VALUE, such as temperature=0.2 or max_tokens=100. The \
            value is JSON, or else a text. Repeatable.
            """,
        transform: RequestOption.init(parsing:)
    )
    var option: [RequestOption] = []

    /// The fields by name, as JSON texts.
    var fields: [String: String] {
        // The last of several with one name counts, as with other options.
        Dictionary(option.map { ($0.name, $0.json) }) { $1 }
    }
}

/// The value of `-o`: a field of the request, and what it holds.
struct RequestOption: Equatable, Sendable {
    /// What is wrong with the text of an option.
    struct ParseError: Error, Equatable, CustomStringConvertible {
        let description: String
    }

    let name: String
    /// The value as JSON text.
    let json: String

    /// Reads an option's text.
    ///
    /// - Throws: `ParseError`.
    init(parsing text: String) throws {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty else {
            throw ParseError(
                description: "\(text.debugDescription) has no value; write NAME=VALUE, as in "
                    + "temperature=0.2"
            )
        }
        name = String(parts[0])
        try Self.check(name)
        let value = String(parts[1])
        json = JSONText.isValid(value) ? value : JSONText.quoted(value)
    }

    /// Refuses a field that something else sets.
    ///
    /// - Throws: `ParseError` that says what does.
    static func check(_ name: String) throws {
        let setters = [
            "model": "use --model", "messages": "the prompt is the message",
            "stream": "use --no-stream", "response_format": "use --schema",
        ]
        guard let setter = setters[name] else { return }
        throw ParseError(description: "\(name) is no option: \(setter)")
    }
}
