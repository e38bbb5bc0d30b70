// Reads the URL of a proxy.
// SPDX-License-Identifier: Apache-2.0

extension HTTPProxy {
    /// Reads the URL of a proxy, such as `http://user:password@proxy.example:3128`.
    ///
    /// User name and password are percent-decoded. Without a scheme it is `http`, without a port
    /// that of the scheme: 80, 443, or 1080 for SOCKS. A path is ignored, as by curl.
    ///
    /// - Throws: ``HTTPTransferError`` with the code ``HTTPTransferError/Code/proxy``; its message
    ///   has neither user name nor password.
    public init(parsing text: String) throws(HTTPTransferError) {
        let parts = HTTPURLParts(text)
        var scheme = Scheme.http
        if let name = parts.scheme?.lowercased() {
            guard let known = Self.schemes[name] else {
                throw Self.malformed("its scheme \"\(name)\" is not http, https or socks5")
            }
            scheme = known
        }
        guard let (host, port) = try? parts.place() else {
            let place = parts.host + (parts.port.map { ":" + $0 } ?? "")
            throw Self.malformed("\"\(place)\" is not a host with a port")
        }
        self.init(scheme: scheme, host: host, port: port ?? Self.defaultPort(scheme))
        if let credentials = parts.user {
            let parts = credentials.split(
                separator: ":",
                maxSplits: 1,
                omittingEmptySubsequences: false
            )
            username = parts[0].percentDecoded
            password = parts.count > 1 ? parts[1].percentDecoded : ""
        }
    }

    private static let schemes: [String: Scheme] = [
        "http": .http, "https": .https, "socks5": .socks5, "socks5h": .socks5, "socks": .socks5,
    ]

    private static func defaultPort(_ scheme: Scheme) -> Int {
        switch scheme {
        case .http: 80
        case .https: 443
        case .socks5: 1080
        }
    }

    private static func malformed(_ fault: String) -> HTTPTransferError {
        let message =
            "cannot use the proxy: \(fault). A right one looks like http://proxy.example:3128."
        return HTTPTransferError(.proxy, message)
    }
}
