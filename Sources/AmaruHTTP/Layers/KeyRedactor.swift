// Overwrites keys in what is received or written down.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Overwrites the keys in a body that comes in pieces with asterisks, so that it keeps its length.
///
/// A key may be cut anywhere. If a piece ends with four or more characters of a key, these are held
/// back until the next piece tells how they go on. Fewer occur by chance, and a reader may be waiting
/// for the last letter of an answer: they are passed on, but still count as the beginning of a key.
struct KeyRedactor: Sendable {
    /// The fewest characters of a key that are held back.
    private static let fewestHeld = 4
    /// The fewest characters of a key without its end that are overwritten.
    private static let fewestErased = 8

    private let search: KeySearch
    /// The last bytes that may be the beginning of a key, of which some have been returned.
    private var window: [UInt8] = []
    private var returned = 0

    init(_ search: KeySearch) {
        self.search = search
    }

    /// Returns bytes that are complete without the keys in them.
    static func clean(_ bytes: [UInt8], of search: KeySearch) -> [UInt8] {
        guard !search.isEmpty else { return bytes }
        var redactor = KeyRedactor(search)
        redactor.window = bytes
        return Array(redactor.end())
    }

    /// Takes a piece, and returns what is known to hold no key; perhaps nothing.
    mutating func take(_ piece: Data) -> Data {
        guard !search.isEmpty else { return piece }
        let isFirst = window.isEmpty
        window += piece
        let found = erase(isEnd: false)
        defer {
            window.removeFirst(found.begun)
            returned = found.held - found.begun
        }
        // Most pieces are passed on as they are.
        if isFirst, !found.hasChanged, found.held == window.count { return piece }
        return Data(window[returned..<found.held])
    }

    /// Returns what is still held; the beginning of a key is overwritten like a whole one.
    mutating func end() -> Data {
        _ = erase(isEnd: true)
        defer {
            window = []
            returned = 0
        }
        return Data(window[returned...])
    }

    /// Overwrites the keys in the window, and returns from where on its bytes may be the beginning of
    /// one, and from where on they are to be held back.
    private mutating func erase(isEnd: Bool) -> (begun: Int, held: Int, hasChanged: Bool) {
        let returned = returned
        return window.withUnsafeMutableBufferPointer { [search] bytes in
            let text = UnsafeBufferPointer(bytes)
            var begun = bytes.count
            var held = bytes.count
            var hasChanged = false
            var index = search.candidate(from: 0, in: text)
            while index < bytes.count {
                var end: Int?
                switch search.find(at: index, in: text) {
                case .nothing: break
                case .whole(let last): end = last
                case .begun(let matched) where isEnd:
                    if matched >= Self.fewestErased { end = bytes.count }
                case .begun(let matched):
                    begun = min(begun, index)
                    if matched >= Self.fewestHeld { held = min(held, max(index, returned)) }
                }
                if let end {
                    for position in max(index, returned)..<max(end, returned) {
                        bytes[position] = UInt8(ascii: "*")
                    }
                    hasChanged = true
                }
                index = search.candidate(from: end ?? index + 1, in: text)
            }
            return (begun, max(held, returned), hasChanged)
        }
    }
}
