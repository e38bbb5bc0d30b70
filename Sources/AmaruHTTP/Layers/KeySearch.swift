// Finds keys in bytes, however they are written.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// One way to write a key, apart from escapes.
struct KeySpelling: Sendable {
    private enum Alphabet { case letters, base64 }

    private let text: [UInt8]
    private let alphabet: Alphabet

    /// Returns all spellings of a key: itself, hexadecimal, and base64, alone or in something longer
    /// such as the credentials of `Basic`.
    ///
    /// A key that is shorter than 8 bytes has none. It is more likely to be a word, such as the
    /// `ollama` that users set for servers without keys, than a secret.
    static func all(of key: [UInt8]) -> [KeySpelling] {
        guard key.count >= 8 else { return [] }
        let digits = Array("0123456789abcdef".utf8)
        let hexadecimal = key.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        let texts = [(key, Alphabet.letters), (hexadecimal, .letters)]
        return texts.map(KeySpelling.init)
            + (0..<3).map { KeySpelling(base64(key, after: $0), .base64) }
    }

    private init(_ text: [UInt8], _ alphabet: Alphabet) {
        self.alphabet = alphabet
        self.text = text.map { Self.folded($0, alphabet) }
    }

    /// The characters of base64 that depend on the key alone, with so many bytes before it.
    private static func base64(_ key: [UInt8], after count: Int) -> [UInt8] {
        let whole = Data([UInt8](repeating: 0, count: count) + key).base64EncodedString()
        // A character holds six bits.
        let first = (count * 8 + 5) / 6
        let end = (count + key.count) * 8 / 6
        return Array(Array(whole.utf8)[first..<end])
    }

    private static func folded(_ byte: UInt8, _ alphabet: Alphabet) -> UInt8 {
        switch (alphabet, byte) {
        case (.letters, 0x41...0x5A): byte | 0x20
        case (.base64, UInt8(ascii: "-")): UInt8(ascii: "+")
        case (.base64, UInt8(ascii: "_")): UInt8(ascii: "/")
        default: byte
        }
    }

    /// The bytes that the spelling can begin with, apart from escapes.
    var starts: [UInt8] {
        (UInt8.min...UInt8.max).filter { Self.folded($0, alphabet) == text[0] }
    }

    /// Compares the bytes from a place on.
    func find(at start: Int, in bytes: UnsafeBufferPointer<UInt8>) -> KeySearch.Finding {
        var index = start
        for (matched, wanted) in text.enumerated() {
            guard index < bytes.count else { return .begun(matched) }
            switch EscapedByte(at: index, in: bytes) {
            case .byte(let byte, let end) where Self.folded(byte, alphabet) == wanted:
                index = end
            case .cut:
                return .begun(matched)
            case .byte, .plain:
                guard Self.folded(bytes[index], alphabet) == wanted else { return .nothing }
                index += 1
            }
        }
        return .whole(end: index)
    }
}

/// Looks for several keys at once.
struct KeySearch: Sendable {
    /// What is at a place.
    enum Finding {
        case nothing
        /// The bytes end too early to tell; this many characters match a key.
        case begun(Int)
        case whole(end: Int)
    }

    private let spellings: [KeySpelling]
    private var starts = [Bool](repeating: false, count: 256)

    init(_ spellings: [KeySpelling]) {
        self.spellings = spellings
        guard !spellings.isEmpty else { return }
        for byte in spellings.flatMap(\.starts) + EscapedByte.starts { starts[Int(byte)] = true }
    }

    /// Whether there is nothing to look for.
    var isEmpty: Bool { spellings.isEmpty }

    /// Returns the next place at which a key may begin, or the end of the bytes.
    func candidate(from start: Int, in bytes: UnsafeBufferPointer<UInt8>) -> Int {
        var index = start
        while index < bytes.count, !starts[Int(bytes[index])] { index += 1 }
        return index
    }

