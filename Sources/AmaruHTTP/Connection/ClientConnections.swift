// The connections of one client.
// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// The connections that a client may use at once: idle ones, and those of HTTP/2; used on one event
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

    private struct Idle {
        let connection: HTTP1Connection
        let timer: Scheduled<Void>
    }

    private let loop: any EventLoop
    private let limits: Limits
    /// The idle connections, the one that has been so for longest first.
    private var idle: [Idle] = []
    private var multiplexed: [HTTP2Connection] = []
    /// What closes the connections of HTTP/2 that carry nothing.
    private var timers: [ObjectIdentifier: Scheduled<Void>] = [:]

    init(on loop: any EventLoop, _ limits: Limits) {
        self.loop = loop
        self.limits = limits
    }

    private var idleLifetime: TimeAmount { TimeAmount(limits.idleLifetime) }
}

// MARK: - Idle connections

extension ClientConnections {
    func hasIdle(for key: ConnectionKey) -> Bool { idle.contains { $0.connection.key == key } }

    /// Takes the connection that was used last: the others may end.
    func takeIdle(for key: ConnectionKey) -> HTTP1Connection? {
        while let index = idle.lastIndex(where: { $0.connection.key == key }) {
            let entry = idle.remove(at: index)
            entry.timer.cancel()
            if entry.connection.isReady { return entry.connection }
            entry.connection.close()
        }
        return nil
    }

    func park(_ connection: HTTP1Connection) {
        guard limits.idle > 0, idleLifetime > .zero else { return connection.close() }
        let timer = loop.assumeIsolated().scheduleTask(in: idleLifetime) {
            [weak self, weak connection] in
            guard let connection else { return }
            self?.forget(connection)
            connection.close()
        }
        idle.append(Idle(connection: connection, timer: timer))
        connection.park()
        if idle.count > limits.idle { closeOldest() }
    }

    /// Closes an idle connection if there would be more connections than allowed.
    ///
    /// - Parameter used: How many exchanges hold a connection, or will.
    func makeRoom(beside used: Int) {
        if idle.count + used > limits.connections, !idle.isEmpty { closeOldest() }
    }

    /// The connection is idle no longer.
    func forget(_ connection: HTTP1Connection) {
        guard let index = idle.firstIndex(where: { $0.connection === connection }) else { return }
        idle.remove(at: index).timer.cancel()
    }

    /// Closes the connections.
    func close() {
        while !idle.isEmpty { closeOldest() }
        for connection in multiplexed { connection.close() }
    }

    private func closeOldest() {
        let oldest = idle.removeFirst()
        oldest.timer.cancel()
        oldest.connection.close()
    }
}

// MARK: - Connections of HTTP/2

extension ClientConnections {
    func add(_ connection: HTTP2Connection) {
        multiplexed.append(connection)
    }

    func hasMultiplexed(for key: ConnectionKey) -> Bool {
        multiplexed.contains { $0.key == key && $0.isReady }
    }

    /// Returns a connection that takes another exchange.
    func multiplexed(for key: ConnectionKey) -> HTTP2Connection? {
        let found = multiplexed.first { $0.key == key && $0.isReady }
        if let found { timers.removeValue(forKey: ObjectIdentifier(found))?.cancel() }
        return found
    }

    /// Takes a connection that another client is to have.
    func takeMultiplexed(for key: ConnectionKey) -> HTTP2Connection? {
        guard let found = multiplexed(for: key) else { return nil }
        forget(found)
        return found
    }

    /// The connection carries nothing: it is closed unless it does before long.
    func park(_ connection: HTTP2Connection) {
        guard limits.idle > 0, idleLifetime > .zero else { return connection.close() }
        let id = ObjectIdentifier(connection)
        timers[id]?.cancel()
        timers[id] = loop.assumeIsolated().scheduleTask(in: idleLifetime) { [weak connection] in
            if let connection, connection.isIdle { connection.close() }
        }
    }

    func forget(_ connection: HTTP2Connection) {
        multiplexed.removeAll { $0 === connection }
        timers.removeValue(forKey: ObjectIdentifier(connection))?.cancel()
    }
}
