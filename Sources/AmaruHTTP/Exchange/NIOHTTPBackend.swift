// The engine that speaks to the network.
// SPDX-License-Identifier: Apache-2.0

import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A backend on SwiftNIO: HTTP/1.1 and HTTP/2, TLS, proxies, pooled connections.
///
/// Heads are sent and received byte for byte, each operation has its time limit, what is received
/// ahead of its reader is bounded, and an exchange can be cancelled at any time. Nothing is
/// redirected or decompressed, and nothing repeated but a request that a closing connection did not
/// serve. No thread, connection or trust store is touched before the first request.
///
/// ```swift
/// let backend = NIOHTTPBackend()
/// let exchange = backend.open(HTTPTransferRequest(method: "GET", url: "https://example.com/"))
/// print(try await exchange.head().status)
/// await backend.shutDown()
/// ```
public final class NIOHTTPBackend: HTTPBackend {
    private struct State {
        /// What there is once there was a request.
        var pool: ConnectionPool?
        var lastID: UInt64 = 0
        var exchanges: [UInt64: Exchange] = [:]
        var warned: Set<HTTPOrigin> = []
        var isShutDown = false
    }

    let configuration: HTTPBackendConfiguration
    private let warn: @Sendable (String) -> Void
    /// The places of exchanges that name no pool.
    let gate: ConnectionGate
    private let state = NIOLockedValueBox(State())

    /// Makes a backend; nothing is opened before the first request.
    ///
    /// - `warn`: Gets a line of text, on any thread, for each origin whose certificate is
    ///   not verified because a request wants it so; by default it goes to standard error.
    public init(
        _ configuration: HTTPBackendConfiguration = HTTPBackendConfiguration(),
        warn: @escaping @Sendable (String) -> Void = NIOHTTPBackend.log
    ) {
        self.configuration = configuration
        self.warn = warn
        gate = ConnectionGate(limit: configuration.maximumConnections)
    }

    deinit {
        guard let pool = state.withLockedValue({ $0.pool }) else { return }
        pool.loop.execute { pool.shutDown() }
    }

    /// Writes a line to standard error.
    public static let log: @Sendable (String) -> Void = { text in
        let line = Array("warning: \(text)\n".utf8)
        // A standard error that is closed has nobody who reads it.
        _ = line.withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
    }

    /// The number of exchanges that have not ended.
    public var inFlight: Int { state.withLockedValue { $0.exchanges.count } }

    /// Starts an exchange and returns at once.
    public func open(_ request: HTTPTransferRequest) -> any HTTPExchange {
        let checked: OutgoingRequest
        do throws(HTTPTransferError) {
            checked = try OutgoingRequest(request)
        } catch {
            return FailedExchange(error)
        }
        let origin = checked.origin
        let exchange: Exchange? = state.withLockedValue { state in
            guard !state.isShutDown else { return nil }
            state.lastID += 1
            let exchange = Exchange(
                id: state.lastID,
                request: checked,
                bufferLimit: configuration.responseBufferLimit,
                backend: self
            )
            state.exchanges[exchange.id] = exchange
            return exchange
        }
        guard let exchange else {
            let message = "the request to \(origin) came after the network was shut down"
            return FailedExchange(HTTPTransferError(.localProtocol, message, origin: origin))
        }
        if origin.isSecure, request.connection.verification == .none { warnOnce(of: origin) }
        exchange.perform { $0.opened() }
        // What is in flight keeps itself alive; letting go of this cancels it.
        return ForwardingExchange(exchange)
    }

    /// Starts the event loop, and reads the configured authorities on another thread.
    ///
    /// Returns when they are read, or could not be: the first request will say why.
    public func warmUp() async {
        let settings = TLSSettings(HTTPConnectionOptions(), configuration)
        let pool = pool
        try? await pool.loop.flatSubmit { pool.dialer.warmUp(settings) }.get()
    }

    /// Connects to an origin ahead of the first request, which then finds the connection there.
    ///
    /// Name look-up, TCP and TLS are done with what they need, such as the system's authorities;
    /// nothing is sent to the server beyond that. Returns when the connection is there, or could
    /// not be made: the first request will say why. An unused connection is closed after
    /// ``HTTPBackendConfiguration/idleConnectionLifetime``.
    ///
    /// - `connect`: How long to wait for the connection; nil for as long as it takes.
    public func prepare(for origin: HTTPOrigin, within connect: Duration?) async {
        let request = HTTPTransferRequest(method: "GET", url: origin.description + "/")
        guard let checked = try? OutgoingRequest(request),
            let key = try? ConnectionKey(checked, configuration)
        else { return }
        let pool = pool
        await withCheckedContinuation { waiter in
            pool.loop.execute { pool.prepare(key, within: connect) { waiter.resume() } }
        }
    }

    /// Cancels what is in flight, waits for it to end and closes the connections.
    ///
    /// Exchanges opened afterwards fail. Calling it again does nothing.
    public func shutDown() async {
        let (exchanges, pool) = state.withLockedValue { state in
            state.isShutDown = true
            return (Array(state.exchanges.values), state.pool)
        }
        for exchange in exchanges { exchange.cancel() }
        for exchange in exchanges { await exchange.closed() }
        guard let pool else { return }
        try? await pool.loop.submit { pool.shutDown() }.get()
    }

    /// The connections; the event loop is started if that has not been done.
    var pool: ConnectionPool {
        state.withLockedValue { state in
            if let pool = state.pool { return pool }
            // One loop for all connections: nothing changes threads on its way.
            let loop = MultiThreadedEventLoopGroup.singleton.next()
            let pool = ConnectionPool(on: loop, configuration, gate: gate)
            state.pool = pool
            return pool
        }
    }

    /// The exchange is over, or never began.
    func forget(_ exchange: Exchange) {
        state.withLockedValue { _ = $0.exchanges.removeValue(forKey: exchange.id) }
    }

    func warnOnce(of origin: HTTPOrigin) {
        guard state.withLockedValue({ $0.warned.insert(origin).inserted }) else { return }
        warn(
            "The certificate of \(origin) is not verified: anyone on the way can read and change "
                + "what is sent. Trust its authority instead, if you can."
        )
    }
}
