// Which origins a program may speak to.
// SPDX-License-Identifier: Apache-2.0

/// A list of the origins that requests may go to.
///
/// An entry is `[SCHEME://]HOST[:PORT]`. Without a scheme it stands for `http` and `https`, without a
/// port for the default port of each; the port `*` is any. A host that begins with `*.` stands for
/// every name below the rest of it, and not for the rest itself; the host `*` is any.
///
/// ```swift
/// let list = try HTTPAllowList(parsing: ["api.openai.com", "http://localhost:*"])
/// ```
public struct HTTPAllowList: Sendable, Hashable {
    private struct Entry: Sendable, Hashable {
        var scheme: String?
        var host: String
        /// Nil for the default port of the scheme, 0 for any.
        var port: Int?
    }

    private var entries: [Entry] = []

    /// Makes a list that allows nothing.
    public init() {}

    /// Reads entries; one text may hold several, separated by commas.
    ///
    /// - Throws: ``ParseError`` for the first malformed entry.
    public init(parsing texts: [String]) throws(ParseError) {
        for text in texts {
            for entry in text.split(separator: ",") {
                entries.append(try Self.entry(entry))
            }
        }
    }

    /// Allows one more origin.
    public mutating func add(_ origin: HTTPOrigin) {
        entries.append(Entry(scheme: origin.scheme, host: origin.host, port: origin.port))
    }

    /// Returns whether requests to an origin are allowed.
    public func allows(_ origin: HTTPOrigin) -> Bool {
        entries.contains { entry in
            if let scheme = entry.scheme, scheme != origin.scheme { return false }
            let port = entry.port ?? HTTPOrigin.defaultPort(origin.scheme)
            guard port == 0 || port == origin.port else { return false }
            if entry.host == "*" || entry.host == origin.host { return true }
            return entry.host.hasPrefix("*.") && origin.host.hasSuffix(entry.host.dropFirst())
        }
    }

    private static func entry(_ text: Substring) throws(ParseError) -> Entry {
        var trimmed = text.drop { $0 == " " }
        while trimmed.last == " " { trimmed.removeLast() }
        var parts = HTTPURLParts(String(trimmed))
        let scheme = parts.scheme?.lowercased()
        guard scheme.map({ HTTPOrigin.defaultPort($0) != nil }) ?? true,
            parts.user == nil, ["", "/"].contains(parts.tail)
        else { throw ParseError(entry: String(text)) }
        let isAnyPort = parts.port == "*"
        if isAnyPort { parts.port = nil }
        let isAnyHost = parts.host == "*"
        let isWild = parts.host.hasPrefix("*.")
        if isWild { parts.host = parts.host.dropFirst(2) }
        if isAnyHost { parts.host = "any" }
        guard let (host, port) = try? parts.place() else { throw ParseError(entry: String(text)) }
        return Entry(
            scheme: scheme,
            host: isAnyHost ? "*" : (isWild ? "*." : "") + host,
            port: isAnyPort ? 0 : port
        )
    }
}

extension HTTPAllowList {
    /// Why an entry is invalid.
    public struct ParseError: Error, Sendable, Hashable, CustomStringConvertible {
        /// The entry as it was given.
        public let entry: String

        /// The entry, and examples of right ones.
        public var description: String {
            "cannot allow \"\(entry)\": an entry is [SCHEME://]HOST[:PORT], such as api.openai.com, "
                + "https://*.example.com or http://localhost:*."
        }
    }
}
