// Bytes of a keyboard, decoded to keys and text.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat

/// What the user did, as decoded from a terminal's bytes.
enum Key: Equatable, Sendable {
    case text(Unicode.Scalar)
    case paste(String)
    case enter, newline, tab, backspace, delete
    case left, right, up, down, home, end, wordLeft, wordRight
    /// A letter with Ctrl; `_` for Ctrl-_.
    case control(Character)
    /// A letter with Alt, or after Esc.
    case meta(Character)
    case deleteWordLeft, deleteWordRight
}

/// Decodes a terminal's bytes, cut anywhere, to keys.
///
/// Unknown sequences are swallowed whole. A lone ESC waits for the next byte, so no clock is needed:
/// it means something in a search only, where `takeLoneEscape()` says that no byte follows.
struct KeyDecoder: Sendable {
    private enum State {
        case text
        case escape
        /// After an ESC that was taken for a key, and may be the start of a sequence all the same.
        case loneEscape
        case control([UInt8])
        case application
        case paste
    }

    /// The largest paste; bytes beyond it are dropped.
    static let pasteBound = 16 * 1024 * 1024

    private static let pasteEnd = Array("\u{1B}[201~".utf8)

    private var state = State.text
    private var pending: [UInt8] = []
    // Outside the state: taking an array out of an enum's case copies it, for each byte.
    private var pasted: [UInt8] = []

    /// Takes a byte and returns the keys that it completes: no key, one, or rarely two.
    mutating func feed(_ byte: UInt8) -> [Key] {
        switch state {
        case .text: return text(byte)
        case .escape: return escape(byte)
        case .loneEscape:
            state = .text
            return byte == 0x5B || byte == 0x4F ? escape(byte) : text(byte)
        case .control(let bytes): return control(bytes, byte)
        case .application:
            state = .text
            return Self.cursorKey(byte, isWord: false).map { [$0] } ?? []
        case .paste: return paste(byte)
        }
    }

    /// Whether the last byte was an ESC that no other has followed; it counts as a key then.
    mutating func takeLoneEscape() -> Bool {
        guard case .escape = state else { return false }
        state = .loneEscape
        return true
    }

    private mutating func text(_ byte: UInt8) -> [Key] {
        if byte >= 0x80 {
            let isContinuation = byte < 0xC0
            let broken = isContinuation ? [] : flushed()
            pending.append(byte)
            return broken + completed()
        }
        let broken = flushed()
        switch byte {
        case 0x1B:
            state = .escape
            return broken
        case 0x0D, 0x0A: return broken + [.enter]
        case 0x09: return broken + [.tab]
        case 0x08, 0x7F: return broken + [.backspace]
        case 0x00..<0x20:
            let letter = byte | (byte < 0x1B ? 0x60 : 0x40)
            return broken + [.control(Character(Unicode.Scalar(letter)))]
        default: return broken + [.text(Unicode.Scalar(byte))]
        }
    }

    /// Decodes the pending bytes if they are a whole character, or can't become one.
    private mutating func completed() -> [Key] {
        let length =
            switch pending[0] {
            case 0xC2...0xDF: 2
            case 0xE0...0xEF: 3
            case 0xF0...0xF4: 4
            default: 1
            }
        return pending.count < length ? [] : flushed()
    }

    /// Decodes the pending bytes; broken ones become U+FFFD.
    private mutating func flushed() -> [Key] {
        guard !pending.isEmpty else { return [] }
        defer { pending = [] }
        return String(decoding: pending, as: UTF8.self).unicodeScalars
            // The second half of C1 in UTF-8: never wanted, and some terminals obey them.
            .filter { !(0x80...0x9F).contains($0.value) }
            .map { .text($0) }
    }

    private mutating func escape(_ byte: UInt8) -> [Key] {
        state = .text
        switch byte {
        case 0x5B: state = .control([])
        case 0x4F: state = .application
        case 0x1B: state = .escape
        case 0x0D, 0x0A: return [.newline]
        case 0x7F, 0x08: return [.deleteWordLeft]
        case 0x20..<0x7F: return [.meta(Character(Unicode.Scalar(byte)).asciiLowercased)]
        default: return []
        }
        return []
    }

    private mutating func control(_ bytes: [UInt8], _ byte: UInt8) -> [Key] {
        switch byte {
        case 0x20...0x3F where bytes.count < 32:
            state = .control(bytes + [byte])
            return []
        case 0x1B:
            state = .escape
            return []
        default:
            state = .text
        }
        let parameters = String(decoding: bytes, as: UTF8.self)
        if byte == UInt8(ascii: "~") { return tilde(parameters) }
        // "1;5" is Ctrl, "1;3" Alt.
        let isWord = parameters.hasSuffix(";5") || parameters.hasSuffix(";3")
        // Enter with Shift, Alt or Ctrl, in the two ways that terminals can be told to send it.
        if byte == UInt8(ascii: "u"), parameters.hasPrefix("13;") { return [.newline] }
        return Self.cursorKey(byte, isWord: isWord).map { [$0] } ?? []
    }

    private mutating func tilde(_ parameters: String) -> [Key] {
        switch parameters {
        case "1", "7": return [.home]
        case "4", "8": return [.end]
        case "3": return [.delete]
        case "3;5", "3;3": return [.deleteWordRight]
        case "27;2;13", "27;3;13", "27;5;13": return [.newline]
        case "200":
            state = .paste
            return []
        default: return []
        }
    }

    private static func cursorKey(_ byte: UInt8, isWord: Bool) -> Key? {
        switch byte {
        case UInt8(ascii: "A"): .up
        case UInt8(ascii: "B"): .down
        case UInt8(ascii: "C"): isWord ? .wordRight : .right
        case UInt8(ascii: "D"): isWord ? .wordLeft : .left
        case UInt8(ascii: "H"): .home
        case UInt8(ascii: "F"): .end
        default: nil
        }
    }

    private mutating func paste(_ byte: UInt8) -> [Key] {
        pasted.append(byte)
        guard byte == UInt8(ascii: "~"), pasted.suffix(6).elementsEqual(Self.pasteEnd) else {
            let isFull = pasted.count > Self.pasteBound + Self.pasteEnd.count
            if isFull { pasted.remove(at: Self.pasteBound) }
            return []
        }
        defer {
            pasted = []
            state = .text
        }
        let content = pasted.dropLast(6).prefix(Self.pasteBound)
        return [.paste(EscapeFilter.clean(String(decoding: content, as: UTF8.self)))]
    }
}

extension Character {
    fileprivate var asciiLowercased: Character { Character(lowercased()) }
}