    /// Compares the bytes from a place on with all keys.
    ///
    /// A key that may go on counts before one that is complete: the latter is a part of it.
    func find(at start: Int, in bytes: UnsafeBufferPointer<UInt8>) -> Finding {
        var begun: Int?
        var end: Int?
        for spelling in spellings {
            switch spelling.find(at: start, in: bytes) {
            case .nothing: break
            case .begun(let matched): begun = max(begun ?? 0, matched)
            case .whole(let last): end = max(end ?? 0, last)
            }
        }
        if let begun, begun > 0 || end == nil { return .begun(begun) }
        return end.map { .whole(end: $0) } ?? .nothing
    }
}

/// A byte that may be escaped as in URLs, JSON, JavaScript or HTML.
private enum EscapedByte {
    /// No escape begins here.
    case plain
    /// The bytes end inside what may be one.
    case cut
    case byte(UInt8, end: Int)

    /// The bytes that escapes begin with.
    static let starts: [UInt8] = Array("%\\&".utf8)

    init(at index: Int, in bytes: UnsafeBufferPointer<UInt8>) {
        switch bytes[index] {
        case UInt8(ascii: "%"): self = Self.percent(at: index + 1, in: bytes)
        case UInt8(ascii: "\\"): self = Self.backslash(at: index + 1, in: bytes)
        case UInt8(ascii: "&"): self = Self.reference(at: index + 1, in: bytes)
        default: self = .plain
        }
    }

    /// `%2D`, or `%252D` if that was encoded again.
    private static func percent(at start: Int, in bytes: UnsafeBufferPointer<UInt8>) -> EscapedByte
    {
        var result = digits(2, at: start, in: bytes)
        for _ in 0..<3 {
            guard case .byte(UInt8(ascii: "%"), let end) = result else { break }
            let inner = digits(2, at: end, in: bytes)
            if case .plain = inner { break }
            result = inner
        }
        return result
    }

    /// `\u002D`, `\x2D` or `\-`, with more backslashes if JSON is inside a string of JSON.
    private static func backslash(
        at start: Int,
        in bytes: UnsafeBufferPointer<UInt8>
    ) -> EscapedByte {
        var index = start
        while index < min(bytes.count, start + 7), bytes[index] == UInt8(ascii: "\\") { index += 1 }
        guard index < bytes.count else { return .cut }
        let escape =
            switch bytes[index] {
            case UInt8(ascii: "u"): digits(4, at: index + 1, in: bytes)
            case UInt8(ascii: "x"): digits(2, at: index + 1, in: bytes)
            default: EscapedByte.plain
            }
        if case .plain = escape { return .byte(bytes[index], end: index + 1) }
        return escape
    }

    /// `&#45;` or `&#x2D;`.
    private static func reference(
        at start: Int,
        in bytes: UnsafeBufferPointer<UInt8>
    ) -> EscapedByte {
        var index = start
        guard index < bytes.count else { return .cut }
        guard bytes[index] == UInt8(ascii: "#") else { return .plain }
        index += 1
        let isHexadecimal = index < bytes.count && bytes[index] | 0x20 == UInt8(ascii: "x")
        if isHexadecimal { index += 1 }
        var value = 0
        let first = index
        while index < bytes.count, index < first + 6 {
            guard let digit = digit(bytes[index]), isHexadecimal || digit < 10 else {
                let isReference = bytes[index] == UInt8(ascii: ";") && (0...255).contains(value)
                return isReference ? .byte(UInt8(value), end: index + 1) : .plain
            }
            value = value * (isHexadecimal ? 16 : 10) + digit
            index += 1
        }
        return index == bytes.count ? .cut : .plain
    }

    /// A byte as a number of hexadecimal digits.
    private static func digits(
        _ count: Int,
        at start: Int,
        in bytes: UnsafeBufferPointer<UInt8>
    ) -> EscapedByte {
        var value = 0
        for index in start..<(start + count) {
            guard index < bytes.count else { return .cut }
            guard let digit = digit(bytes[index]) else { return .plain }
            value = value * 16 + digit
        }
        return UInt8(exactly: value).map { .byte($0, end: start + count) } ?? .plain
    }

    private static func digit(_ byte: UInt8) -> Int? {
        switch byte {
        case 0x30...0x39: Int(byte) - 0x30
        case 0x41...0x46, 0x61...0x66: Int(byte | 0x20) - 0x57
        default: nil
        }
    }
}
