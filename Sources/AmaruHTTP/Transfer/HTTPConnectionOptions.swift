// How the connection of one request is to be made.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// What a client asks of the connections of its requests.
///
/// Requests with equal options share connections. By default everything is as the backend is
/// configured, over HTTP/1.1.
///
/// ```swift
/// var request = HTTPTransferRequest(method: "GET", url: "https://service.internal/")
/// request.connection.trust = .file("/etc/company/ca.pem")
/// request.connection.clientCertificate = .init(chainFile: "me.pem", keyFile: "me.key")
/// ```
public struct HTTPConnectionOptions: Sendable, Hashable {
    /// Which authorities may sign the server's certificate.
    public enum Trust: Sendable, Hashable {
        /// Those that the backend is configured with.
        case configured
        /// Those of the system.
        case system
        /// Those in a file of PEM certificates, and no others.
        case file(String)
        /// Those in a folder of PEM certificates, and no others.
        case directory(String)
        /// These certificates, in DER form, and no others.
        case certificates([Data])
    }

    /// How much of the server's certificate is checked.
    public enum Verification: Sendable, Hashable {
        /// The chain of signatures, the dates and the name.
        case full
        /// The chain and the dates, whatever name it is for.
        case withoutName
        /// Nothing: anyone on the way can read and change what is sent. No key is sent so.
        case none
    }

    /// A certificate by which the client shows who it is.
    public struct ClientCertificate: Sendable, Hashable {
        /// The path of a PEM file with the certificate and those that sign it.
        public var chainFile: String
        /// The path of the PEM file with the private key; nil if it is in the chain's file.
        public var keyFile: String?
        /// The password of an encrypted private key.
        public var password: String?

        /// Names the files of a certificate.
        public init(chainFile: String, keyFile: String? = nil, password: String? = nil) {
            self.chainFile = chainFile
            self.keyFile = keyFile
            self.password = password
        }
    }

    /// Which proxy a request goes through.
    public enum ProxyChoice: Sendable, Hashable {
        /// The one that the backend is configured with, if any.
        case configured
        /// None.
        case direct
        /// This one, for every host.
        case proxy(HTTPProxy)
    }

    /// The authorities that are trusted.
    public var trust: Trust = .configured
    /// What is checked of the server's certificate.
    public var verification: Verification = .full
    /// The certificate that is shown to servers which ask for one.
    public var clientCertificate: ClientCertificate?
    /// The proxy.
    public var proxy: ProxyChoice = .configured
    /// The path of a Unix socket to connect to, whatever the URL's host.
    public var unixSocket: String?
    /// The name that is sent to the server in the TLS handshake, and which its certificate must
    /// be for, in place of the URL's host.
    public var serverName: String?
    /// Whether HTTP/2 is offered to servers over TLS.
    public var allowsHTTP2 = false

    /// Makes the default options.
    public init() {}
}

/// A proxy server.
public struct HTTPProxy: Sendable, Hashable {
    /// How the proxy is spoken to.
    public enum Scheme: String, Sendable, Hashable {
        /// Plain HTTP: `http` requests are forwarded, `https` goes through a CONNECT tunnel.
        case http
        /// The same over TLS.
        case https
        /// SOCKS 5, without authentication.
        case socks5
    }

    /// How the proxy is spoken to.
    public var scheme: Scheme
    /// The host of the proxy.
    public var host: String
    /// The port of the proxy.
    public var port: Int
    /// The user name, for `Proxy-Authorization: Basic`.
    public var username: String?
    /// The password, for `Proxy-Authorization: Basic`.
    public var password: String?

    /// Makes a description of a proxy.
    public init(
        scheme: Scheme = .http,
        host: String,
        port: Int,
        username: String? = nil,
        password: String? = nil
    ) {
        self.scheme = scheme
        self.host = host
        self.port = port
        self.username = username
        self.password = password
    }
}

/// The connections that one client may hold at the same time.
///
/// Requests that name the same pool wait for each other; those that name none share the limit of
/// the backend. With the pool end the connections of HTTP/1.1 that carried a request of it last.
public final class HTTPConnectionPool: Sendable, Hashable {
    /// How many exchanges may hold a connection at the same time; more wait their turn.
    public let maximumConnections: Int
    /// How long an unused connection is kept; nil for as long as the backend does.
    public let idleLifetime: Duration?
    let gate: ConnectionGate
    let connections = PooledConnections()

    /// Makes a pool.
    public init(maximumConnections: Int = .max, idleLifetime: Duration? = nil) {
        self.maximumConnections = maximumConnections
        self.idleLifetime = idleLifetime
        gate = ConnectionGate(limit: maximumConnections)
    }

    /// Whether they are the same pool.
    public static func == (left: HTTPConnectionPool, right: HTTPConnectionPool) -> Bool {
        left === right
    }

    /// Hashes the identity of the pool.
    public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}
