// Overwrites keys in what is received or written down.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Overwrites the keys in a body that comes in pieces with asterisks, so that it keeps its length.
///
/// A key may be cut anywhere. The end of a piece is held back only if four or more characters of a
/// key stand there, until it is known how they go on: less happens by chance, and would hold up
/// those who wait for the last letter of an answer. The search itself goes on from the first one.
struct KeyEraser: Sendable {
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
        var eraser = KeyEraser(search)
        eraser.window = bytes
        return Array(eraser.end())
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

    /// Overwrites the keys in the window, and says where its bytes may be the beginning of one.
    private mutating func erase(isEnd: Bool) -> (begun: Int, held: Int, hasChanged: Bool) {
        let returned = returned
        return window.withUnsafeMutableBufferPointer { [search] bytes in
            var begun = bytes.count
            var held = bytes.count
            var hasChanged = false
            var index = 0
            while index < bytes.count {
                var end: Int?
                switch search.find(at: index, in: UnsafeBufferPointer(bytes)) {
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
                index = end ?? index + 1
            }
            return (begun, max(held, returned), hasChanged)
        }
    }
}
