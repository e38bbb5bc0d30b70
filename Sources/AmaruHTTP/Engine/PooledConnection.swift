// Closes connections with the pool that used them last.
// SPDX-License-Identifier: Apache-2.0

import NIOConcurrencyHelpers
import NIOCore

/// A connection of HTTP/1.1, as far as it matters to whom it belongs.
///
/// The client library keeps connections for whoever asks for one of their kind next. Here each
/// belongs to the pool whose request it carried last: when that ends, so does the connection,
/// unless a request is on it.
final class PooledConnection: @unchecked Sendable {
    // Safe because everything but `channel` is used on the channel's event loop alone.
    private let channel: any Channel
    private weak var pool: HTTPConnectionPool?
    /// Whether it belongs to a pool, which may have ended.
    private var isOfPool = false
    private var isSending = false
    private var isReceiving = false

    init(_ channel: any Channel) {
        self.channel = channel
    }

    func requestBegins(of pool: HTTPConnectionPool?) {
        (isSending, isReceiving) = (true, true)
        isOfPool = pool != nil
        guard self.pool !== pool else { return }
        self.pool?.connections.remove(self)
        self.pool = pool
        pool?.connections.insert(self)
    }

    func requestEnded() {
        isSending = false
        closeIfLeft()
    }

    /// The client library may put the next request on the connection while it takes the end, which
    /// `pass` gives to it.
    func responseEnded(passing pass: () -> Void) {
        isReceiving = false
        pass()
        closeIfLeft()
    }

    /// The channel is closed.
    func ended() {
        pool?.connections.remove(self)
        pool = nil
        isOfPool = false
    }

    /// The pool has ended; on any thread.
    fileprivate func poolEnded() {
        channel.eventLoop.execute { self.closeIfLeft() }
    }

    private func closeIfLeft() {
        guard isOfPool, pool == nil, !isSending, !isReceiving else { return }
        isOfPool = false
        channel.close(promise: nil)
    }
}

/// The connections of a pool, which are told of its end by being released with it.
final class PooledConnections: Sendable {
    private let members = NIOLockedValueBox<[ObjectIdentifier: PooledConnection]>([:])

    deinit {
        for connection in members.withLockedValue({ $0.values }) { connection.poolEnded() }
    }

    fileprivate func insert(_ connection: PooledConnection) {
        members.withLockedValue { $0[ObjectIdentifier(connection)] = connection }
    }

    fileprivate func remove(_ connection: PooledConnection) {
        members.withLockedValue { _ = $0.removeValue(forKey: ObjectIdentifier(connection)) }
    }
}
