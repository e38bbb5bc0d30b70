// Which hosts a request may be for.
// SPDX-License-Identifier: Apache-2.0

import AmaruHTTP
import NIOCore

/// The hosts that a server answers for, as `Host` names them.
///
/// A page whose name is made to resolve to this machine is of the same origin as the server in the
/// eyes of a browser: only the name in `Host` tells them apart.
struct HostList: Sendable {
    /// Names that are right with the port of the server.
    private let names: Set<String>
    /// Names that are right as they are.
    private let authorities: Set<String>

    init(_ configuration: ServeConfiguration) {
        var names: Set = ["localhost", "127.0.0.1", "[::1]"]
        let host = configuration.host.lowercased()
        if !["0.0.0.0", "::"].contains(host) {
            names.insert(host.contains(":") ? "[\(host)]" : host)
        }
        let hasPort = { (host: String) in host.contains(#/[^:\[]:[0-9]+$/#) || host.contains("]:") }
        names.formUnion(configuration.allowedHosts.filter { !hasPort($0) })
        self.names = names
        authorities = Set(configuration.allowedHosts + [configuration.publicURL?.authority ?? ""])
            .subtracting([""])
    }

    /// Whether a request for this host is answered, if it came in at this address.
    func allows(_ host: String, at address: SocketAddress?) -> Bool {
        let host = host.lowercased()
        guard !authorities.contains(host) else { return true }
        guard let port = address?.port else { return false }
        // An address cannot be made to resolve to another one, as names can.
        let own = Self.literal(address).map { names.union([$0]) } ?? names
        return own.contains { host == "\($0):\(port)" || port == 80 && host == $0 }
    }

    /// The address of the connection's own end, as a URL has it.
    private static func literal(_ address: SocketAddress?) -> String? {
        guard let text = address?.ipAddress else { return nil }
        let mapped = "::ffff:"
        if text.hasPrefix(mapped), text.contains(".") {
            return String(text.dropFirst(mapped.count))
        }
        return text.contains(":") ? "[\(text)]" : text
    }
}
