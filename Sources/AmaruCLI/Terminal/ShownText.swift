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
        guard clean.unicodeScalars.contains(where: isTurning) else { return clean }
        return clean.unicodeScalars.reduce(into: "") { shown, scalar in
            if isTurning(scalar) {
                shown += "<U+\(String(scalar.value, radix: 16, uppercase: true))>"
            } else {
                shown.unicodeScalars.append(scalar)
            }
        }
    }

    /// The same on one line.
    static func line(_ text: String) -> String {
        let blanks = harmless(text).map { $0.isNewline || $0 == "\t" ? " " : $0 }
        return String(blanks)
    }

    private static func isTurning(_ scalar: Unicode.Scalar) -> Bool {
        (0x202A...0x202E).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
    }
}
