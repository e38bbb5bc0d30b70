// The clients of the library, one for each kind of connection.
// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// Makes clients as they are needed and shuts down those that are not.
///
/// The library takes proxy, trust and connection time-out per client, and each client has its own
/// connections. Programs that ask for ever new options do not collect clients: of those that serve
/// no exchange, the ones unused for a while are shut down, and the oldest where there are many.
final class ClientCache: Sendable {
    /// How many clients are kept that serve no exchange.
    static let maximumIdle = 32

    struct Entry {
        var client: HTTPClient
        var material: TLSMaterial?
        var users = 0
        var lastUsed = NIODeadline.now()
    }

    struct State {
        var entries: [ConnectionRoute: Entry] = [:]
        var materials: [TLSSettings: Weak<TLSMaterial>] = [:]
        var warned: Set<HTTPOrigin> = []
        var warmUps: [ConnectionRoute: EventLoopFuture<HTTPClient.Task<Void>>] = [:]
        var isSweepDue = false
        var isShutDown = false
    }

    let configuration: HTTPBackendConfiguration
    private let warn: @Sendable (String) -> Void
    private let find: @Sendable (UInt64) -> ExchangeCore?
    let state = NIOLockedValueBox(State())

    init(
        _ configuration: HTTPBackendConfiguration,
        warn: @escaping @Sendable (String) -> Void,
        find: @escaping @Sendable (UInt64) -> ExchangeCore?
    ) {
        self.configuration = configuration
        self.warn = warn
        self.find = find
    }

    deinit {
        // The library traps where a client is dropped that was not shut down.
        let clients = state.withLockedValue { $0.entries.values.map(\.client) }
        guard !clients.isEmpty else { return }
        Task { for client in clients { try? await client.shutdown() } }
    }

    /// The number of clients at the moment.
    var count: Int { state.withLockedValue { $0.entries.count } }

    /// Returns the client for a request if there is one already, without any work.
    func leaseIfReady(_ request: HTTPTransferRequest, to origin: HTTPOrigin) -> ClientLease? {
        guard let route = try? ConnectionRoute(request, to: origin, configuration) else {
            return nil
        }
        if origin.isSecure, request.connection.verification == .none { warnOnce(of: origin) }
        return lease(state.withLockedValue { $0.use(route) }, route)
    }

    /// Returns the client for a request; nil after the shut-down.
    ///
    /// May read files of certificates: not for an event loop.
    ///
    /// - Throws: ``HTTPTransferError`` where no connection of that kind can be made.
    func lease(
        _ request: HTTPTransferRequest,
        to origin: HTTPOrigin
    ) throws(HTTPTransferError) -> ClientLease? {
        let route = try ConnectionRoute(request, to: origin, configuration)
        if origin.isSecure, request.connection.verification == .none { warnOnce(of: origin) }
        if let lease = lease(state.withLockedValue({ $0.use(route) }), route) { return lease }
        let made: (HTTPClient, TLSMaterial?)
        do {
            made = try makeClient(route)
        } catch {
            throw Self.failure(error, origin)
        }
        let (client, surplus) = state.withLockedValue { state in
            state.take(made, for: route)
        }
        if let surplus { Self.shutDown([surplus]) }
        return lease(client, route)
    }

    /// Shuts nothing down, but gives the clients to who will, and makes no more.
    func close() -> [HTTPClient] {
        state.withLockedValue { state in
            state.isShutDown = true
            defer { state.entries = [:] }
            return state.entries.values.map(\.client)
        }
    }

    private func lease(_ client: HTTPClient?, _ route: ConnectionRoute) -> ClientLease? {
        client.map { ClientLease(client: $0, route: route, cache: self) }
    }

    private func makeClient(_ route: ConnectionRoute) throws -> (HTTPClient, TLSMaterial?) {
        let material = try route.tls.map { try self.material($0) }
        let hooks = ClientHooks(find: find) { [weak self] channel in
            self?.connected(route, channel.eventLoop)
                ?? channel.eventLoop.makeSucceededVoidFuture()
        }
        let client = try HTTPClient(
            route,
            maximumConnections: configuration.maximumConnections,
            material: material,
            hooks: hooks
        )
        return (client, material)
    }

    /// Files are read once for all clients that are there at the same time.
    private func material(_ settings: TLSSettings) throws -> TLSMaterial {
        if let known = state.withLockedValue({ $0.materials[settings]?.value }) { return known }
        let made = try TLSMaterial(settings)
        state.withLockedValue { state in
            state.materials = state.materials.filter { $0.value.value != nil }
            state.materials[settings] = Weak(made)
        }
        return made
    }

