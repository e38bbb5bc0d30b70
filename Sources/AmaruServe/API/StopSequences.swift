// Ends an answer where the client wants it to end.
// SPDX-License-Identifier: Apache-2.0

/// Finds stop sequences in text that comes in pieces, cut anywhere.
///
/// What might be the beginning of one is held back until it is known.
struct StopSequences {
    /// One sequence, and how much of it the text ends with.
    ///
    /// The algorithm of Knuth, Morris and Pratt: no byte of the text is looked at again.
    private struct Search {
        let bytes: [UInt8]
        /// For each beginning of the sequence, the length of its longest shorter one that ends it.
        let borders: [Int]
        var matched = 0

        init(_ sequence: String) {
            let bytes = Array(sequence.utf8)
            var borders = [Int](repeating: 0, count: bytes.count)
            var length = 0
            for index in bytes.indices.dropFirst() {
                while length > 0, bytes[length] != bytes[index] { length = borders[length - 1] }
                if bytes[length] == bytes[index] { length += 1 }
                borders[index] = length
            }
            (self.bytes, self.borders) = (bytes, borders)
        }

        /// Takes the next byte; returns whether the text ends with the sequence now.
        mutating func take(_ byte: UInt8) -> Bool {
            while matched > 0, bytes[matched] != byte { matched = borders[matched - 1] }
            if bytes[matched] == byte { matched += 1 }
            return matched == bytes.count
        }
    }

    private var searches: [Search]
    private var held: [UInt8] = []
    /// Whether one has been found: nothing more of the answer counts.
    private(set) var isHit = false

    init(_ sequences: [String]) {
        searches = sequences.filter { !$0.isEmpty }.map(Search.init)
    }

    /// Takes more text, and returns what is known to be before any stop sequence.
    mutating func feed(_ text: String) -> String {
        guard !searches.isEmpty, !isHit else { return isHit ? "" : text }
        for byte in text.utf8 {
            held.append(byte)
            for index in searches.indices where searches[index].take(byte) {
                isHit = true
                defer { held = [] }
                return String(decoding: held.dropLast(searches[index].bytes.count), as: UTF8.self)
            }
        }
        // A sequence begins where a character does, so this cuts none.
        let end = held.count - (searches.map(\.matched).max() ?? 0)
        defer { held.removeFirst(end) }
        return String(decoding: held[..<end], as: UTF8.self)
    }

    /// The text has ended: returns what was held back.
    mutating func finish() -> String {
        defer {
            held = []
            for index in searches.indices { searches[index].matched = 0 }
        }
        return String(decoding: held, as: UTF8.self)
    }
}
