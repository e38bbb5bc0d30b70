// Where the parts of a URL begin and end: the one place that cuts URLs, origins and proxies apart.
// SPDX-License-Identifier: Apache-2.0

/// The parts of `SCHEME://USER@HOST:PORT/…`, unchecked, as they are in the text.
struct HTTPURLParts {
    /// The whole.
    let text: String
    /// What is before `://`; nil without that.
    var scheme: Substring?
    /// What is before the last `@` of the authority; nil without one.
    var user: Substring?
    /// The host, with the brackets of an IPv6 address.
    var host: Substring
    /// What is after the colon behind the host; nil without one.
    var port: Substring?
    /// Path, query and fragment.
    var tail: Substring

    init(_ text: String) {
        self.text = text
        var rest = text[...]
        if let mark = text.firstMatch(of: "://") {
            scheme = rest[..<mark.lowerBound]
            rest = rest[mark.upperBound...]
        }
        let end = rest.utf8.firstIndex { "/?#".utf8.contains($0) } ?? rest.endIndex
        tail = rest[end...]
        host = rest[..<end]
        if let at = host.utf8.lastIndex(of: UInt8(ascii: "@")) {
            user = host[..<at]
            host = host[host.utf8.index(after: at)...]
        }
        let bracket = host.hasPrefix("[") ? host.utf8.firstIndex(of: UInt8(ascii: "]")) : nil
        let start = bracket ?? host.startIndex
        if let colon = host[start...].utf8.firstIndex(of: UInt8(ascii: ":")) {
            port = host[host.utf8.index(after: colon)...]
            host = host[..<colon]
        }
    }

    /// The text with other credentials, such as none.
    ///
    /// A URL may carry a password, and errors and files are shown.
    func text(withUser replacement: String) -> String {
        guard let user else { return text }
        return String(text[..<user.startIndex]) + replacement + text[host.startIndex...]
    }

    /// The text as it may be shown.
    var shown: String { text(withUser: "…@") }

    /// Returns the host in lower case, without brackets, and the port if one is written.
    ///
    /// - Throws: ``HTTPOrigin/ParseError`` for a missing host, and for malformed ones.
    func place() throws(HTTPOrigin.ParseError) -> (host: String, port: Int?) {
        guard !host.isEmpty else { throw fault(.noHost) }
        guard Self.isHost(host) else { throw fault(.malformedHost(String(host))) }
        let bare = Self.bare(host)
        guard let port, !port.isEmpty else { return (bare, nil) }
        guard port.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(port),
            (1...65535).contains(number)
        else { throw fault(.malformedPort(String(port))) }
        return (bare, number)
    }

    func fault(_ reason: HTTPOrigin.ParseError.Reason) -> HTTPOrigin.ParseError {
        HTTPOrigin.ParseError(reason: reason, text: shown)
    }

    private static func isHost(_ host: Substring) -> Bool {
        guard host.hasPrefix("[") else {
            return host.utf8.allSatisfy { isAlphanumeric($0) || ".-_".utf8.contains($0) }
        }
        let parts = host.dropFirst().dropLast().split(
            separator: "%",
            maxSplits: 1,
            omittingEmptySubsequences: false
        )
        return host.hasSuffix("]") && host.count > 3
            && parts[0].utf8.allSatisfy { isAlphanumeric($0) || ":.".utf8.contains($0) }
            // The zone of an address, such as `eth0` (RFC 6874 §2).
            && parts.dropFirst().allSatisfy { zone in
                !zone.isEmpty
                    && zone.utf8.allSatisfy { isAlphanumeric($0) || "-._~".utf8.contains($0) }
            }
    }

    /// The host without brackets; the zone of an address keeps its case, and loses its escape:
    /// `%25eth0`.
    private static func bare(_ host: Substring) -> String {
        guard host.hasPrefix("[") else { return host.lowercased() }
        let address = host.dropFirst().dropLast()
        guard let mark = address.firstIndex(of: "%") else { return address.lowercased() }
        var zone = address[address.index(after: mark)...]
        if zone.hasPrefix("25"), zone.count > 2 { zone = zone.dropFirst(2) }
        return address[..<mark].lowercased() + "%" + zone
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
            || (0x61...0x7A).contains(byte)
    }
}

extension String {
    /// The standard library finds substrings only through regular expressions, which are slow.
    ///
    /// Of bytes, since to tell characters apart takes several times as long.
    func firstMatch(of needle: StaticString) -> Range<String.Index>? {
        let wanted = "\(needle)".utf8
        var start = startIndex
        while let first = utf8[start...].firstIndex(where: { $0 == wanted.first }) {
            if utf8[first...].starts(with: wanted) {
                return first..<utf8.index(first, offsetBy: wanted.count)
            }
            start = utf8.index(after: first)
        }
        return nil
    }
}
