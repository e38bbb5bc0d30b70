// Scheme, host and port: what a request is for, and what a key belongs to.
// SPDX-License-Identifier: Apache-2.0

/// An origin: scheme, host and port, as in RFC 6454.
///
/// ```swift
/// let origin = try HTTPOrigin(parsing: "https://API.OpenAI.com/v1")
/// origin.description  // "https://api.openai.com"
/// ```
public struct HTTPOrigin: Sendable, Hashable, CustomStringConvertible {
    /// The scheme, `http` or `https`.
    public let scheme: String
    /// The host in lower case; an IPv6 address has no brackets.
    public let host: String
    /// The port; the default of the scheme if the URL names none.
    public let port: Int

    /// Finds the origin of an absolute URL; path, query and fragment are ignored.
    ///
    /// - Throws: ``ParseError`` if the text is not an absolute `http` or `https` URL, or its host,
    ///   port or path is malformed.
    public init(parsing text: String) throws(ParseError) {
        self = try HTTPTransferURL(parsing: text).origin
    }

    /// Reads an origin that stands alone: a URL without user, path, query and fragment.
    ///
    /// - Throws: ``ParseError``, with the reason ``ParseError/Reason/moreThanAnOrigin`` for a URL
    ///   that has more; a path of `/` is allowed.
    public init(parsingOnly text: String) throws(ParseError) {
        let parts = HTTPURLParts(text)
        let url = try HTTPTransferURL(parts)
        guard parts.user == nil, ["", "/"].contains(parts.tail) else {
            throw parts.fault(.moreThanAnOrigin)
        }
        self = url.origin
    }

    init(scheme: String, host: String, port: Int) {
        self.scheme = scheme
        self.host = host
        self.port = port
    }

    /// The origin as a URL without a path; a default port is left out.
    public var description: String { "\(scheme)://\(authority)" }

    /// The value of the `Host` header for this origin.
    public var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == Self.defaultPort(scheme) ? name : "\(name):\(port)"
    }

    /// The value of the `Host` header: the zone of an IPv6 address means nothing to the server.
    var hostHeader: String {
        guard let zone = host.firstIndex(of: "%") else { return authority }
        return HTTPOrigin(scheme: scheme, host: String(host[..<zone]), port: port).authority
    }

    /// Whether requests to it are encrypted.
    public var isSecure: Bool { scheme == "https" }

    /// Whether it is this machine: 127.0.0.0/8, ::1 or `localhost`.
    ///
    /// Judged by the name alone: a name that merely resolves to such an address does not count,
    /// since whoever controls its DNS could change that.
    public var isLoopback: Bool {
        if host == "localhost" || host == "::1" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }

    static func defaultPort(_ scheme: String) -> Int? {
        switch scheme {
        case "https": 443
        case "http": 80
        default: nil
        }
    }
}

extension HTTPOrigin {
    /// Why a text is not a URL that HTTP can be spoken to.
    public struct ParseError: Error, Sendable, Hashable, CustomStringConvertible {
        /// What is wrong with the text.
        public enum Reason: Sendable, Hashable, CustomStringConvertible {
            /// There is no `scheme://`.
            case noScheme
            /// The scheme is neither `http` nor `https`.
            case unsupportedScheme(String)
            /// There is no host.
            case noHost
            /// The host has a character that no host has.
            case malformedHost(String)
            /// The port is not a number from 1 to 65535.
            case malformedPort(String)
            /// The path or query has a blank, a control or a character beyond ASCII.
            case malformedTarget
            /// There is more than scheme, host and port where only an origin can stand.
            case moreThanAnOrigin

            /// The fault in words.
            public var description: String {
                switch self {
                case .noScheme: "the scheme is missing"
                case .unsupportedScheme(let scheme): "the scheme \"\(scheme)\" is not http or https"
                case .noHost: "the host is missing"
                case .malformedHost(let host):
                    "\"\(host)\" is not a host name (international names go in their xn-- form)"
                case .malformedPort(let port): "\"\(port)\" is not a port from 1 to 65535"
                case .malformedTarget:
                    "the path or query has a blank, a control or a non-ASCII character; "
                        + "percent-encode it"
                case .moreThanAnOrigin: "it has more than scheme, host and port"
                }
            }
        }

        /// What is wrong.
        public let reason: Reason
        /// The text that was given, without user name and password.
        public let text: String

        /// What is wrong, with the text and an example of a right one.
        public var description: String {
            "cannot use \"\(text)\" as a URL: \(reason). "
                + "A right one looks like https://api.openai.com/v1."
        }
    }
}
