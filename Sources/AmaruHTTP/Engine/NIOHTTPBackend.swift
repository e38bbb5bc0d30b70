// The engine that speaks to the network.
// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
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
        var direct: HTTPClient?
        var proxied: HTTPClient?
        var isShutDown = false
    }

    private let configuration: HTTPBackendConfiguration
    private let gate: ConnectionGate
    private let state = Locked(State())

    /// Makes a backend; nothing is opened before the first request.
    public init(_ configuration: HTTPBackendConfiguration = HTTPBackendConfiguration()) {
        self.configuration = configuration
        gate = ConnectionGate(limit: configuration.maximumConnections)
    }

    /// The number of exchanges that have not ended.
    public var inFlight: Int { state.withLock { $0.exchanges.count } }

    /// Starts an exchange and returns at once.
    public func open(_ request: HTTPTransferRequest) -> any HTTPExchange {
        let url: HTTPTransferURL
        do throws(HTTPTransferError) {
            url = try RequestTranslation.check(request)
        } catch {
            return FailedExchange(error)
        }
        let core: ExchangeCore? = state.withLock { state in
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

    /// Cancels what is in flight, waits for it to end and closes the connections.
    ///
    /// Exchanges opened afterwards fail. Calling it again does nothing.
    public func shutDown() async {
        let (exchanges, clients) = state.withLock { state in
            state.isShutDown = true
            let clients = [state.direct.take(), state.proxied.take()]
            return (Array(state.exchanges.values), clients)
        }
        for core in exchanges { core.perform { $0.cancelled() } }
        for core in exchanges { await core.closed() }
        for client in clients {
            // The only errors are a second shutdown, which `take` excludes, and connections that
            // broke while they were closed, which is what was wanted.
            try? await client?.shutdown()
        }
    }
}

extension NIOHTTPBackend: ExchangeEngine {
    var timerLoop: any EventLoop { MultiThreadedEventLoopGroup.singleton.next() }

    func enterPool(_ core: ExchangeCore) {
        gate.enter(core.id) { core.perform { $0.admitted() } }
    }

    func leavePool(_ core: ExchangeCore) {
        state.withLock { _ = $0.exchanges.removeValue(forKey: core.id) }
        gate.leave(core.id)
    }

    func transfer(_ core: ExchangeCore) async {
        do {
            guard let client = client(for: core.url.origin) else { throw CancellationError() }
            try await stream(core, over: client)
        } catch {
            core.fail(error)
        }
        // By now the response is released, and with it the connection.
        core.perform { $0.transferEnded() }
    }

    private func stream(_ core: ExchangeCore, over client: HTTPClient) async throws {
        let response = try await client.execute(
            RequestTranslation.clientRequest(core),
            deadline: .distantFuture
        )
        core.perform { $0.received(RequestTranslation.head(response)) }
        var body = response.body.makeAsyncIterator()
        while await core.demand() {
            guard let bytes = try await body.next() else {
                return core.perform { $0.receivedEnd() }
            }
            core.perform { $0.received(Data(bytes.readableBytesView)) }
        }
    }

    private func client(for origin: HTTPOrigin) -> HTTPClient? {
        let proxy = configuration.proxy.flatMap { $0.serves(origin) ? $0 : nil }
        return state.withLock { state in
            if state.isShutDown { return nil }
            if let existing = proxy == nil ? state.direct : state.proxied { return existing }
            let client = HTTPClient(configuration, proxy: proxy) { [weak self] id in
                self?.state.withLock { $0.exchanges[id] }
            }
            if proxy == nil { state.direct = client } else { state.proxied = client }
            return client
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

    func head() async throws(HTTPTransferError) -> HTTPTransferHead { try await core.head().get() }
    func read() async throws(HTTPTransferError) -> Data? { try await core.read().get() }
    func write(_ data: Data) async throws(HTTPTransferError) { try await core.write(data).get() }
    func finish() async throws(HTTPTransferError) { try core.finish() }
    func cancel() { core.perform { $0.cancelled() } }
    func closed() async { await core.closed() }
}
