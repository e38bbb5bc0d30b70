// Between which addresses an exchange is carried.
// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// The two ends of a connection, as its socket knows them.
///
/// Behind a proxy the remote end is the proxy.
public struct HTTPConnectionEnds: Sendable, Hashable {
    /// The address of a socket.
    public enum Address: Sendable, Hashable {
        /// An IP address in its usual spelling, and a port.
        case internet(host: String, port: Int)
        /// The path of a Unix socket; empty for a client's, which has none.
        case unix(path: String)
    }

    /// The address here; nil if it is not known.
    public var local: Address?
    /// The address at the other end; nil if it is not known.
    public var remote: Address?

    /// Makes a pair.
    public init(local: Address?, remote: Address?) {
        self.local = local
        self.remote = remote
    }
}

extension HTTPConnectionEnds.Address {
    init(_ address: SocketAddress) {
        if let host = address.ipAddress, let port = address.port {
            self = .internet(host: host, port: port)
        } else {
            self = .unix(path: address.pathname ?? "")
        }
    }
}
