// The characters and words of HTTP/1 messages.
// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Classes of bytes.
enum HTTP1Syntax {
    static let nul: UInt8 = 0x00
    static let lineFeed: UInt8 = 0x0A
    static let carriageReturn: UInt8 = 0x0D

    /// A space or a tab: RFC 9110 §5.6.3.
    static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09
    }

    /// What may stand for a space in a status line: RFC 9112 §4.
    static func isLenientBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || (0x0B...0x0D).contains(byte)
    }

    /// A visible ASCII character.
    static func isVisible(_ byte: UInt8) -> Bool {
        (0x21...0x7E).contains(byte)
    }

    /// A character of a token: RFC 9110 §5.6.2.
    static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x5E...0x60, 0x7C, 0x7E: true
        default: false
        }
    }

    /// The elements of a comma-separated list without the blanks around them: RFC 9110 §5.6.1.
    static func elements(_ list: [UInt8]) -> some Sequence<ArraySlice<UInt8>> {
        list.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
            .lazy.map { $0.trimmed(of: isBlank) }
    }
}

extension BidirectionalCollection where Element == UInt8, SubSequence == Self {
    /// The bytes between the first and the last one that are not of the class.
    func trimmed(of isOfClass: (UInt8) -> Bool) -> Self {
        guard let end = lastIndex(where: { !isOfClass($0) }) else {
            return self[startIndex..<startIndex]
        }
        return self[...end].drop(while: isOfClass)
    }

    /// Removes the first word and the blanks before it, and returns the word.
    mutating func removeWord(after isBlank: (UInt8) -> Bool) -> Self {
        self = drop(while: isBlank)
        let word = prefix { !isBlank($0) }
        self = self[word.endIndex...]
        return word
    }
}

extension Sequence<UInt8> {
    /// Whether the bytes are this lower-case ASCII word, in any case.
    func isWord(_ word: StaticString) -> Bool {
        word.withUTF8Buffer { word in
            elementsEqual(word) { byte, expected in
                byte == expected || ((0x41...0x5A).contains(byte) && byte | 0x20 == expected)
            }
        }
    }
}

extension UnsafeRawBufferPointer {
    /// The offset of the first such byte at or after a start.
    func offset(of byte: UInt8, from start: Int = 0) -> Int? {
        guard start < count, let base = baseAddress else { return nil }
        let found = memchr(base + start, CInt(byte), count - start)
        return found.map { UnsafeRawPointer($0) - base }
    }
}
