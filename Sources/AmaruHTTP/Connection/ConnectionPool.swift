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
        /// Whether it goes on although no exchange waits.
        let isPreparation: Bool
        var waiters: [Exchange] = []
        var dial: Dial?
        /// Who is told when it is over.
        var completions: [@Sendable () -> Void] = []

        init(_ key: ConnectionKey, isPreparation: Bool) {
            self.key = key
            self.isPreparation = isPreparation
        }
    }

    let loop: any EventLoop
    /// The places of exchanges that name no pool.
    private let gate: ConnectionGate
    let dialer: Dialer
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
            if attempt.waiters.isEmpty, !attempt.isPreparation {
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

    func resumeReceiving(_ exchange: Exchange) { transfer(of: exchange)?.resumeReceiving() }

    func resumeUpload(of exchange: Exchange, with step: Exchange.Machine.UploadStep) {
        transfer(of: exchange)?.resumeUpload(with: step)
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
}

// MARK: - Connections

extension ConnectionPool {
    private func connect(_ exchange: Exchange, _ key: ConnectionKey, isAgain: Bool) {
        guard !isShutDown else { return fail(exchange, CancellationError()) }
        let client = client(of: exchange)
        if !isAgain {
            if let connection = client.multiplexed(for: key) ?? adoptMultiplexed(key, for: client) {
                return start(exchange, on: connection)
            }
            if let connection = client.takeIdle(for: key) ?? adoptIdle(key) {
                return begin(connection.start(exchange))
            }
            if let attempt = attempt(toJoinFor: key) {
                attempt.waiters.append(exchange)
                work[exchange.id] = .connecting(attempt)
                return
            }
        }
        client.makeRoom(beside: (exchange.request.pool?.gate ?? gate).count)
        let attempt = dial(key, isPreparation: false)
        attempt.waiters = [exchange]
        work[exchange.id] = .connecting(attempt)
    }

    private func start(_ exchange: Exchange, on connection: HTTP2Connection) {
        work[exchange.id] = .waiting(connection)
        connection.start(exchange)
    }

    /// Gives a client a connection that was made ahead.
    private func adoptMultiplexed(
        _ key: ConnectionKey,
        for client: ClientConnections
    ) -> HTTP2Connection? {
        guard let connection = prepared.takeMultiplexed(for: key.withoutOwner) else { return nil }
        connection.key = key
        client.add(connection)
        return connection
    }

    private func adoptIdle(_ key: ConnectionKey) -> HTTP1Connection? {
        let connection = prepared.takeIdle(for: key.withoutOwner)
        connection?.key = key
        return connection
    }

    /// Returns an attempt that one more exchange may wait for: one that prepares a connection, or
    /// one to a server that may speak HTTP/2.
    private func attempt(toJoinFor key: ConnectionKey) -> Attempt? {
        let mayShare = key.offersHTTP2 && !plainKeys.contains(key)
        let withoutOwner = key.withoutOwner
        return attempts.first { attempt in
            attempt.isPreparation
                ? attempt.waiters.isEmpty && attempt.key == withoutOwner
                : mayShare && attempt.key == key
        }
    }

    private func dial(_ key: ConnectionKey, isPreparation: Bool) -> Attempt {
        let attempt = Attempt(key, isPreparation: isPreparation)
        attempts.append(attempt)
        attempt.dial = dialer.dial(key) { [self] result in
            attempts.removeAll { $0 === attempt }
            switch result {
            case .success(let connected): connect(attempt, connected)
            case .failure(let error): for waiter in attempt.waiters { fail(waiter, error) }
            }
            end(attempt)
        }
        return attempt
    }

    private func connect(_ attempt: Attempt, _ connected: Dial.Connected) {
        let waiters = attempt.waiters
        attempt.waiters = []
        do {
            if connected.speaksHTTP2 {
                try connectStreams(attempt.key, connected.channel, waiters)
            } else {
                try connectOne(attempt.key, connected.channel, waiters)
            }
        } catch {
            connected.channel.close(promise: nil)
            for waiter in waiters { fail(waiter, error) }
        }
    }

    private func connectOne(
        _ key: ConnectionKey,
        _ channel: any Channel,
        _ waiters: [Exchange]
    ) throws {
        let connection = HTTP1Connection(channel, key: key, pool: self)
        try channel.pipeline.syncOperations.addHandler(connection)
        guard let first = waiters.first else { return park(connection) }
        connection.key.owner = first.request.pool?.number
        begin(connection.start(first))
        // The others had hoped for HTTP/2.
        guard key.offersHTTP2 else { return }
        if plainKeys.count >= 1000 { plainKeys = [] }
        plainKeys.insert(connection.key)
        for waiter in waiters.dropFirst() { connect(waiter, connection.key, isAgain: false) }
    }

    private func connectStreams(
        _ key: ConnectionKey,
        _ channel: any Channel,
        _ waiters: [Exchange]
    ) throws {
        let connection = try HTTP2Connection(channel, key: key, pool: self)
        guard let first = waiters.first else {
            prepared.add(connection)
            return isShutDown ? connection.close() : prepared.park(connection)
        }
        connection.key.owner = first.request.pool?.number
        client(of: first).add(connection)
        for waiter in waiters { start(waiter, on: connection) }
    }

    /// Keeps a connection for the next exchange, or closes it.
    func park(_ connection: HTTP1Connection) {
        let isPrepared = connection.isUnused && connection.key.owner == nil
        let client = isPrepared ? prepared : clients[connection.key.owner]
        guard !isShutDown, let client else { return connection.close() }
        client.park(connection)
    }

    /// Keeps a connection that carries nothing, or closes it.
    func park(_ connection: HTTP2Connection) {
        guard !isShutDown, let client = clients[connection.key.owner] else {
            return connection.close()
        }
        client.park(connection)
    }

    /// A connection has ended.
    func closed(_ connection: HTTP1Connection) {
        prepared.forget(connection)
        clients[connection.key.owner]?.forget(connection)
    }

    /// A connection has ended.
    func closed(_ connection: HTTP2Connection) {
        prepared.forget(connection)
        clients[connection.key.owner]?.forget(connection)
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
        guard !isShutDown, !prepared.hasIdle(for: key),
            !prepared.hasMultiplexed(for: key)
        else { return completion() }
        if let attempt = attempts.first(where: { $0.key == key && $0.isPreparation }) {
            return attempt.completions.append(completion)
        }
        let attempt = dial(key, isPreparation: true)
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
