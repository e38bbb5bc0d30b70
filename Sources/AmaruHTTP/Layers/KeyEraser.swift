// Takes keys out of what a server sends.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Takes the keys themselves out of a body that is received in pieces, which keep their lengths.
///
/// A server may answer with the key that it was sent, and cut it in two: the last bytes are held
/// until it is known what follows them.
struct KeyEraser {
    private let longest: Int
    private let erase: (inout [UInt8]) -> Void
    private var held: [Data] = []

    init(_ vault: SecretVault?) {
        longest = vault?.longestKey ?? 0
        erase = { vault?.erase(from: &$0) }
    }

    /// Takes a piece and returns those that are known to be clean.
    mutating func take(_ piece: Data) -> [Data] {
        guard longest > 1 else { return [piece] }
        held.append(piece)
        clean()
        var kept = held.reduce(0) { $0 + $1.count }
        var clean: [Data] = []
        while let first = held.first, kept - first.count >= longest - 1 {
            kept -= first.count
            clean.append(held.removeFirst())
        }
        return clean
    }

    /// Returns what is still held.
    mutating func end() -> [Data] {
        defer { held = [] }
        return held
    }

    private mutating func clean() {
        var joined = held.flatMap { Array($0) }
        erase(&joined)
        var start = 0
        for index in held.indices {
            let end = start + held[index].count
            held[index] = Data(joined[start..<end])
            start = end
        }
    }
}
