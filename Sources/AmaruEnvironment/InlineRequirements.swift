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
/// A malformed block counts as none here; whoever runs the file reports it.
public enum InlineRequirements {
    /// The requirements that a source names, in order.
    public static func find(in source: String) -> [String] {
        let lines = source.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        guard let start = lines.firstIndex(of: "# /// script") else { return [] }
        let content = lines[(start + 1)...].prefix { $0.hasPrefix("#") && $0 != "# ///" }
        guard lines[content.endIndex...].first == "# ///" else { return [] }
        let table = content.map { $0.dropFirst($0.hasPrefix("# ") ? 2 : 1) }
        guard
            let first = table.firstIndex(where: { line in
                line.split(separator: "=")[...].first?.filter { $0 != " " } == "dependencies"
            })
        else { return [] }
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
                let string = rest.prefix { $0 != character && !$0.isNewline }
                found.append(String(string))
                rest = rest.dropFirst(string.count + 1)
            default: break
            }
        }
        return nil
    }
}
