// The connections of a backend, and who gets them.
// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Finds or makes a connection for each exchange that was admitted, and keeps it for the next.
///
/// All of it happens on one event loop, which is also that of the connections.
final class ConnectionPool: @unchecked Sendable {
    // Safe because every method is called on the event loop.

    /// What is done for an exchange that was admitted.
    private enum Work {
        case connecting(Attempt)
        /// Waits for a stream.
        case waiting(HTTP2Connection)
        case transferring(Transfer)
    }

    /// A connection that is being made, and the exchanges that wait for it.
    private final class Attempt {
        let key: ConnectionKey
        /// The client whose exchanges wait; nil for a connection that is made ahead, for whichever
        /// client comes first.
        let client: ClientConnections?
        var waiters: [Exchange] = []
        var dial: Dial?
        /// Who is told when it is over.
        var completions: [@Sendable () -> Void] = []

        init(_ key: ConnectionKey, for client: ClientConnections?) {
            self.key = key
            self.client = client
        }
    }

    let loop: any EventLoop
    /// The places of exchanges that name no pool.
    private let gate: ConnectionGate
    let dialer: Dialer
    let deadlines: DeadlineWatch
    private let configuration: HTTPBackendConfiguration
    /// The connections of each client's pool, and under nil those of the backend's own.
    private var clients: [UInt64?: ClientConnections] = [:]
    private var work: [UInt64: Work] = [:]
    private var attempts: [Attempt] = []
    /// Connections that were made ahead and have carried nothing: whoever comes first takes them.
    private let prepared: ClientConnections
    /// Servers that were offered HTTP/2 and did not take it.
    private var plainKeys: Set<ConnectionKey> = []
    private var isShutDown = false

    init(
        on loop: any EventLoop,
        _ configuration: HTTPBackendConfiguration,
        gate: ConnectionGate
    ) {
        self.loop = loop
        self.configuration = configuration
        self.gate = gate
        dialer = Dialer(on: loop)
        deadlines = DeadlineWatch(on: loop)
        prepared = ClientConnections(on: loop, Self.limits(nil, configuration))
    }

    private static func limits(
        _ pool: HTTPConnectionPool?,
        _ configuration: HTTPBackendConfiguration
    ) -> ClientConnections.Limits {
        ClientConnections.Limits(
            connections: pool?.maximumConnections ?? configuration.maximumConnections,
            idle: pool?.maximumIdleConnections ?? .max,
            idleLifetime: pool?.idleLifetime ?? configuration.idleConnectionLifetime
        )
    }

    private func client(of exchange: Exchange) -> ClientConnections {
        let pool = exchange.request.pool
        if let client = clients[pool?.number] { return client }
        let client = ClientConnections(on: loop, Self.limits(pool, configuration))
        clients[pool?.number] = client
        if let number = pool?.number {
            pool?.whenEnded(self) { [weak self] in
                guard let self else { return }
                loop.execute { self.clients.removeValue(forKey: number)?.close() }
            }
        }
        return client
    }
}

// MARK: - Exchanges

extension ConnectionPool {
    /// Carries an exchange that was admitted.
    ///
    /// - `isAgain`: Whether it needs a new connection, as the first one did not serve it.
    func start(_ exchange: Exchange, isAgain: Bool = false) {
        loop.assertInEventLoop()
        do throws(HTTPTransferError) {
            let key = try ConnectionKey(exchange.request, configuration)
            connect(exchange, key, isAgain: isAgain)
        } catch {
            fail(exchange, error)
        }
    }

    func abort(_ exchange: Exchange) {
        loop.assertInEventLoop()
        switch work.removeValue(forKey: exchange.id) {
        case .transferring(let transfer)?:
            return transfer.abort()
        case .connecting(let attempt)?:
            attempt.waiters.removeAll { $0 === exchange }
            if attempt.waiters.isEmpty, attempt.client != nil {
                attempts.removeAll { $0 === attempt }
                attempt.dial?.cancel()
            }
        case .waiting(let connection)?:
            connection.withdraw(exchange)
        case nil:
            break
        }
        exchange.perform { $0.transferEnded() }
    }

    /// Nothing more is to be done for the exchange.
    func transferEnded(of exchange: Exchange) { work[exchange.id] = nil }

    func transfer(of exchange: Exchange) -> Transfer? {
        guard case .transferring(let transfer)? = work[exchange.id] else { return nil }
        return transfer
    }

    private func fail(_ exchange: Exchange, _ error: any Error) {
        work[exchange.id] = nil
        exchange.fail(error)
        exchange.perform { $0.transferEnded() }
    }

