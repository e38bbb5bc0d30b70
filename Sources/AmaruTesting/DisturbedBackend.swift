// Makes requests fail or crawl, for tests.
// SPDX-License-Identifier: Apache-2.0

public import AmaruHTTP
import NIOConcurrencyHelpers

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What is to go wrong with a request.
public enum HTTPDisturbance: Sendable, Hashable {
    /// It fails before anything is sent.
    case refused(HTTPTransferError)
    /// Its response breaks off after so many bytes of the body.
    case broken(afterBytes: Int, HTTPTransferError)
    /// Its response comes later by this much.
    case delayed(Duration)
    /// Its body, both ways, goes at no more than so many bytes in a second.
    case limited(bytesPerSecond: Int)
}

/// A backend that disturbs the requests that a rule picks.
///
/// ```swift
/// let flaky = DisturbedBackend(around: NIOHTTPBackend()) { request in
///     request.url.hasSuffix("/models") ? .delayed(.seconds(2)) : nil
/// }
/// ```
public final class DisturbedBackend: HTTPBackend {
    private let rule: @Sendable (HTTPTransferRequest) -> HTTPDisturbance?
    private let next: any HTTPBackend

    /// Makes a layer around a backend.
    ///
    /// - Parameter rule: Says what goes wrong with a request; nil for nothing. It is called on the
    ///   thread that opens the request.
    public init(
        around next: any HTTPBackend,
        rule: @escaping @Sendable (HTTPTransferRequest) -> HTTPDisturbance?
    ) {
        self.next = next
        self.rule = rule
    }

    /// Returns what the backend behind it says.
    public func destination(of origin: HTTPOrigin) -> HTTPOrigin { next.destination(of: origin) }

    /// Starts the exchange, disturbed or not.
    public func open(_ request: HTTPTransferRequest) -> any HTTPExchange {
        switch rule(request) {
        case nil: next.open(request)
        case .refused(let error): FailedExchange(error)
        case let disturbance?: DisturbedExchange(next.open(request), disturbance)
        }
    }

    /// Prepares the backend behind it.
    public func prepare(for origin: HTTPOrigin, within connect: Duration?) async {
        await next.prepare(for: origin, within: connect)
    }

    /// Shuts down the backend behind it.
    public func shutDown() async { await next.shutDown() }
}

private final class DisturbedExchange: HTTPExchange {
    private let inner: any HTTPExchange
    private let disturbance: HTTPDisturbance
    private let received = NIOLockedValueBox(0)

    init(_ inner: any HTTPExchange, _ disturbance: HTTPDisturbance) {
        self.inner = inner
        self.disturbance = disturbance
    }

    deinit { inner.cancel() }

    func head() async throws(HTTPTransferError) -> HTTPTransferHead {
        if case .delayed(let time) = disturbance { try await wait(time) }
        return try await inner.head()
    }

    func read() async throws(HTTPTransferError) -> Data? {
        if case .broken(let limit, let error) = disturbance,
            received.withLockedValue({ $0 >= limit })
        {
            inner.cancel()
            throw error
        }
        guard let piece = try await inner.read() else { return nil }
        switch disturbance {
        case .broken(let limit, _):
            let room = received.withLockedValue { received in
                defer { received += piece.count }
                return limit - received
            }
            return piece.prefix(room)
        case .limited(let rate):
            try await wait(.seconds(1) * Double(piece.count) / Double(max(1, rate)))
            return piece
        case .refused, .delayed:
            return piece
        }
    }

    func write(_ data: Data) async throws(HTTPTransferError) {
        if case .limited(let rate) = disturbance {
            try await wait(.seconds(1) * Double(data.count) / Double(max(1, rate)))
        }
        try await inner.write(data)
    }

    func finish() async throws(HTTPTransferError) { try await inner.finish() }
    var timings: HTTPExchangeTimings { inner.timings }
    func cancel() { inner.cancel() }
    func closed() async { await inner.closed() }

    private func wait(_ time: Duration) async throws(HTTPTransferError) {
        do {
            try await Task.sleep(for: time)
        } catch {
            throw HTTPTransferError(.cancelled, "the wait was cancelled")
        }
    }
}
