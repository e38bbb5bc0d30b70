// A URL taken apart into origin and request target, without changing a byte of the latter.
// SPDX-License-Identifier: Apache-2.0

/// An absolute URL of HTTP.
///
/// Not Foundation's URL: that one normalises and re-encodes what the caller has encoded already.
struct HTTPTransferURL: Sendable, Hashable {
    var origin: HTTPOrigin
    /// Path and query as given; the fragment is dropped, an empty path is `/`.
    var target: String
    /// Whether the port is written in the URL.
    let namesPort: Bool

    init(parsing text: String) throws(HTTPOrigin.ParseError) {
        let shown = Self.withoutCredentials(text)
        func fail(_ reason: HTTPOrigin.ParseError.Reason) -> HTTPOrigin.ParseError {
            HTTPOrigin.ParseError(reason: reason, text: shown)
        }

        guard let mark = text.firstMatch(of: "://"), mark.lowerBound != text.startIndex else {
            throw fail(.noScheme)
        }
        let scheme = text[..<mark.lowerBound].lowercased()
        guard let defaultPort = HTTPOrigin.defaultPort(scheme) else {
            throw fail(.unsupportedScheme(scheme))
        }
        let rest = text[mark.upperBound...]
        let end = rest.firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? rest.endIndex
        var authority = rest[..<end]
        if let at = authority.lastIndex(of: "@") {
            authority = authority[authority.index(after: at)...]
        }

        let (host, portText) = Self.split(authority)
        guard !host.isEmpty else { throw fail(.noHost) }
        guard Self.isHost(host) else { throw fail(.malformedHost(String(host))) }
        var port = defaultPort
        if let portText, !portText.isEmpty {
            let digits = portText.utf8.allSatisfy { (0x30...0x39).contains($0) }
            guard digits, let number = Int(portText), (1...65535).contains(number) else {
                throw fail(.malformedPort(String(portText)))
            }
            port = number
        }
        origin = HTTPOrigin(scheme: scheme, host: Self.bare(host), port: port)
        namesPort = portText?.isEmpty == false

        let tail = rest[end...].prefix { $0 != "#" }
        guard tail.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw fail(.malformedTarget)
        }
        target = tail.hasPrefix("/") ? String(tail) : "/" + tail
    }

    var text: String { origin.description + target }

    private static func split(_ authority: Substring) -> (host: Substring, port: Substring?) {
        let nameEnd = authority.hasPrefix("[") ? authority.firstIndex(of: "]") : nil
        let searched = nameEnd.map { authority[$0...] } ?? authority
        guard let colon = searched.firstIndex(of: ":") else { return (authority, nil) }
        return (authority[..<colon], authority[authority.index(after: colon)...])
    }

    private static func isHost(_ host: Substring) -> Bool {
        if host.hasPrefix("[") {
            let parts = host.dropFirst().dropLast().split(
                separator: "%",
                maxSplits: 1,
                omittingEmptySubsequences: false
            )
            return host.hasSuffix("]") && host.count > 3
                && parts[0].utf8.allSatisfy {
                    isAlphanumeric($0) || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".")
                }
                && parts.dropFirst().allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy(isOfZone) }
        }
        return host.utf8.allSatisfy {
            isAlphanumeric($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-")
                || $0 == UInt8(ascii: "_")
        }
    }

    /// A character in the zone of an IPv6 address, such as `eth0` (RFC 6874 §2).
    private static func isOfZone(_ byte: UInt8) -> Bool {
        isAlphanumeric(byte) || "-._~".utf8.contains(byte)
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
            || (0x61...0x7A).contains(byte)
    }

    /// The host without brackets; the zone keeps its case and loses its escape: `%25eth0`.
    private static func bare(_ host: Substring) -> String {
        guard host.hasPrefix("[") else { return host.lowercased() }
        let address = host.dropFirst().dropLast()
        guard let mark = address.firstIndex(of: "%") else { return address.lowercased() }
        var zone = address[address.index(after: mark)...]
        if zone.hasPrefix("25"), zone.count > 2 { zone = zone.dropFirst(2) }
        return address[..<mark].lowercased() + "%" + zone
    }

    /// A URL may carry a password, and errors are shown.
    static func withoutCredentials(_ text: String) -> String {
        guard let mark = text.firstMatch(of: "://") else { return text }
        let authority = text[mark.upperBound...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        guard let at = authority.lastIndex(of: "@") else { return text }
        return text[..<mark.upperBound] + "…@" + text[text.index(after: at)...]
    }
}

extension String {
    /// The standard library finds substrings only through regular expressions, which are slow.
    func firstMatch(of needle: StaticString) -> Range<String.Index>? {
        let wanted = "\(needle)"
        var start = startIndex
        while let first = self[start...].firstIndex(where: { $0 == wanted.first }) {
            if self[first...].hasPrefix(wanted) {
                return first..<index(first, offsetBy: wanted.count)
            }
            start = index(after: first)
        }
        return nil
    }
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