    /// Notes who carries an exchange.
    func begin(_ transfer: Transfer) {
        // It may have ended already, if it could not even begin.
        guard !transfer.isOver else { return }
        work[transfer.exchange.id] = .transferring(transfer)
    }

    /// Notes which connection an exchange waits for.
    func wait(_ exchange: Exchange, for connection: HTTP2Connection) {
        work[exchange.id] = .waiting(connection)
    }
}

// MARK: - Connections

extension ConnectionPool {
    private func connect(_ exchange: Exchange, _ key: ConnectionKey, isAgain: Bool) {
        guard !isShutDown else { return fail(exchange, CancellationError()) }
        let client = client(of: exchange)
        if !isAgain, let connection = client.take(key) ?? adopt(key, for: client) {
            return connection.start(exchange)
        }
        let attempt: Attempt
        if !isAgain, let other = self.attempt(toJoinFor: key, client) {
            attempt = other
        } else {
            client.makeRoom(beside: (exchange.request.pool?.gate ?? gate).count)
            attempt = dial(key, for: client)
        }
        attempt.waiters.append(exchange)
        work[exchange.id] = .connecting(attempt)
    }

    /// Gives a client a connection that was made ahead.
    private func adopt(
        _ key: ConnectionKey,
        for client: ClientConnections
    ) -> (any PooledConnection)? {
        guard let connection = prepared.take(key) else { return nil }
        prepared.forget(connection)
        client.add(connection)
        return connection
    }

    /// Returns an attempt that one more exchange may wait for: one that prepares a connection, or
    /// one to a server that may speak HTTP/2.
    private func attempt(toJoinFor key: ConnectionKey, _ client: ClientConnections) -> Attempt? {
        let mayShare = key.offersHTTP2 && !plainKeys.contains(key)
        return attempts.first { attempt in
            attempt.key == key
                && (attempt.client.map { mayShare && $0 === client } ?? attempt.waiters.isEmpty)
        }
    }

    private func dial(_ key: ConnectionKey, for client: ClientConnections?) -> Attempt {
        let attempt = Attempt(key, for: client)
        attempts.append(attempt)
        attempt.dial = dialer.dial(key) { [self] result in
            attempts.removeAll { $0 === attempt }
            do {
                try connect(attempt, result.get())
            } catch {
                for waiter in attempt.waiters { fail(waiter, error) }
            }
            end(attempt)
        }
        return attempt
    }

    private func connect(_ attempt: Attempt, _ connected: Dial.Connected) throws {
        let (key, channel, waiters) = (attempt.key, connected.channel, attempt.waiters)
        let connection: any PooledConnection
        do {
            connection =
                connected.speaksHTTP2
                ? try HTTP2Connection(channel, key: key, pool: self)
                : try HTTP1Connection(channel, key: key, pool: self)
        } catch {
            channel.close(promise: nil)
            throw error
        }
        let client = waiters.first.map(self.client(of:)) ?? prepared
        client.add(connection)
        guard let first = waiters.first else { return connection.release() }
        if key.offersHTTP2, !connection.isShared {
            if plainKeys.count >= 1000 { plainKeys = [] }
            plainKeys.insert(key)
        }
        connection.start(first)
        // The others had hoped for HTTP/2.
        for waiter in waiters.dropFirst() { connect(waiter, key, isAgain: false) }
    }
}

// MARK: - Ahead of requests, and the end

extension ConnectionPool {
    /// Makes a connection that the first exchange of its kind takes.
    func prepare(
        _ key: ConnectionKey,
        within limit: Duration?,
        _ completion: @escaping @Sendable () -> Void
    ) {
        guard !isShutDown, !prepared.has(key) else { return completion() }
        if let attempt = attempts.first(where: { $0.key == key && $0.client == nil }) {
            return attempt.completions.append(completion)
        }
        let attempt = dial(key, for: nil)
        attempt.completions.append(completion)
        guard let limit else { return }
        loop.assumeIsolated().scheduleTask(in: TimeAmount(limit)) { [weak self, weak attempt] in
            guard let self, let attempt, attempt.waiters.isEmpty, let dial = attempt.dial
            else { return }
            dial.cancel()
            end(attempt)
        }
    }

    private func end(_ attempt: Attempt) {
        attempts.removeAll { $0 === attempt }
        attempt.dial = nil
        let completions = attempt.completions
        attempt.completions = []
        for completion in completions { completion() }
    }

    /// Closes the connections; the exchanges have been cancelled.
    func shutDown() {
        isShutDown = true
        for attempt in attempts {
            attempt.dial?.cancel()
            end(attempt)
        }
        prepared.close()
        for client in clients.values { client.close() }
    }
}
