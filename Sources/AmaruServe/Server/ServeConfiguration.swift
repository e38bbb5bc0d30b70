// Where a server listens, and whom it answers.
// SPDX-License-Identifier: Apache-2.0

package import AmaruHTTP
import NIOCore

/// The settings of a server, which are checked when they are created.
package struct ServeConfiguration: Sendable {
    /// The name or address to listen at.
    package let host: String
    /// The port to listen at; 0 for any free one.
    package let port: Int
    /// The users and their tokens; empty if anyone who can reach the server may use it.
    package let tokens: AccessTokens
    /// The hosts that requests may be for, beside the address itself.
    package let allowedHosts: [String]
    /// Where browsers reach the server if that is not its own address.
    package let publicURL: HTTPOrigin?
    private let publicAddress: String?
    /// The origins whose pages may use `/v1`.
    package let allowedOrigins: [HTTPOrigin]
    package var limits = ServeLimits()
    /// Takes a line about each request; nil for no log.
    package var log: (@Sendable (String) -> Void)?

    /// Checks what the user has asked for.
    ///
    /// - `allowedHosts`: Names as a browser sends them: `NAME` or `NAME:PORT`.
    /// - Throws: `ServeError` that names the option.
    package init(
        host: String = "127.0.0.1",
        port: Int = 8000,
        tokens: AccessTokens = AccessTokens(),
        allowedHosts: [String] = [],
        publicURL: String? = nil,
        allowedOrigins: [String] = []
    ) throws(ServeError) {
        guard (0...65535).contains(port) else {
            throw ServeError("--port \(port): a port is a number from 0 to 65535.")
        }
        self.host = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
        self.port = port
        self.tokens = tokens
        self.allowedHosts = try allowedHosts.map { text throws(ServeError) in
            guard let origin = try? HTTPOrigin(parsingOnly: "http://\(text)") else {
                throw ServeError("--allow-host \(text): write a name, or NAME:PORT.")
            }
            // What the parser leaves out of the text is the port of a URL.
            return text.hasSuffix(":80") ? origin.authority + ":80" : origin.authority
        }
        self.publicURL = try publicURL.map { text throws(ServeError) in
            guard let origin = try? HTTPOrigin(parsing: text) else {
                throw ServeError(
                    "--public-url \(text): write a URL such as https://chat.example/."
                )
            }
            return origin
        }
        publicAddress = publicURL.map { $0.hasSuffix("/") ? $0 : $0 + "/" }
        self.allowedOrigins = try allowedOrigins.map { text throws(ServeError) in
            guard let origin = try? HTTPOrigin(parsingOnly: text) else {
                throw ServeError(
                    "--allow-origin \(text): write an origin such as https://app.example."
                )
            }
            return origin
        }
        guard tokens.isEmpty, !Self.isLoopback(self.host) else { return }
        throw ServeError(
            "other machines can reach \(host), so a token is needed: name a file that holds one "
                + "with --token-file, or set the variable AMARU_SERVE_TOKEN."
        )
    }

    /// Whether an address can be reached from this machine only.
    package static func isLoopback(_ host: String) -> Bool {
        let name = host.contains(":") && !host.hasPrefix("[") ? "[\(host)]" : host
        return (try? HTTPOrigin(parsingOnly: "http://\(name)"))?.isLoopback ?? false
    }

    /// Whether the server listens at all addresses of the machine.
    package var isOpenToAll: Bool { ["0.0.0.0", "::"].contains(host) }

    /// The addresses for browsers on other machines, of a server that listens at all of them.
    ///
    /// - `port`: The port that was bound.
    package func urls(port: Int) -> [String] {
        let devices = (try? System.enumerateDevices()) ?? []
        return Self.urls(at: devices.compactMap(\.address), of: host, port: port)
    }

    /// Those of some addresses that can be written in a URL, and that other machines can reach.
    static func urls(at addresses: [SocketAddress], of host: String, port: Int) -> [String] {
        addresses.filter { $0.protocol == .inet || host == "::" }.compactMap(\.ipAddress)
            .filter { !isLoopback($0) && !$0.hasPrefix("fe80:") && !$0.hasPrefix("169.254.") }
            .map { url($0, port) }
    }

    private static func url(_ host: String, _ port: Int) -> String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == 80 ? "http://\(name)/" : "http://\(name):\(port)/"
    }

    /// The address for browsers: of the proxy if there is one, else for those on this machine.
    ///
    /// - `port`: The port that was bound.
    package func url(port: Int) -> String {
        if let publicAddress { return publicAddress }
        return Self.url(["0.0.0.0": "127.0.0.1", "::": "::1"][host] ?? host, port)
    }
}
