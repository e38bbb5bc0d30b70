// A URL taken apart into origin and request target, without changing a byte of the latter.
// SPDX-License-Identifier: Apache-2.0

/// An absolute URL of HTTP.
///
/// Not Foundation's URL: that one normalises and re-encodes what the caller has encoded already.
struct HTTPTransferURL: Sendable, Hashable {
    var origin: HTTPOrigin
    /// Path and query as given; the fragment is dropped, an empty path is `/`.
    var target: String

    init(parsing text: String) throws(HTTPOrigin.ParseError) {
        try self.init(HTTPURLParts(text))
    }

    init(_ parts: HTTPURLParts) throws(HTTPOrigin.ParseError) {
        guard let scheme = parts.scheme?.lowercased(), !scheme.isEmpty else {
            throw parts.fault(.noScheme)
        }
        guard let defaultPort = HTTPOrigin.defaultPort(scheme) else {
            throw parts.fault(.unsupportedScheme(scheme))
        }
        let (host, port) = try parts.place()
        origin = HTTPOrigin(scheme: scheme, host: host, port: port ?? defaultPort)

        let tail = parts.tail.prefix { $0 != "#" }
        guard tail.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw parts.fault(.malformedTarget)
        }
        target = tail.hasPrefix("/") ? String(tail) : "/" + tail
    }

    var text: String { origin.description + target }
}

extension HTTPTransferError {
    /// A URL of the caller's that cannot be used.
    init(_ error: HTTPOrigin.ParseError) {
        if case .unsupportedScheme = error.reason {
            self.init(.unsupportedProtocol, error.description)
        } else if case .noScheme = error.reason {
            self.init(.unsupportedProtocol, error.description)
        } else if case .malformedPort = error.reason {
            // As clients have it, to which a port is a matter of the connection.
            self.init(.connect, error.description)
        } else {
            self.init(.localProtocol, error.description)
        }
    }
}
