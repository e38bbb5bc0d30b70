// What requests must have in common to share a connection.
// SPDX-License-Identifier: Apache-2.0

/// A kind of connection: where it leads, and by which way.
struct ConnectionKey: Hashable, Sendable {
    /// The way to the server.
    enum Way: Hashable, Sendable {
        /// To the origin itself.
        case direct
        /// To a proxy that gets the whole URL of each request.
        case forwarded(HTTPProxy)
        /// Through a tunnel that a proxy opens with CONNECT.
        case tunnel(HTTPProxy)
        /// Through a SOCKS proxy.
        case socks(HTTPProxy)
        /// To a Unix socket.
        case socket(String)
    }

    /// The TLS with the server at the end of the way.
    struct TLS: Hashable, Sendable {
        var settings: TLSSettings
        /// The name that is asked for, and that the certificate must be for.
        var name: String
        /// The protocols that are offered in the handshake, by their names there.
        var protocols: [String]
    }

    /// Nil for a proxy that forwards: its connections serve every origin.
    let origin: HTTPOrigin?
    let way: Way
    /// Nil if nothing is encrypted.
    let tls: TLS?
    /// The TLS with a proxy that opens a tunnel.
    let proxyTLS: TLS?
    let localAddress: String?
    let socketOptions: [HTTPConnectionOptions.SocketOption]

    /// Finds the kind of connection that a request needs.
    ///
    /// - Throws: ``HTTPTransferError`` for a server name that is not a host name.
    init(
        _ request: OutgoingRequest,
        _ configuration: HTTPBackendConfiguration
    ) throws(HTTPTransferError) {
        let (origin, options) = (request.origin, request.connection)
        let settings = TLSSettings(options, configuration)
        var tls: TLS?
        if origin.isSecure {
            let name = try Self.serverName(options.serverName, for: origin)
            // A tunnel takes the whole connection.
            let protocols = options.allowsHTTP2 && !request.isTunnel ? ["h2"] : []
            tls = TLS(settings: settings, name: name, protocols: protocols + ["http/1.1"])
        }
        way = Self.way(of: request, configuration)
        switch way {
        case .forwarded(let proxy):
            self.origin = nil
            self.tls = Self.tls(with: proxy, settings)
            proxyTLS = nil
        case .tunnel(let proxy):
            self.origin = origin
            self.tls = tls
            proxyTLS = Self.tls(with: proxy, settings)
        case .direct, .socks, .socket:
            self.origin = origin
            self.tls = tls
            proxyTLS = nil
        }
        localAddress = options.localAddress
        socketOptions = options.socketOptions
    }

    /// Whether several requests may share the connection at the same time.
    var offersHTTP2: Bool { tls?.protocols.contains("h2") ?? false }

    /// What the connection leads to, in words; nil for the origin itself.
    var place: String? {
        switch way {
        case .forwarded(let proxy), .tunnel(let proxy), .socks(let proxy): proxy.place
        case .socket(let path): "the Unix socket \(path)"
        case .direct: nil
        }
    }

    private static func way(
        of request: OutgoingRequest,
        _ configuration: HTTPBackendConfiguration
    ) -> Way {
        let (origin, options) = (request.origin, request.connection)
        if let path = options.unixSocket { return .socket(path) }
        let proxy: HTTPProxy? =
            switch options.proxy {
            case .configured: configuration.proxies.proxy(for: origin)
            case .direct: nil
            case .proxy(let proxy): proxy
            }
        guard let proxy else { return .direct }
        if proxy.scheme == .socks5 { return .socks(proxy) }
        // A proxy that forwards would take a CONNECT for itself.
        return origin.isSecure || request.isTunnel ? .tunnel(proxy) : .forwarded(proxy)
    }

    private static func tls(with proxy: HTTPProxy, _ settings: TLSSettings) -> TLS? {
        guard proxy.scheme == .https else { return nil }
        return TLS(settings: settings.forProxy, name: proxy.host, protocols: ["http/1.1"])
    }

    private static func serverName(
        _ name: String?,
        for origin: HTTPOrigin
    ) throws(HTTPTransferError) -> String {
        guard let name, name.lowercased() != origin.host else { return origin.host }
        // RFC 6066 §3 allows no addresses in the name that is sent.
        let parsed = try? HTTPTransferURL(parsing: "https://\(name)/")
        guard IPAddress.bytes(name) == nil, parsed?.origin.host == name.lowercased() else {
            throw HTTPTransferError(
                .localProtocol,
                "cannot connect to \(origin) under the name \"\(name)\": it is not a host name",
                origin: origin
            )
        }
        return name.lowercased()
    }
}

extension HTTPProxy {
    /// The proxy in the words of an error.
    var place: String { "the proxy \(shown)" }
}
