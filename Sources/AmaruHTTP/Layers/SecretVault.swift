// Keys, each bound to an origin, behind placeholders that are worth nothing.
// SPDX-License-Identifier: Apache-2.0

import NIOConcurrencyHelpers

/// The keys of the program.
///
/// Everything outside the network layer sees a placeholder only: a random text that stands for the
/// key in the credential headers of requests to the key's own origin, and for nothing elsewhere.
///
/// ```swift
/// let vault = SecretVault()
/// let placeholder = vault.add(key, for: try HTTPOrigin(parsing: "https://api.openai.com"))
/// // Authorization: Bearer amaru-placeholder-5f0c…
/// ```
///
/// Printing or reflecting a vault shows no key. What that is worth, and against whom, is said in
/// <doc:Secrets>.
public final class SecretVault: Sendable {
    /// What every placeholder begins with.
    public static let placeholderPrefix = "amaru-placeholder-"

    private struct Entry {
        let origin: HTTPOrigin
        let key: [UInt8]
        let spellings: [KeySpelling]
    }

    private let entries = NIOLockedValueBox<[String: Entry]>([:])

    /// Makes an empty vault.
    public init() {}

    /// Takes a key in and returns the placeholder that stands for it.
    ///
    /// The caller's own copy of the key is the caller's to get rid of.
    public func add(_ key: String, for origin: HTTPOrigin) -> String {
        var generator = SystemRandomNumberGenerator()
        var placeholder = Self.placeholderPrefix
        for _ in 0..<32 {
            placeholder += String(UInt8.random(in: 0..<16, using: &generator), radix: 16)
        }
        let key = Array(key.utf8)
        let entry = Entry(origin: origin, key: key, spellings: KeySpelling.all(of: key))
        entries.withLockedValue { $0[placeholder] = entry }
        return placeholder
    }

    /// The key that a placeholder stands for, to hand it on; nil for any other text.
    package func key(for placeholder: String) -> String? {
        entries.withLockedValue { $0[placeholder] }.map { String(decoding: $0.key, as: UTF8.self) }
    }

    /// A placeholder found in a value: its place, and the key that it stands for.
    struct Occurrence {
        let range: Range<Int>
        let key: [UInt8]
        let origin: HTTPOrigin
    }

    /// Finds the placeholders in a header's value that stand for a key.
    func occurrences(in value: [UInt8]) -> [Occurrence] {
        Self.placeholders(in: value).compactMap { range in
            let placeholder = String(decoding: value[range], as: UTF8.self)
            return entries.withLockedValue { $0[placeholder] }.map { entry in
                Occurrence(range: range, key: entry.key, origin: entry.origin)
            }
        }
    }

    /// Finds whatever looks like a placeholder.
    static func placeholders(in bytes: [UInt8]) -> [Range<Int>] {
        let prefix = Array(placeholderPrefix.utf8)
        let length = prefix.count + 32
        var found: [Range<Int>] = []
        var start = 0
        while start + length <= bytes.count {
            if bytes[start] == prefix[0], bytes[start...].starts(with: prefix) {
                found.append(start..<(start + length))
                start += length
            } else {
                start += 1
            }
        }
        return found
    }

    /// How many bytes at the end may be the beginning of a placeholder.
    static func beginningOfPlaceholder(at bytes: [UInt8]) -> Int {
        let prefix = Array(placeholderPrefix.utf8)
        let longest = min(bytes.count, prefix.count + 31)
        return stride(from: longest, to: 0, by: -1).first { count in
            let end = bytes.suffix(count)
            return end.starts(with: prefix.prefix(count))
        } ?? 0
    }

    /// Whether a text holds a key, or breaks off in one.
    package func holdsKey(_ text: String) -> Bool {
        let search = search
        guard !search.isEmpty else { return false }
        var text = text
        return text.withUTF8 { bytes in
            var place = search.candidate(from: 0, in: bytes)
            while place < bytes.count {
                switch search.find(at: place, in: bytes) {
                case .whole: return true
                case .begun(let matched) where matched >= 8: return true
                case .begun, .nothing: place = search.candidate(from: place + 1, in: bytes)
                }
            }
            return false
        }
    }

    /// A search for all keys.
    var search: KeySearch {
        KeySearch(entries.withLockedValue { $0.values.flatMap(\.spellings) })
    }

    /// A search for the keys that the server of an origin may know: those of its host, whatever the
    /// scheme and the port.
    func search(of origins: [HTTPOrigin]) -> KeySearch {
        let entries = entries.withLockedValue { Array($0.values) }
        let known = entries.filter { entry in
            origins.contains { origin in
                origin.host == entry.origin.host || origin.isLoopback && entry.origin.isLoopback
            }
        }
        return KeySearch(known.flatMap(\.spellings))
    }
}

extension SecretVault: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The number of keys, and nothing about them.
    public var description: String { "SecretVault(\(entries.withLockedValue { $0.count }) keys)" }
    /// The same as the description.
    public var debugDescription: String { description }
    /// A mirror without children.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
