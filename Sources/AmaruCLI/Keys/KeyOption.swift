// The value of --key-env: a variable and the origin that its key belongs to.
// SPDX-License-Identifier: Apache-2.0

import AmaruHTTP

/// `NAME[@ORIGIN]`: the key in the variable NAME may go to ORIGIN, and nowhere else.
struct KeyOption: Equatable, Sendable {
    /// What is wrong with the text of an option.
    struct ParseError: Error, Equatable, CustomStringConvertible {
        let description: String
    }

    /// The name of the variable that holds the key.
    let variable: String

    /// The origin that the key belongs to; nil for the base URL's.
    let origin: HTTPOrigin?

    init(variable: String, origin: HTTPOrigin? = nil) {
        self.variable = variable
        self.origin = origin
    }

    /// Reads an option's text.
    ///
    /// - Throws: `ParseError`.
    init(parsing text: String) throws {
        let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        let name = String(parts[0])
        guard Self.isVariableName(name) else {
            throw ParseError(
                description: "\(name.debugDescription) is not the name of a variable; "
                    + "write NAME or NAME@ORIGIN, as in OPENAI_API_KEY@https://api.openai.com"
            )
        }
        variable = name
        origin = parts.count > 1 ? try Self.origin(String(parts[1])) : nil
    }

    private static func isVariableName(_ name: String) -> Bool {
        guard let first = name.utf8.first, first < 0x30 || first > 0x39 else { return false }
        return name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
    }

    /// Reads an origin; `https` when no scheme is named.
    private static func origin(_ text: String) throws -> HTTPOrigin {
        do {
            return try HTTPOrigin(parsingOnly: text.contains("://") ? text : "https://\(text)")
        } catch {
            throw ParseError(
                description: "\(text.debugDescription) is not an origin; "
                    + "write a scheme and a host, as in https://api.openai.com"
            )
        }
    }
}
