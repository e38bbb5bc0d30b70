// How much longer references may make a text.
// SPDX-License-Identifier: Apache-2.0

/// The bytes that a text's references may still stand for.
///
/// A short label may stand for a long address each time. So all references together may come to as
/// much as the text so far, or to 100 kB. cmark has that rule for a document, not all versions of
/// cmark-gfm have it, and each block is a document of its own here.
/// https://github.com/commonmark/cmark/pull/357
struct LinkBudget: Sendable {
    private static let least = 100_000

    private var read = 0
    private var spent = 0

    /// What is left for a unit of so many bytes.
    func left(with size: Int) -> Int { max(0, max(Self.least, read + size) - spent) }

    /// Notes that text was read.
    mutating func read(_ size: Int) { read += size }

    /// Notes what a unit of so many bytes has used.
    ///
    /// - Parameters:
    ///   - size: The bytes of the unit, its links with an address of their own among them.
    ///   - definitions: The bytes of definitions that were read with it.
    ///   - addresses: The bytes that the addresses of all of its links come to.
    mutating func spend(on size: Int, definitions: Int, addresses: Int) {
        spent += max(definitions, addresses - size, 0)
    }
}
