// The head of a response of HTTP/1, as it came.
// SPDX-License-Identifier: Apache-2.0

/// The status line and the header fields of a response.
///
/// The parser adds nothing and changes nothing. Fields keep their order, their case and their
/// bytes; the blanks around a value and the folds in it do not belong to the value (RFC 9112 §5).
struct HTTP1ResponseHead: Sendable, Hashable {
    /// The version that the server speaks; the raw value is the minor version.
    enum Version: UInt8, Sendable, CustomStringConvertible {
        case http10 = 0
        case http11 = 1

        /// The minor version: 0 or 1.
        var minor: Int { Int(rawValue) }
        /// The version as the status line writes it.
        var description: String { "HTTP/1.\(rawValue)" }
    }

    /// The status code, from 100 to 999.
    var status: Int
    /// The bytes of the reason phrase; empty if the server left it out.
    var reason: [UInt8]
    var version: Version
    var fields: [HTTPHeaderField]
}
