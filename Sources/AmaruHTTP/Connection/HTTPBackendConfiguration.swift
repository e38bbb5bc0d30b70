// How the engine connects: trust, proxies, limits.
// SPDX-License-Identifier: Apache-2.0

/// How an ``NIOHTTPBackend`` makes its connections, where a request asks for nothing else.
///
/// It is a plain value: a program that is to honour environment variables such as `HTTPS_PROXY`
/// and `SSL_CERT_FILE` makes it of them by ``init(environment:)``.
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
        /// Those of files as they were when they were read, and no others.
        case snapshot(AuthoritySnapshot)
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

    /// Reads the proxy variables, `SSL_CERT_FILE` and `SSL_CERT_DIR`.
    ///
    /// As in OpenSSL, the file and the folders add up, and take the place of the system's
    /// authorities. What a script writes into them later changes nothing. Whether they can be used
    /// shows at the first connection that needs them.
    ///
    /// - Throws: ``HTTPTransferError`` that names the variable of a malformed proxy.
    public init(environment: [String: String]) throws(HTTPTransferError) {
        let folders = environment["SSL_CERT_DIR", default: ""].split(separator: ":")
        let file = environment["SSL_CERT_FILE", default: ""]
        let paths = (file.isEmpty ? [] : [file]) + folders.map(String.init)
        if !paths.isEmpty { trustRoots = .snapshot(AuthoritySnapshot(of: paths)) }
        proxies = try HTTPProxySettings(environment: environment)
    }
}
