// The engine that speaks to the network.
// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import Logging
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A backend over async-http-client: HTTP/1.1, TLS, pooled connections.
///
/// It adds to the client what the contract of ``HTTPBackend`` asks for: exact heads, time limits
/// per operation, a bound on what is received ahead of its reader, and cancellation at any time.
/// Nothing is repeated, redirected or decompressed. No connection, thread or trust store is touched
/// before the first request.
///
/// ```swift
/// let backend = NIOHTTPBackend()
/// let exchange = backend.open(HTTPTransferRequest(method: "GET", url: "https://example.com/"))
/// print(try await exchange.head().status)
/// await backend.shutDown()
/// ```
public final class NIOHTTPBackend: HTTPBackend {
    private struct State {
        var lastID: UInt64 = 0
        var exchanges: [UInt64: ExchangeCore] = [:]
        var isShutDown = false
        /// The kinds of connections that have brought a response.
        var served: Set<ServedKind> = []
    }

    private struct ServedKind: Hashable {
        let origin: HTTPOrigin
        let connection: HTTPConnectionOptions
    }

    private let configuration: HTTPBackendConfiguration
    private let gate: ConnectionGate
    let deadlines = DeadlineWatch()
    private let state: NIOLockedValueBox<State>
    let clients: ClientCache

    /// Makes a backend; nothing is opened before the first request.
    ///
    /// - Parameter warn: Gets a line of text, on any thread, for each origin whose certificate is
    ///   not verified because a request wants it so; by default it is logged.
    public init(
        _ configuration: HTTPBackendConfiguration = HTTPBackendConfiguration(),
        warn: @escaping @Sendable (String) -> Void = NIOHTTPBackend.log
    ) {
        self.configuration = configuration
        gate = ConnectionGate(limit: configuration.maximumConnections)
        let state = NIOLockedValueBox(State())
        self.state = state
        clients = ClientCache(configuration, warn: warn) { id in
            state.withLockedValue { $0.exchanges[id] }
        }
    }

    /// Logs a warning with the label `AmaruHTTP`.
    public static let log: @Sendable (String) -> Void = { text in
        Logger(label: "AmaruHTTP").warning("\(text)")
    }

    /// The number of exchanges that have not ended.
    public var inFlight: Int { state.withLockedValue { $0.exchanges.count } }

    /// Starts an exchange and returns at once.
    public func open(_ request: HTTPTransferRequest) -> any HTTPExchange {
        let url: HTTPTransferURL
        do throws(HTTPTransferError) {
            url = try RequestTranslation.check(request)
        } catch {
            return FailedExchange(error)
        }
        let core: ExchangeCore? = state.withLockedValue { state in
            guard !state.isShutDown else { return nil }
            state.lastID += 1
            let core = ExchangeCore(
                id: state.lastID,
                request: request,
                url: url,
                bufferLimit: configuration.responseBufferLimit,
                engine: self
            )
            state.exchanges[core.id] = core
            return core
        }
        guard let core else {
            let message = "the request to \(url.origin) came after the network was shut down"
            return FailedExchange(HTTPTransferError(.localProtocol, message, origin: url.origin))
        }
        core.perform { $0.opened() }
        return NIOExchange(core)
    }

    /// Connects to an origin ahead of the first request, which then finds the connection there.
    ///
    /// Name look-up, TCP and TLS are done with what they need, such as the system's authorities;
    /// nothing is sent to the server beyond that. Returns when the connection is there, or could
    /// not be made: the first request will say why. An unused connection is closed after
    /// ``HTTPBackendConfiguration/idleConnectionLifetime``.
    ///
    /// - Parameter connect: The connect timeout of the requests to come: connections for limits
    ///   of very different length are not shared.
    public func prepare(for origin: HTTPOrigin, within connect: Duration?) async {
        let request = HTTPTransferRequest(
            method: "GET",
            url: origin.description + "/",
            timeouts: HTTPTimeouts(connect: connect)
        )
        guard let lease = try? clients.lease(request, to: origin) else { return }
        await clients.warmUp(lease, to: origin)
    }

    /// Cancels what is in flight, waits for it to end and closes the connections.
    ///
    /// Exchanges opened afterwards fail. Calling it again does nothing.
    public func shutDown() async {
        let exchanges = state.withLockedValue { state in
            state.isShutDown = true
            return Array(state.exchanges.values)
        }
        let clients = clients.close()
        for core in exchanges { core.perform { $0.cancelled() } }
        for core in exchanges { await core.closed() }
        for client in clients { await shutDown(client) }
    }

    /// Closes a client's connections.
    ///
    /// The library waits for connection attempts that nobody wants any more, and has no way to end
    /// them. They are left to their own time-out after a moment: they hold nothing of ours.
    private func shutDown(_ client: HTTPClient) async {
        let loop: any EventLoop = MultiThreadedEventLoopGroup.singleton.next()
        let isDone = loop.makePromise(of: Void.self)
        let timer = loop.scheduleTask(in: .milliseconds(500)) { isDone.succeed() }
        Task {
            // The only errors are a second shutdown, which cannot be, and connections that broke
            // while they were closed, which is what was wanted.
            try? await client.shutdown()
            timer.cancel()
            // Of two results a promise keeps the first.
            loop.execute { isDone.succeed() }
        }
        try? await isDone.futureResult.get()
    }
}

