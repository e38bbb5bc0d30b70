// The packages that a Python file names in its own comments.
// SPDX-License-Identifier: Apache-2.0

/// The `dependencies` of a `# /// script` block.
///
/// ```python
/// # /// script
/// # dependencies = ["emoji>=2", "rich"]
/// # ///
/// ```
///
/// The form is that of
/// [inline script metadata](https://packaging.python.org/en/latest/specifications/inline-script-metadata/).
/// A malformed block has no requirements here; loading the file reports it.
///
/// This can't be left to Python's `tomllib`: the requirements decide which environment the
/// interpreter starts in.
public enum InlineRequirements {
    /// Returns the requirements that a source names, in order.
    public static func find(in source: String) -> [String] {
        let lines = source.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        guard let start = lines.firstIndex(of: "# /// script") else { return [] }
        let content = lines[(start + 1)...].prefix { $0.hasPrefix("#") && $0 != "# ///" }
        guard lines[content.endIndex...].first == "# ///" else { return [] }
        // The keys after a table's header are its own.
        let table = content.map { $0.dropFirst($0.hasPrefix("# ") ? 2 : 1) }
            .prefix { !$0.hasPrefix("[") }
        let isDependencies = { (line: Substring) in
            line.split(separator: "=").first?.filter { $0 != " " } == "dependencies"
        }
        guard let first = table.firstIndex(where: isDependencies) else { return [] }
        return strings(in: table[first...].joined(separator: "\n").drop { $0 != "[" }) ?? []
    }

    /// The strings of a TOML array; nil if it has no end.
    private static func strings(in array: Substring) -> [String]? {
        var found: [String] = []
        var rest = array.dropFirst()
        while let character = rest.popFirst() {
            switch character {
            case "]": return found
            case "#": rest = rest.drop { !$0.isNewline }
            case "\"", "'":
                guard let string = string(endedBy: character, &rest) else { return nil }
                found.append(string)
            default: break
            }
        }
        return nil
    }

    /// Takes a string up to its quote; nil if its line ends before.
    private static func string(endedBy quote: Character, _ rest: inout Substring) -> String? {
        var string = ""
        while let character = rest.popFirst(), !character.isNewline {
            if character == quote { return string }
            // In a marker, a quote in a basic string has a backslash before it.
            let isEscape = character == "\\" && quote == "\""
            guard let next = isEscape ? rest.popFirst() : character else { return nil }
            string.append(next)
        }
        return nil
    }
}
