// How the engine connects: trust, proxy, limits.
// SPDX-License-Identifier: Apache-2.0

/// How an ``NIOHTTPBackend`` makes its connections.
///
/// It is a plain value: environment variables such as `HTTPS_PROXY` and `SSL_CERT_FILE` are read
/// by the program, which puts what they say in here.
public struct HTTPBackendConfiguration: Sendable, Hashable {
    /// Which authorities may sign a server's certificate.
    public enum TrustRoots: Sendable, Hashable {
        /// Those of the system.
        case system
        /// Those in a file of PEM certificates, and no others.
        case file(String)
    }

    /// A proxy, and the hosts that are reached without it.
    public struct Proxy: Sendable, Hashable {
        /// The host of the proxy.
        public var host: String
        /// The port of the proxy.
        public var port: Int
        /// Hosts that are reached directly: a name also stands for everything below it.
        public var bypass: [String]

        /// Makes a description of an HTTP proxy; it opens tunnels with CONNECT, for `http` too.
        public init(host: String, port: Int, bypass: [String] = []) {
            self.host = host
            self.port = port
            self.bypass = bypass
        }

        /// This machine is never reached through a proxy: a key that may be sent in clear because
        /// the server is on loopback must not leave the machine.
        func serves(_ origin: HTTPOrigin) -> Bool {
            if origin.isLoopback || bypass.contains("*") { return false }
            return !bypass.contains { entry in
                let name = (entry.hasPrefix(".") ? String(entry.dropFirst()) : entry).lowercased()
                return !name.isEmpty && (origin.host == name || origin.host.hasSuffix("." + name))
            }
        }
    }

    /// The authorities that are trusted.
    public var trustRoots: TrustRoots = .system
    /// Paths of PEM files with authorities that are trusted as well.
    public var additionalTrustRoots: [String] = []
    /// The proxy, if any.
    public var proxy: Proxy?
    /// How many exchanges may hold a connection at the same time; more wait their turn.
    public var maximumConnections: Int = 1000
    /// How long an unused connection is kept for the next request.
    public var idleConnectionLifetime: Duration = .seconds(30)
    /// How many unread bytes of a response stop the engine from receiving more.
    public var responseBufferLimit: Int = 64 * 1024

    /// Makes the default configuration: system trust, no proxy.
    public init() {}
}
