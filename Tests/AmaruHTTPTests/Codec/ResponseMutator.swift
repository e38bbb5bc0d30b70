// Damaged responses, the same in each run.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting

@testable import AmaruHTTP

/// Makes responses at the edge of the protocol, and beyond it, from the rows of the tables.
struct ResponseMutator {
    var random: SeededGenerator

    init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
    }

    /// What parsers are known to disagree about.
    private static let words = [
        "\r\n", "\n", "\r", "\0", " ", "\t", ":", ";", ",", "\u{B}", "\u{85}", "\u{E9}", "-", "+",
        "0x", "_", "0", "5", "chunked", "identity", "gzip, ", ", chunked", " a\r\n", "From b\r\n",
        "Content-Length: 3\r\n", "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n",
        "Connection: close\r\n", "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 101 S\r\n\r\n",
        "HTTP/1.1 204 No\r\n", "0\r\n\r\n", "5\r\nhello\r\n", "ffffffffffffffff", "\r\n\r\n",
    ].map { Latin1.bytes($0) ?? [] }

    /// A row of the tables with up to four changes.
    mutating func response() -> (method: String, bytes: [UInt8]) {
        let row = pick(CodecTests.rows)
        var bytes = row.bytes
        for _ in 0..<Int.random(in: 0...4, using: &random) { mutate(&bytes) }
        return (row.method, bytes)
    }

    /// The bytes in pieces of any size.
    mutating func pieces(of bytes: [UInt8]) -> [ArraySlice<UInt8>] {
        var pieces: [ArraySlice<UInt8>] = []
        var rest = bytes[...]
        let limit = pick([1, 3, 10, 50])
        while !rest.isEmpty {
            let count = min(rest.count, Int.random(in: 0...limit, using: &random))
            pieces.append(rest.prefix(count))
            rest = rest.dropFirst(count)
        }
        return pieces
    }

    private mutating func mutate(_ bytes: inout [UInt8]) {
        let place = Int.random(in: 0...bytes.count, using: &random)
        let end = min(bytes.count, place + Int.random(in: 1...8, using: &random))
        switch Int.random(in: 0..<7, using: &random) {
        case 0: bytes.insert(.random(in: .min ... .max, using: &random), at: place)
        case 1: bytes.removeSubrange(place..<end)
        case 2: bytes.insert(contentsOf: bytes[place..<end], at: place)
        case 3:
            let other = pick(CodecTests.rows).bytes
            let start = Int.random(in: 0...other.count, using: &random)
            bytes.replaceSubrange(place..., with: other[start...])
        case 4: bytes.replaceSubrange(place..<end, with: pick(Self.words))
        case 5 where place > bytes.count / 2: bytes.removeSubrange(place...)
        default: bytes.insert(contentsOf: pick(Self.words), at: place)
        }
    }

    private mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[Int.random(in: 0..<elements.count, using: &random)]
    }
}
