// Which origins a program may speak to.
// SPDX-License-Identifier: Apache-2.0

/// A list of the origins that requests may go to.
///
/// An entry is `[SCHEME://]HOST[:PORT]`. Without a scheme it stands for `http` and `https`, without a
/// port for the default port of each; the port `*` is any. A host that begins with `*.` stands for
/// every name below the rest of it, and not for the rest itself; the host `*` is any. Case and a dot
/// at the end of a name do not count, nor does the spelling of an IPv6 address. Names are not looked
/// up: `localhost` does not allow `127.0.0.1`. An entry `unix:PATH` stands for a Unix socket.
///
/// ```swift
/// let list = try HTTPAllowList(parsing: ["api.openai.com", "http://localhost:*"])
/// ```
public struct HTTPAllowList: Sendable, Hashable {
    private enum Host: Sendable, Hashable {
        case any
        case exactly(String)
        case below(String)

        func matches(_ host: String) -> Bool {
            switch self {
            case .any: true
            case .exactly(let name): host == name
            case .below(let name):
                host.hasSuffix("." + name) && !host.hasPrefix(".") && IPAddress.bytes(host) == nil
            }
        }
    }

    private enum Port: Sendable, Hashable {
        case any
        case standard
        case number(Int)
    }

    private struct Entry: Sendable, Hashable {
        var scheme: String?
        var host: Host
        var port: Port

        func allows(_ origin: HTTPOrigin) -> Bool {
            let isPort =
                switch port {
                case .any: true
                case .standard: origin.port == HTTPOrigin.defaultPort(origin.scheme)
                case .number(let number): origin.port == number
                }
            return isPort && scheme ?? origin.scheme == origin.scheme
                && host.matches(HTTPAllowList.canonical(origin.host))
        }
    }

    private var entries: [Entry] = []
    private var sockets: Set<String> = []

    /// Makes a list that allows nothing.
    public init() {}

    /// Reads entries; one text may hold several, separated by commas.
    ///
    /// - Throws: ``ParseError`` for the first malformed entry.
    public init(parsing texts: [String]) throws(ParseError) {
        for text in texts {
            for part in text.split(separator: ",") {
                var text = part.drop { $0 == " " }
                while text.last == " " { text.removeLast() }
                if text.hasPrefix("unix:/") {
                    sockets.insert(String(text.dropFirst("unix:".count)))
                } else {
                    entries.append(try Self.entry(String(text)))
                }
            }
        }
    }

    /// Allows one more origin.
    public mutating func add(_ origin: HTTPOrigin) {
        entries.append(
            Entry(
                scheme: origin.scheme,
                host: .exactly(Self.canonical(origin.host)),
                port: .number(origin.port)
            )
        )
    }

    /// Returns whether requests to an origin are allowed.
    public func allows(_ origin: HTTPOrigin) -> Bool { entries.contains { $0.allows(origin) } }

    /// Returns whether requests to the Unix socket at this path are allowed.
    public func allows(socket path: String) -> Bool { sockets.contains(path) }

    /// The one spelling of a host by which hosts are compared.
    private static func canonical(_ host: String) -> String {
        if host.contains(":"), let bytes = IPAddress.bytes(host) { return "\(bytes)" }
        return host.hasSuffix(".") ? String(host.dropLast()) : host
    }

    private static func entry(_ text: String) throws(ParseError) -> Entry {
        var parts = HTTPURLParts(text)
        let scheme = parts.scheme?.lowercased()
        let isOrigin = parts.user == nil && ["", "/"].contains(parts.tail)
        guard isOrigin, scheme == nil || scheme.flatMap(HTTPOrigin.defaultPort) != nil else {
            throw ParseError(entry: text, fault: nil)
        }
        let isAnyPort = parts.port == "*"
        if isAnyPort { parts.port = nil }
        let isBelow = parts.host.hasPrefix("*.")
        if isBelow { parts.host = parts.host.dropFirst(2) }
        let isAny = parts.host == "*" && !isBelow
        if isAny { parts.host = "any" }
        do throws(HTTPOrigin.ParseError) {
            let (host, port) = try parts.place()
            let name = canonical(host)
            return Entry(
                scheme: scheme,
                host: isAny ? .any : isBelow ? .below(name) : .exactly(name),
                port: isAnyPort ? .any : port.map { .number($0) } ?? .standard
            )
        } catch {
            throw ParseError(entry: text, fault: error.reason.description)
        }
    }
}

extension HTTPAllowList {
    /// Why an entry is invalid.
    public struct ParseError: Error, Sendable, Hashable, CustomStringConvertible {
        /// The entry as it was given.
        public let entry: String
        /// What is wrong with it; nil if it has parts that no entry has.
        let fault: String?

        /// The entry, what is wrong with it, and examples of right ones.
        public var description: String {
            "cannot allow \"\(entry)\": " + (fault.map { $0 + "; " } ?? "")
                + "an entry is [SCHEME://]HOST[:PORT], such as api.openai.com, "
                + "https://*.example.com or http://localhost:*."
        }
    }
}
