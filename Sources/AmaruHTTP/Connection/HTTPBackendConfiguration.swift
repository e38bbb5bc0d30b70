// How the engine connects: trust, proxies, limits.
// SPDX-License-Identifier: Apache-2.0

/// How an ``NIOHTTPBackend`` makes its connections, where a request asks for nothing else.
///
/// It is a plain value: environment variables such as `HTTPS_PROXY` and `SSL_CERT_FILE` are read
/// by the program, which puts what they say in here.
public struct HTTPBackendConfiguration: Sendable, Hashable {
    /// Which authorities may sign a server's certificate.
    public enum TrustRoots: Sendable, Hashable {
        /// Those of the system.
        case system
        /// Those in these PEM files, and in all PEM files of these folders, and no others.
        ///
        /// Of the first folder with names by hash, those that `openssl rehash` makes, only the files
        /// with such a name count, as for OpenSSL.
        case paths([String])
    }

    /// The authorities that are trusted.
    public var trustRoots: TrustRoots = .system
    /// The proxies, if any.
    public var proxies = HTTPProxySettings()
    /// How many exchanges may hold a connection at the same time; more wait their turn.
    public var maximumConnections: Int = 1000
    /// How long an unused connection is kept for the next request.
    public var idleConnectionLifetime: Duration = .seconds(30)
    /// How many unread bytes of a response stop the engine from receiving more.
    ///
    /// What the connection brings at once, four reads of 512 KiB at most, may come on top.
    public var responseBufferLimit: Int = 256 * 1024

    /// Makes the default configuration: system trust, no proxy.
    public init() {}
}
