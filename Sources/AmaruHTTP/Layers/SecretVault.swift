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
/// Printing or reflecting a vault shows no key; removing one overwrites its bytes.
public final class SecretVault: Sendable {
    /// What every placeholder begins with.
    public static let placeholderPrefix = "amaru-placeholder-"

    private struct Entry {
        let origin: HTTPOrigin
        let secret: SecretBytes
    }

    private let entries = NIOLockedValueBox<[String: Entry]>([:])

    /// Makes an empty vault.
    public init() {}

    /// Takes a key in and returns the placeholder that stands for it.
    ///
    /// The caller's own copy of the key is the caller's to get rid of.
    public func add(_ key: String, for origin: HTTPOrigin) -> String {
        var generator = SystemRandomNumberGenerator()
        let digits = (0..<32).map { _ in
            String(UInt8.random(in: 0..<16, using: &generator), radix: 16)
        }
        let placeholder = Self.placeholderPrefix + digits.joined()
        let entry = Entry(origin: origin, secret: SecretBytes(key))
        entries.withLockedValue { $0[placeholder] = entry }
        return placeholder
    }

    /// Forgets a key and overwrites its bytes; its placeholder then stands for nothing.
    ///
    /// A request that is being opened at this moment may still be sent with the key.
    public func remove(_ placeholder: String) {
        let entry = entries.withLockedValue { $0.removeValue(forKey: placeholder) }
        entry?.secret.wipe()
    }

    /// Forgets all keys and overwrites their bytes.
    public func removeAll() {
        let removed = entries.withLockedValue { entries in
            defer { entries = [:] }
            return Array(entries.values)
        }
        for entry in removed { entry.secret.wipe() }
    }

    /// A placeholder found in a value: where, and which origin its key belongs to.
    struct Occurrence {
        let range: Range<Int>
        let placeholder: String
        let origin: HTTPOrigin
    }

    /// Finds the placeholders in a header's value that stand for a key.
    func occurrences(in value: [UInt8]) -> [Occurrence] {
        let prefix = Array(Self.placeholderPrefix.utf8)
        let length = prefix.count + 32
        guard value.count >= length else { return [] }
        var found: [Occurrence] = []
        var start = 0
        while start + length <= value.count {
            let end = start + length
            guard value[start..<end].starts(with: prefix) else {
                start += 1
                continue
            }
            let placeholder = String(decoding: value[start..<end], as: UTF8.self)
            if let entry = entries.withLockedValue({ $0[placeholder] }) {
                let range = start..<end
                found.append(
                    Occurrence(range: range, placeholder: placeholder, origin: entry.origin)
                )
            }
            start = end
        }
        return found
    }

    /// The length of the longest key in bytes, 0 without one.
    var longestKey: Int {
        entries.withLockedValue { $0.values.map(\.secret) }.reduce(0) {
            max($0, $1.copy()?.count ?? 0)
        }
    }

    /// Overwrites each key that occurs in the bytes with asterisks.
    func erase(from bytes: inout [UInt8]) {
        for secret in entries.withLockedValue({ $0.values.map(\.secret) }) {
            guard let key = secret.copy(), let first = key.first, key.count <= bytes.count else {
                continue
            }
            for start in 0...(bytes.count - key.count)
            where bytes[start] == first && bytes[start...].starts(with: key) {
                for index in start..<(start + key.count) { bytes[index] = UInt8(ascii: "*") }
            }
        }
    }

    /// Returns the key's bytes, or nil if it has been removed.
    func reveal(_ placeholder: String) -> [UInt8]? {
        entries.withLockedValue { $0[placeholder] }?.secret.copy()
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

/// The bytes of a key, in memory that is overwritten before it is given back.
private final class SecretBytes: @unchecked Sendable {
    // Safe because the memory is only touched under the box's lock.
    private let bytes: NIOLockedValueBox<UnsafeMutableBufferPointer<UInt8>>

    init(_ text: String) {
        let buffer = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: text.utf8.count)
        _ = buffer.initialize(from: text.utf8)
        bytes = NIOLockedValueBox(buffer)
    }

    func copy() -> [UInt8]? {
        bytes.withLockedValue { $0.isEmpty ? nil : Array($0) }
    }

    func wipe() {
        bytes.withLockedValue { buffer in
            guard let base = buffer.baseAddress else { return }
            // Not `update(repeating:)`: stores to memory that is freed next may be optimised away.
            for index in buffer.indices {
                UnsafeMutableRawPointer(base + index).storeBytes(of: 0, as: UInt8.self)
            }
            withExtendedLifetime(buffer.allSatisfy { $0 == 0 }) {}
            buffer.deallocate()
            buffer = UnsafeMutableBufferPointer(start: nil, count: 0)
        }
    }

    deinit { wipe() }
}