    private func warnOnce(of origin: HTTPOrigin) {
        guard state.withLockedValue({ $0.warned.insert(origin).inserted }) else { return }
        warn(
            "The certificate of \(origin) is not verified: anyone on the way can read and change "
                + "what is sent. Trust its authority instead, if you can."
        )
    }

    private static func failure(_ error: any Error, _ origin: HTTPOrigin) -> HTTPTransferError {
        guard let error = error as? CertificateFile.Failure else {
            return HTTPTransferError(error, stage: .connecting, origin: origin)
        }
        return HTTPTransferError(
            .connect,
            "could not connect to \(origin): \(error). Check the certificates that are configured.",
            origin: origin
        )
    }
}

extension ClientCache.State {
    /// Counts a user in and returns the client, if there is one.
    mutating func use(_ route: ConnectionRoute) -> HTTPClient? {
        guard !isShutDown, entries[route] != nil else { return nil }
        entries[route]?.users += 1
        return entries[route]?.client
    }

    /// Keeps a new client unless another was faster; returns the one to use and the surplus.
    mutating func take(
        _ made: (client: HTTPClient, material: TLSMaterial?),
        for route: ConnectionRoute
    ) -> (use: HTTPClient?, surplus: HTTPClient?) {
        if isShutDown { return (nil, made.client) }
        if let existing = use(route) { return (existing, made.client) }
        entries[route] = ClientCache.Entry(client: made.client, material: made.material, users: 1)
        return (made.client, nil)
    }

    /// Takes out clients that nobody uses: those last used before a time, and the oldest surplus.
    mutating func removeUnused(before time: NIODeadline) -> [HTTPClient] {
        let idle = entries.filter { $0.value.users == 0 }
            .sorted { $0.value.lastUsed > $1.value.lastUsed }
        let removed = idle.enumerated().filter { index, entry in
            index >= ClientCache.maximumIdle || entry.value.lastUsed < time
        }
        for (_, entry) in removed { entries[entry.key] = nil }
        return removed.map(\.element.value.client)
    }
}

extension ClientCache {
    fileprivate func release(_ route: ConnectionRoute) {
        let (removed, isSweepNeeded) = state.withLockedValue { state in
            state.entries[route]?.users -= 1
            state.entries[route]?.lastUsed = .now()
            let removed = state.removeUnused(before: .distantPast)
            defer { state.isSweepDue = true }
            return (removed, !state.isSweepDue && !state.isShutDown)
        }
        Self.shutDown(removed)
        if isSweepNeeded { scheduleSweep() }
    }

    /// A client is kept a little longer than its connections.
    private func scheduleSweep() {
        let period = TimeAmount(configuration.idleConnectionLifetime) + .seconds(30)
        MultiThreadedEventLoopGroup.singleton.any().scheduleTask(in: period) { [weak self] in
            self?.sweep(period) ?? ()
        }
    }

    private func sweep(_ period: TimeAmount) {
        let (removed, isOver) = state.withLockedValue { state in
            let removed = state.removeUnused(before: .now() - period)
            state.isSweepDue = state.entries.values.contains { $0.users == 0 }
            return (removed, !state.isSweepDue)
        }
        Self.shutDown(removed)
        if !isOver { scheduleSweep() }
    }

    private static func shutDown(_ clients: [HTTPClient]) {
        guard !clients.isEmpty else { return }
        // The only errors are connections that broke while they were closed.
        Task { for client in clients { try? await client.shutdown() } }
    }
}

/// The right to use a client; letting go of it gives it up.
final class ClientLease: Sendable {
    let client: HTTPClient
    let route: ConnectionRoute
    private let cache: ClientCache

    fileprivate init(client: HTTPClient, route: ConnectionRoute, cache: ClientCache) {
        self.client = client
        self.route = route
        self.cache = cache
    }

    deinit { cache.release(route) }

    /// Adds proxy or socket to an error of the system, which may be one of the connection to it.
    func attributing(_ error: any Error) -> any Error {
        guard let place = route.place, error is NIOConnectionError || error is IOError
        else { return error }
        return RouteFault(place: place, error: error)
    }
}

/// A reference that does not keep its object.
struct Weak<Object: AnyObject & Sendable>: Sendable {
    private(set) weak var value: Object?

    init(_ value: Object) { self.value = value }
}
