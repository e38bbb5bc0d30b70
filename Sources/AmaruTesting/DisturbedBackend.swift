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
public final class DisturbedBackend: HTTPLayer {
    private let rule: @Sendable (HTTPTransferRequest) -> HTTPDisturbance?
    /// The backend behind the layer.
    public let next: any HTTPBackend

    /// Makes a layer around a backend.
    ///
    /// - `rule`: Says what goes wrong with a request; nil for nothing. It is called on the
    ///   thread that opens the request.
    public init(
        around next: any HTTPBackend,
        rule: @escaping @Sendable (HTTPTransferRequest) -> HTTPDisturbance?
    ) {
        self.next = next
        self.rule = rule
    }

    /// Starts the exchange, disturbed or not.
    public func open(_ request: HTTPTransferRequest) -> any HTTPExchange {
        switch rule(request) {
        case nil: next.open(request)
        case .refused(let error): FailedExchange(error)
        case let disturbance?: DisturbedExchange(next.open(request), disturbance)
        }
    }
}

private final class DisturbedExchange: HTTPExchange {
    private struct State {
        var received = 0
        /// What is waited for before an operation goes on.
        var delays: [HTTPExchangeWait: Task<Void, Never>] = [:]
    }

    private let inner: any HTTPExchange
    private let disturbance: HTTPDisturbance
    private let state = NIOLockedValueBox(State())

    init(_ inner: any HTTPExchange, _ disturbance: HTTPDisturbance) {
        self.inner = inner
        self.disturbance = disturbance
    }

    deinit { inner.cancel() }

    func head(_ completion: @escaping HTTPCompletion<HTTPTransferHead>) {
        guard case .delayed(let time) = disturbance else { return inner.head(completion) }
        delay(.head, time) { [inner] error in
            if let error { completion(.failure(error)) } else { inner.head(completion) }
        }
    }

    func read(_ completion: @escaping HTTPCompletion<[Data]>) {
        if case .broken(let limit, let error) = disturbance,
            state.withLockedValue({ $0.received >= limit })
        {
            inner.cancel()
            return completion(.failure(error))
        }
        inner.read { [self] result in
            guard case .success(let pieces) = result, !pieces.isEmpty else {
                return completion(result)
            }
            disturb(Data(pieces.joined()), completion)
        }
    }

    private func disturb(_ piece: Data, _ completion: @escaping HTTPCompletion<[Data]>) {
        switch disturbance {
        case .broken(let limit, _):
            let room = state.withLockedValue { state in
                defer { state.received += piece.count }
                return limit - state.received
            }
            completion(.success([piece.prefix(room)]))
        case .limited(let rate):
            // What has arrived is delivered even if nobody waits for it any more.
            delay(.read, Self.time(of: piece, at: rate)) { _ in completion(.success([piece])) }
        case .refused, .delayed:
            completion(.success([piece]))
        }
    }

    func write(_ data: Data, _ completion: @escaping HTTPCompletion<Void>) {
        guard case .limited(let rate) = disturbance else { return inner.write(data, completion) }
        delay(nil, Self.time(of: data, at: rate)) { [inner] _ in inner.write(data, completion) }
    }

    func finish(_ completion: @escaping HTTPCompletion<Void>) { inner.finish(completion) }

    func limit(_ operation: HTTPStreamOperation, to limit: Duration?) {
        inner.limit(operation, to: limit)
    }

    func startTLS(
        _ options: HTTPConnectionOptions,
        within limit: Duration?,
        _ completion: @escaping HTTPCompletion<Void>
    ) {
        inner.startTLS(options, within: limit, completion)
    }

    var ends: HTTPConnectionEnds? { inner.ends }
    var arrival: HTTPArrival { inner.arrival }

    func abandon(_ wait: HTTPExchangeWait) {
        state.withLockedValue { $0.delays[wait] }?.cancel()
        inner.abandon(wait)
    }

    func cancel() {
        for delay in state.withLockedValue({ Array($0.delays.values) }) { delay.cancel() }
        inner.cancel()
    }

    func whenClosed(_ completion: @escaping @Sendable () -> Void) { inner.whenClosed(completion) }
    var timings: HTTPExchangeTimings { inner.timings }

    private static func time(of data: Data, at rate: Int) -> Duration {
        .seconds(1) * Double(data.count) / Double(max(1, rate))
    }

    private func delay(
        _ wait: HTTPExchangeWait?,
        _ time: Duration,
        then goOn: @escaping @Sendable (HTTPTransferError?) -> Void
    ) {
        let task = Task {
            let isOver: Void? = try? await Task.sleep(for: time)
            goOn(isOver == nil ? HTTPTransferError(.cancelled, "the wait was cancelled") : nil)
        }
        if let wait { state.withLockedValue { $0.delays[wait] = task } }
    }
}
