// Text as HTML.
// SPDX-License-Identifier: Apache-2.0

extension String {
    /// The text with what HTML has a meaning for escaped, in content and in quoted attributes.
    ///
    /// Controls, which HTML doesn't allow, become replacement characters.
    package var htmlEscaped: String {
        var escaped = ""
        escaped.reserveCapacity(utf8.count + utf8.count / 16)
        for scalar in unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            case "\n", "\t": escaped.unicodeScalars.append(scalar)
            // A parser of HTML would make newlines of them.
            case "\r": escaped += "\n"
            case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}":
                escaped += "\u{FFFD}"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
