// Text of others on a terminal, where it is a name or a line of a list.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat

/// Makes text harmless where letters in another order would mislead.
enum ShownText {
    /// A text that a terminal neither obeys nor shows in another order.
    ///
    /// Embeddings, overrides and isolates turn what is around them
    /// (https://unicode.org/reports/tr9/#Directional_Formatting_Codes): `U+202E` lets a name end
    /// in what is its middle. They are spelled out; letters keep their own direction.
    static func harmless(_ text: String) -> String {
        let clean = EscapeFilter.clean(text)
        // The first byte of each in UTF-8.
        guard clean.utf8.contains(0xE2) else { return clean }
        return clean.unicodeScalars.reduce(into: "") { shown, scalar in
            if isTurning(scalar) {
                shown += "<U+\(String(scalar.value, radix: 16, uppercase: true))>"
            } else {
                shown.unicodeScalars.append(scalar)
            }
        }
    }

    /// A line of diagnostics, cut at words if standard error is a narrow terminal.
    ///
    /// On others it is one line to copy.
    static func diagnostics(_ text: String) -> String {
        let text = harmless(text)
        let columns = TerminalSize(of: STDERR_FILENO).columns
        guard columns < 80 else { return text }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        return lines.map { wrapped($0, to: columns) }.joined(separator: "\n")
    }

    /// A line with breaks at blanks, so that no row is longer unless a word is.
    static func wrapped(_ line: Substring, to columns: Int) -> String {
        var (rows, width) = ("", 0)
        for word in line.split(separator: " ", omittingEmptySubsequences: false) {
            let cells = CellWidth.of(word) + 1
            let isNew = width > 0 && width + cells > columns + 1
            rows += (isNew ? "\n" : width > 0 ? " " : "") + word
            width = isNew ? cells : width + cells
        }
        return rows
    }

    /// A harmless text on one line.
    static func line(_ text: String) -> String {
        let text = harmless(text)
        // Most are: lists may have thousands of lines.
        let isPlain = text.utf8.allSatisfy { (0x20..<0x7F).contains($0) }
        return isPlain ? text : String(text.map { $0.isNewline || $0 == "\t" ? " " : $0 })
    }

    private static func isTurning(_ scalar: Unicode.Scalar) -> Bool {
        (0x202A...0x202E).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
    }
}
