// Ends an answer where the client wants it to end.
// SPDX-License-Identifier: Apache-2.0

/// Finds stop sequences in text that comes in pieces, cut anywhere.
///
/// What might be the beginning of one is held back until it is known.
struct StopSequences {
    private let sequences: [[UInt8]]
    private var held: [UInt8] = []
    /// Whether one has been found: nothing more of the answer counts.
    private(set) var isHit = false

    init(_ sequences: [String]) {
        self.sequences = sequences.map { Array($0.utf8) }.filter { !$0.isEmpty }
    }

    /// Takes more text, and returns what is known to be before any stop sequence.
    mutating func feed(_ text: String) -> String {
        guard !sequences.isEmpty, !isHit else { return isHit ? "" : text }
        held += text.utf8
        let (end, isHit) = end(of: held)
        self.isHit = isHit
        defer { held = isHit ? [] : Array(held[end...]) }
        // A sequence begins where a character does, so this cuts none.
        return String(decoding: held[..<end], as: UTF8.self)
    }

    /// The text has ended: returns what was held back.
    mutating func finish() -> String {
        defer { held = [] }
        return String(decoding: held, as: UTF8.self)
    }

    /// Where the first sequence begins, or what might be one; whether it is a whole one.
    private func end(of bytes: [UInt8]) -> (Int, isHit: Bool) {
        var pending = bytes.count
        for start in bytes.indices {
            for sequence in sequences where bytes[start] == sequence[0] {
                let rest = bytes[start...]
                if rest.starts(with: sequence) { return (start, true) }
                if rest.count < sequence.count, sequence.starts(with: rest) {
                    pending = min(pending, start)
                }
            }
        }
        return (pending, false)
    }
}