extension NIOHTTPBackend: ExchangeEngine {
    func enterPool(_ core: ExchangeCore) {
        gate(of: core).enter(core.id) { core.perform { $0.admitted() } }
    }

    func leavePool(_ core: ExchangeCore) {
        state.withLockedValue { _ = $0.exchanges.removeValue(forKey: core.id) }
        gate(of: core).leave(core.id)
    }

    private func gate(of core: ExchangeCore) -> ConnectionGate { core.request.pool?.gate ?? gate }

    func hasServed(_ core: ExchangeCore) -> Bool {
        let kind = ServedKind(origin: core.url.origin, connection: core.request.connection)
        return state.withLockedValue { $0.served.contains(kind) }
    }

    private func noteServed(_ core: ExchangeCore) {
        let kind = ServedKind(origin: core.url.origin, connection: core.request.connection)
        state.withLockedValue { state in
            // Of a program that speaks to that many, some are forgotten: it costs them a failure.
            if state.served.count >= 1000 { state.served = [] }
            state.served.insert(kind)
        }
    }

    func transfer(_ core: ExchangeCore) {
        guard let body = core.request.bodyInOnePiece else {
            let task = Task {
                guard let lease = lease(for: core) else { return }
                do {
                    try await stream(core, over: lease)
                } catch {
                    if core.restart(after: error) { return }
                    core.fail(lease.attributing(error))
                }
                // By now the response is released, and with it the connection.
                core.perform { $0.transferEnded() }
            }
            return core.transferStarted { task.cancel() }
        }
        if let lease = clients.leaseIfReady(core.request, to: core.url.origin) {
            return transfer(core, sending: body, over: lease)
        }
        // The first of a kind of connection may have files to read, which is no work for a caller.
        Task {
            if let lease = lease(for: core) { transfer(core, sending: body, over: lease) }
        }
    }

    /// Returns the right to the client of an exchange, or ends the exchange.
    private func lease(for core: ExchangeCore) -> ClientLease? {
        do {
            if let lease = try clients.lease(core.request, to: core.url.origin) { return lease }
            throw CancellationError()
        } catch {
            core.fail(error)
            core.perform { $0.transferEnded() }
            return nil
        }
    }

    /// Carries an exchange on the event loop, where nothing has to be waited for in sending.
    private func transfer(
        _ core: ExchangeCore,
        sending body: Data,
        over lease: ClientLease
    ) {
        // The library hands each of its own steps to that loop, which would be woken for each.
        lease.client.eventLoopGroup.any().execute { [self] in
            guard !core.isAborted else { return core.perform { $0.transferEnded() } }
            do {
                let request = try RequestTranslation.request(core, by: lease.route, sending: body)
                core.perform { $0.bodyHandedOver() }
                let task = lease.client.execute(
                    request: request,
                    delegate: ExchangeDelegate(
                        core,
                        served: { [weak self] in self?.noteServed(core) },
                        attribute: lease.attributing
                    ),
                    eventLoop: .indifferent,
                    deadline: .distantFuture
                )
                core.transferStarted { task.cancel() }
            } catch {
                core.fail(error)
                core.perform { $0.transferEnded() }
            }
        }
    }

    private func stream(_ core: ExchangeCore, over lease: ClientLease) async throws {
        let response = try await lease.client.execute(
            RequestTranslation.clientRequest(core, by: lease.route),
            deadline: .distantFuture
        )
        noteServed(core)
        core.perform { $0.received(RequestTranslation.head(response)) }
        var body = response.body.makeAsyncIterator()
        while await core.demand() {
            guard let bytes = try await body.next() else {
                return core.perform { $0.receivedEnd() }
            }
            core.perform { $0.received(Data(bytes.readableBytesView)) }
        }
    }
}

extension HTTPTransferRequest {
    /// The whole body, where it is small enough to go with the head.
    fileprivate var bodyInOnePiece: Data? {
        switch body {
        case .none: Data()
        // The library frames such a body by its length, whatever the request says.
        case .data where headers.contains { $0.isNamed("transfer-encoding") }: nil
        case .data(let data) where data.count <= 64 * 1024: data
        case .data, .upload: nil
        }
    }
}

/// The caller's end of an exchange: letting go of it cancels.
final class NIOExchange: HTTPExchange {
    private let core: ExchangeCore

    init(_ core: ExchangeCore) {
        self.core = core
    }

    deinit {
        core.perform { $0.cancelled() }
    }

    func head(_ completion: @escaping HTTPCompletion<HTTPTransferHead>) { core.head(completion) }

    func read(_ completion: @escaping HTTPCompletion<[Data]>) { core.read(all: true, completion) }

    func write(_ data: Data, _ completion: @escaping HTTPCompletion<Void>) {
        core.write(data, completion)
    }

    func finish(_ completion: @escaping HTTPCompletion<Void>) {
        completion(Result { () throws(HTTPTransferError) in try core.finish() })
    }

    func abandon(_ wait: HTTPExchangeWait) {
        switch wait {
        case .head: core.perform { $0.headWaitsCancelled() }
        case .read: core.perform { $0.readWaitCancelled() }
        }
    }

    func cancel() { core.perform { $0.cancelled() } }
    func whenClosed(_ completion: @escaping @Sendable () -> Void) { core.whenClosed(completion) }
    var timings: HTTPExchangeTimings { core.timings }
}
