// One header field, with the bytes of its value exactly as they are on the wire.
// SPDX-License-Identifier: Apache-2.0

/// A header field: a name in its original case, and the bytes of its value.
///
/// Names are tokens, so a `String` holds them exactly. Values may hold any byte of 0x80 and above
/// (RFC 9110 calls it obs-text), which need not be UTF-8: they are kept as bytes, both ways.
///
/// ```swift
/// let accept = HTTPHeaderField("Accept", "application/json")
/// let odd = HTTPHeaderField("X-Name", bytes: [0x52, 0xE9, 0x6D, 0x79])  // Rémy in Latin-1
/// ```
public struct HTTPHeaderField: Sendable, Hashable {
    /// The name, in the case in which it was given or received.
    public var name: String

    /// The bytes of the value, without the blanks around it.
    public var bytes: [UInt8]

    /// Makes a field from text, which is sent as UTF-8.
    public init(_ name: String, _ value: String) {
        self.init(name, bytes: Array(value.utf8))
    }

    /// Makes a field from the exact bytes of its value.
    public init(_ name: String, bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
    }

    /// The value as text: UTF-8 where it is valid, else Latin-1, in which every byte is a character.
    public var value: String {
        String(validating: bytes, as: UTF8.self) ?? Latin1.text(bytes)
    }

    /// Returns whether the field has this name; case does not count.
    public func isNamed(_ name: String) -> Bool {
        self.name.utf8.count == name.utf8.count && self.name.lowercased() == name.lowercased()
    }
}

extension [HTTPHeaderField] {
    /// Returns the value of the first field of that name as text, or nil; case does not count.
    public func firstValue(of name: String) -> String? {
        first { $0.isNamed(name) }?.value
    }
}

/// The mapping between bytes and the first 256 Unicode scalars.
enum Latin1 {
    static func text(_ bytes: some Sequence<UInt8>) -> String {
        var text = String.UnicodeScalarView()
        for byte in bytes { text.append(Unicode.Scalar(byte)) }
        return String(text)
    }

    /// Returns the bytes of a text made by `text(_:)`; nil where a scalar is beyond 0xFF.
    static func bytes(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            guard let byte = UInt8(exactly: scalar.value) else { return nil }
            bytes.append(byte)
        }
        return bytes
    }
}
