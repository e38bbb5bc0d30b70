// Takes placeholders out of a stream of bytes.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Replaces the placeholders of keys in bytes that come piece by piece.
///
/// They are other ones in each run: a recording must not hold them, or what a script sends back of a
/// response would not be the same when it is replayed.
struct PlaceholderRedactor: Sendable {
    private var held: [UInt8] = []

    /// Takes a piece in, and returns what no later one can make part of a placeholder.
    mutating func take(_ piece: Data) -> Data {
        let bytes = Self.replaced(held + piece)
        held = Array(bytes.suffix(SecretVault.beginningOfPlaceholder(at: bytes)))
        return Data(bytes.dropLast(held.count))
    }

    /// Returns what was held back.
    mutating func end() -> Data {
        defer { held = [] }
        return Data(held)
    }

    /// The bytes with a fixed word in the place of each placeholder.
    static func replaced(_ bytes: [UInt8]) -> [UInt8] {
        var result = bytes
        for range in SecretVault.placeholders(in: bytes).reversed() {
            result.replaceSubrange(range, with: HTTPRedactor.replacement.utf8)
        }
        return result
    }
}
