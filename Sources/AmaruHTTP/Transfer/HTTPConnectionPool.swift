// The connections of one client.
// SPDX-License-Identifier: Apache-2.0

import NIOConcurrencyHelpers

/// The connections that one client may hold at the same time.
///
/// Requests that name the same pool share its connections and wait for each other; those that name
/// no pool share the connections and the limit of the backend. The idle connections of a pool are
/// closed when the last reference to it is gone.
///
/// ```swift
/// var request = HTTPTransferRequest(method: "GET", url: "https://example.com/")
/// request.pool = HTTPConnectionPool(maximumConnections: 10, idleLifetime: .seconds(5))
/// ```
public final class HTTPConnectionPool: Sendable, Hashable {
    private static let lastNumber = NIOLockedValueBox<UInt64>(0)

    /// How many exchanges may hold a connection at the same time; more wait their turn.
    public let maximumConnections: Int
    /// The same for the exchanges with one origin.
    public let maximumConnectionsPerOrigin: Int
    /// How many unused connections are kept.
    public let maximumIdleConnections: Int
    /// How long an unused connection is kept; nil for as long as the backend does.
    public let idleLifetime: Duration?

    /// What tells it from every other pool that there was.
    let number: UInt64
    let gate: ConnectionGate
    private let endings = NIOLockedValueBox<[ObjectIdentifier: @Sendable () -> Void]>([:])

    /// Makes a pool.
    public init(
        maximumConnections: Int = .max,
        maximumConnectionsPerOrigin: Int = .max,
        maximumIdleConnections: Int = .max,
        idleLifetime: Duration? = nil
    ) {
        self.maximumConnections = max(1, maximumConnections)
        self.maximumConnectionsPerOrigin = max(1, maximumConnectionsPerOrigin)
        self.maximumIdleConnections = max(0, maximumIdleConnections)
        self.idleLifetime = idleLifetime
        gate = ConnectionGate(
            limit: maximumConnections,
            limitPerOrigin: maximumConnectionsPerOrigin
        )
        number = Self.lastNumber.withLockedValue { last in
            last += 1
            return last
        }
    }

    deinit {
        for ending in endings.withLockedValue({ $0.values }) { ending() }
    }

    /// Calls `ending` when the pool ends, once for each holder of connections.
    func whenEnded(_ holder: AnyObject, _ ending: @escaping @Sendable () -> Void) {
        endings.withLockedValue { $0[ObjectIdentifier(holder)] = ending }
    }

    /// Whether they are the same pool.
    public static func == (left: HTTPConnectionPool, right: HTTPConnectionPool) -> Bool {
        left === right
    }

    /// Hashes the identity of the pool.
    public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}
