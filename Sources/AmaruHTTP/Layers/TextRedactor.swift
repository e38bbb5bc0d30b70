// Takes secrets out of text that is written down while it streams.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Overwrites the keys of a vault, and all placeholders, in text that comes piece by piece.
///
/// What may be the beginning of one is held back until more of the text comes, or its end.
package struct TextRedactor: Sendable {
    private var keys: KeyRedactor
    private var placeholders = PlaceholderRedactor()

    /// Makes a redactor for one text.
    package init(_ vault: SecretVault) {
        keys = KeyRedactor(vault.search)
    }

    /// Takes a piece, and returns what can be written down.
    package mutating func take(_ piece: String) -> String {
        // Both cut before ASCII characters only, so that no character is torn.
        String(decoding: placeholders.take(keys.take(Data(piece.utf8))), as: UTF8.self)
    }

    /// Returns what was held back.
    package mutating func end() -> String {
        let rest = placeholders.take(keys.end())
        return String(decoding: rest + placeholders.end(), as: UTF8.self)
    }

    /// Returns a whole text without secrets.
    package static func clean(_ text: String, of vault: SecretVault) -> String {
        HTTPRedactor(vault: vault).text(text)
    }
}
