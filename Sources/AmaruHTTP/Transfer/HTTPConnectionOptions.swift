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
        /// Those in a folder of PEM certificates, and no others; see
        /// ``HTTPBackendConfiguration/TrustRoots/paths(_:)``.
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

    /// A version of TLS.
    public enum TLSVersion: String, Sendable, Hashable, CaseIterable {
        /// TLS 1.0.
        case tls10 = "TLSv1"
        /// TLS 1.1.
        case tls11 = "TLSv1.1"
        /// TLS 1.2.
        case tls12 = "TLSv1.2"
        /// TLS 1.3.
        case tls13 = "TLSv1.3"
    }

    /// An option of a socket, in the numbers of the system's headers.
    public struct SocketOption: Sendable, Hashable {
        /// The level, such as `IPPROTO_TCP`.
        public var level: Int32
        /// The name, such as `TCP_KEEPIDLE`.
        public var name: Int32
        /// The value.
        public var value: Int32

        /// Makes an option.
        public init(level: Int32, name: Int32, value: Int32) {
            self.level = level
            self.name = name
            self.value = value
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
    /// The oldest version of TLS that is spoken; RFC 8996 advises against those before 1.2.
    public var minimumTLSVersion = TLSVersion.tls12
    /// The newest version of TLS that is spoken; nil for the newest there is.
    public var maximumTLSVersion: TLSVersion?
    /// The ciphers that are offered up to TLS 1.2, by OpenSSL's names; nil for the usual ones.
    ///
    /// Unknown names are left out. If no name is known, connecting fails.
    public var cipherSuites: [String]?
    /// The address of this machine that connections come from; nil for the system's choice.
    public var localAddress: String?
    /// Options that are set on the sockets before they connect.
    public var socketOptions: [SocketOption] = []

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
        /// SOCKS 5 (RFC 1928); the proxy looks up the names of hosts.
        case socks5
    }

    /// How the proxy is spoken to.
    public var scheme: Scheme
    /// The host of the proxy.
    public var host: String
    /// The port of the proxy.
    public var port: Int
    /// The user name, for `Proxy-Authorization: Basic` or SOCKS (RFC 1929).
    public var username: String?
    /// The password, for `Proxy-Authorization: Basic` or SOCKS (RFC 1929).
    public var password: String?
    /// Fields that are sent to an HTTP proxy with each request for a tunnel.
    public var headers: [HTTPHeaderField]

    /// Makes a description of a proxy.
    public init(
        scheme: Scheme = .http,
        host: String,
        port: Int,
        username: String? = nil,
        password: String? = nil,
        headers: [HTTPHeaderField] = []
    ) {
        self.scheme = scheme
        self.host = host
        self.port = port
        self.username = username
        self.password = password
        self.headers = headers
    }
}
