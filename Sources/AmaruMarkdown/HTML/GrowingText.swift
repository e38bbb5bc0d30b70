// A long text that is added to again and again.
// SPDX-License-Identifier: Apache-2.0

/// A text in pieces: adding to it copies the last piece at most, whoever else holds the text.
///
/// ```swift
/// var text = GrowingText("let a")
/// text.append(" = 1\n")
/// text.suffix(from: 5)  // " = 1\n"
/// ```
package struct GrowingText: Sendable {
    /// The bytes of a piece behind which the next begins.
    private static let bound = 16 * 1024

    private(set) var pieces: [String] = []
    /// The number of bytes in UTF-8.
    package private(set) var size = 0

    /// Creates a text that begins with another.
    package init(_ text: String) { append(text) }

    /// The text as a whole.
    package var string: String { pieces.joined() }

    /// Adds to the end of the text.
    package mutating func append(_ more: String) {
        size += more.utf8.count
        if let last = pieces.last, last.utf8.count < Self.bound {
            pieces[pieces.count - 1] += more
        } else {
            pieces.append(more)
        }
    }

    /// The text behind a number of bytes, which end with a character's last.
    package func suffix(from bytes: Int) -> String {
        var (rest, first) = (size - bytes, pieces.count)
        while rest > 0, first > 0 {
            first -= 1
            rest -= pieces[first].utf8.count
        }
        guard first < pieces.count, rest < 0 else { return pieces[first...].joined() }
        let piece = pieces[first]
        let start = piece.utf8.index(piece.startIndex, offsetBy: -rest)
        return piece[start...] + pieces[(first + 1)...].joined()
    }
}
