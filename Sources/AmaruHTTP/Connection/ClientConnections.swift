// The connections of one client.
// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// A connection, as its pool sees it; used on its event loop alone.
protocol PooledConnection: AnyObject {
    var key: ConnectionKey { get }
    /// The client that owns the connection; nil once that client is gone.
    var client: ClientConnections? { get set }
    /// Whether it takes another exchange.
    var isReady: Bool { get }
    /// Whether it carries nothing.
    var isIdle: Bool { get }
    /// Whether it carries several exchanges at the same time.
    var isShared: Bool { get }
    /// Begins to carry an exchange.
    func start(_ exchange: Exchange)
    /// Watches the connection while it carries nothing.
    func park()
    /// Closes the connection, which nobody else gets any more.
    func close()
}

extension PooledConnection {
    /// Keeps the connection, which carries nothing, for the next exchange.
    func release() {
        guard let client else { return close() }
        client.park(self)
    }
}

/// The connections that a client may use at once: idle ones, and shared ones; used on one event
/// loop.
final class ClientConnections {
    struct Limits {
        /// How many connections there may be.
        var connections: Int
        /// How many of them may be idle.
        var idle: Int
        /// How long they may be idle.
        var idleLifetime: Duration
    }

    private struct Entry {
        let connection: any PooledConnection
        /// What closes it, if it is idle.
        var timer: Scheduled<Void>?
    }

    private let loop: any EventLoop
    private let limits: Limits
    /// The one that has been idle for longest comes first.
    private var entries: [Entry] = []
    private var isClosed = false

    init(on loop: any EventLoop, _ limits: Limits) {
        self.loop = loop
        self.limits = limits
    }

    /// Takes over a connection; a shared one can be had from now on.
    func add(_ connection: any PooledConnection) {
        connection.client = self
        if connection.isShared { entries.append(Entry(connection: connection)) }
    }

    func has(_ key: ConnectionKey) -> Bool { index(of: key) != nil }

    /// Returns a connection for one more exchange; unless it is shared, nobody else gets it.
    func take(_ key: ConnectionKey) -> (any PooledConnection)? {
        guard let index = index(of: key) else { return nil }
        let connection = entries[index].connection
        entries[index].timer.take()?.cancel()
        if !connection.isShared { entries.remove(at: index) }
        return connection
    }

    /// Keeps a connection that carries nothing, or closes it.
    func park(_ connection: any PooledConnection) {
        forget(connection)
        let lifetime = TimeAmount(limits.idleLifetime)
        guard !isClosed, limits.idle > 0, lifetime > .zero else { return connection.close() }
        let timer = loop.assumeIsolated().scheduleTask(in: lifetime) { [weak connection] in
            if let connection, connection.isIdle { connection.close() }
        }
        entries.append(Entry(connection: connection, timer: timer))
        connection.park()
        if idleCount > limits.idle { closeOldest() }
    }

    /// Closes an idle connection if there would be more connections than allowed.
    ///
    /// - Parameter used: How many exchanges hold a connection, or will.
    func makeRoom(beside used: Int) {
        if idleCount + used > limits.connections { closeOldest() }
    }

    /// The connection is no longer available.
    func forget(_ connection: any PooledConnection) {
        guard let index = entries.firstIndex(where: { $0.connection === connection })
        else { return }
        entries.remove(at: index).timer?.cancel()
    }

    /// Closes the idle connections now, and each of the others when it is idle.
    func close() {
        isClosed = true
        for entry in entries { entry.connection.close() }
    }

    private var idleCount: Int { entries.count { $0.timer != nil } }

    /// Finds the connection that was used last: the others may end.
    private func index(of key: ConnectionKey) -> Int? {
        entries.lastIndex { $0.connection.key == key && $0.connection.isReady }
    }

    private func closeOldest() {
        entries.first { $0.timer != nil }?.connection.close()
    }
}
