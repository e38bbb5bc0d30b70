// How a request gets to its origin.
// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// What requests must have in common to share connections of the client library.
struct ConnectionRoute: Hashable, Sendable {
    /// The way to the server.
    enum Way: Hashable, Sendable {
        /// To the origin itself; with a name, that is what TLS asks for and checks.
        case direct(host: String?, name: String?)
        /// To a proxy that gets the whole URL.
        case forwarded(HTTPProxy)
        /// Through a tunnel of a proxy, with TLS inside it.
        case tunnelled(HTTPProxy, to: HTTPOrigin, name: String)
        /// Through a SOCKS proxy.
        case socks(HTTPProxy)
        /// To a Unix socket; with a name, by TLS.
        case socket(path: String, name: String?)
    }

    var way: Way
    /// The TLS of the connection; nil where nothing is encrypted.
    var tls: TLSSettings?
    var allowsHTTP2 = false
    var attempt: ConnectionAttempt
    var idleLifetime: Duration

    /// Finds the way of a request.
    ///
    /// - Throws: ``HTTPTransferError`` for a way that the engine cannot go.
    init(
        _ request: HTTPTransferRequest,
        to origin: HTTPOrigin,
        _ configuration: HTTPBackendConfiguration
    ) throws(HTTPTransferError) {
        let options = request.connection
        attempt = ConnectionAttempt(within: request.timeouts.connect)
        idleLifetime = request.pool?.idleLifetime ?? configuration.idleConnectionLifetime
        let settings = TLSSettings(options, configuration)
        tls = origin.isSecure ? settings : nil
        let name = origin.isSecure ? options.serverName ?? origin.host : nil
        if let path = options.unixSocket {
            way = .socket(path: path, name: name)
        } else if let proxy = Self.proxy(options.proxy, origin, configuration) {
            way = try Self.way(through: proxy, to: origin, name: name)
            if case .forwarded = way { tls = proxy.scheme == .https ? settings.forProxy : nil }
        } else if let name, name != origin.host {
            way = .direct(host: origin.host, name: try Self.checked(name, origin))
        } else {
            way = .direct(host: nil, name: nil)
        }
        switch way {
        case .direct, .socks: allowsHTTP2 = origin.isSecure && options.allowsHTTP2
        // The library looks at what TLS agreed on only where it sets TLS up.
        case .forwarded, .tunnelled, .socket: allowsHTTP2 = false
        }
    }

    private static func proxy(
        _ choice: HTTPConnectionOptions.ProxyChoice,
        _ origin: HTTPOrigin,
        _ configuration: HTTPBackendConfiguration
    ) -> HTTPProxy? {
        switch choice {
        case .configured: configuration.proxies.proxy(for: origin)
        case .direct: nil
        case .proxy(let proxy): proxy
        }
    }

    private static func way(
        through proxy: HTTPProxy,
        to origin: HTTPOrigin,
        name: String?
    ) throws(HTTPTransferError) -> Way {
        switch proxy.scheme {
        case .http, .https:
            return name.map { .tunnelled(proxy, to: origin, name: $0) } ?? .forwarded(proxy)
        case .socks5:
            guard proxy.username == nil, proxy.password == nil else {
                throw HTTPTransferError(
                    .proxy,
                    "cannot connect to \(origin) through \(proxy.shown): user names and passwords "
                        + "are not supported for SOCKS. Use an HTTP proxy, or a SOCKS proxy that "
                        + "asks for none.",
                    origin: origin
                )
            }
            guard name == nil || name == origin.host else {
                throw HTTPTransferError(
                    .localProtocol,
                    "cannot connect to \(origin) through \(proxy.shown) under another name",
                    origin: origin
                )
            }
            return .socks(proxy)
        }
    }

    private static func checked(
        _ name: String,
        _ origin: HTTPOrigin
    ) throws(HTTPTransferError) -> String {
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

extension ConnectionRoute {
    /// The URL that makes the library connect to the right place; its path does not matter.
    func url(for origin: HTTPOrigin) -> String {
        switch way {
        case .direct(_, let name?):
            HTTPOrigin(scheme: origin.scheme, host: name, port: origin.port).description + "/"
        case .direct, .socks: origin.description + "/"
        case .forwarded(let proxy): proxy.shown + "/"
        case .tunnelled(let proxy, _, _): "http://\(proxy.authority)/"
        case .socket(let path, _): "http+unix://\(Self.escaped(path))/"
        }
    }

    /// What the connection leads to, in words; nil for the origin itself.
    var place: String? {
        switch way {
        case .forwarded(let proxy), .tunnelled(let proxy, _, _), .socks(let proxy):
            "the proxy \(proxy.shown)"
        case .socket(let path, _): "the Unix socket \(path)"
        case .direct: nil
        }
    }

    private static func escaped(_ path: String) -> String {
        let digits = Array("0123456789ABCDEF")
        return path.utf8.reduce(into: "") { text, byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A:
                text.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                text += "%" + String(digits[Int(byte >> 4)]) + String(digits[Int(byte & 15)])
            }
        }
    }
}
