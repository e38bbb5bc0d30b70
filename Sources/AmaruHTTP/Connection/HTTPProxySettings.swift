// Which proxy serves which origin.
// SPDX-License-Identifier: Apache-2.0

/// The proxies of a program, and the hosts that are reached without them.
///
/// ```swift
/// let settings = try HTTPProxySettings(environment: ["HTTPS_PROXY": "http://proxy:3128"])
/// settings.proxy(for: try HTTPOrigin(parsing: "https://example.com"))?.host  // "proxy"
/// ```
public struct HTTPProxySettings: Sendable, Hashable {
    /// The proxy for `http` URLs.
    public var http: HTTPProxy?
    /// The proxy for `https` URLs.
    public var https: HTTPProxy?
    /// The hosts that are reached directly.
    public var bypass: HTTPProxyBypass

    /// Makes settings; without proxies everything is reached directly.
    public init(
        http: HTTPProxy? = nil,
        https: HTTPProxy? = nil,
        bypass: HTTPProxyBypass = HTTPProxyBypass()
    ) {
        self.http = http
        self.https = https
        self.bypass = bypass
    }

    /// Returns the proxy for an origin, or nil where it is reached directly.
    ///
    /// This machine is never reached through a proxy: a key that may be sent in clear because the
    /// server is on loopback must not leave the machine.
    public func proxy(for origin: HTTPOrigin) -> HTTPProxy? {
        if origin.isLoopback || bypass.contains(origin) { return nil }
        return origin.isSecure ? https : http
    }
}

extension HTTPProxySettings {
    /// Reads the variables that curl, Python and most programs know.
    ///
    /// `HTTP_PROXY` and `HTTPS_PROXY` are for URLs of that scheme, `ALL_PROXY` for those without
    /// one of their own, `NO_PROXY` lists what is reached directly. Names in lower case go before
    /// those in upper case, and an empty one unsets them. In a CGI program, where
    /// `REQUEST_METHOD` is set, `HTTP_PROXY` is left alone: it would be the header `Proxy` of
    /// whoever sent the request (CVE-2016-5385).
    ///
    /// - Throws: ``HTTPProxy/ParseError`` that names the variable.
    public init(environment: [String: String]) throws(HTTPTransferError) {
        func read(_ name: String) throws(HTTPTransferError) -> HTTPProxy? {
            let isUntrusted = name == "HTTP_PROXY" && environment["REQUEST_METHOD"] != nil
            let names = isUntrusted ? [name.lowercased()] : [name.lowercased(), name]
            guard let found = names.first(where: { environment[$0] != nil }),
                let text = environment[found]?.trimmed, !text.isEmpty
            else { return nil }
            do throws(HTTPTransferError) {
                return try HTTPProxy(parsing: text)
            } catch {
                throw HTTPTransferError(error.code, "\(found): \(error.message)")
            }
        }
        let all = try read("ALL_PROXY")
        self.init(
            http: try read("HTTP_PROXY") ?? all,
            https: try read("HTTPS_PROXY") ?? all,
            bypass: HTTPProxyBypass(
                parsing: environment["no_proxy"] ?? environment["NO_PROXY"] ?? ""
            )
        )
    }
}

extension String {
    /// The text without blanks around it.
    fileprivate var trimmed: String {
        var text = self[...]
        while text.first?.isWhitespace == true { text = text.dropFirst() }
        while text.last?.isWhitespace == true { text = text.dropLast() }
        return String(text)
    }
}
