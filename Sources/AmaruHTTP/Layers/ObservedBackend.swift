// Counts the exchanges of a backend, and keeps the outcome of the latest.
// SPDX-License-Identifier: Apache-2.0

import NIOConcurrencyHelpers

/// What came of an exchange.
public struct HTTPOutcome: Sendable, Hashable {
    /// The origin that the caller named; nil if the URL was malformed.
    public var origin: HTTPOrigin?
    /// The status of the response, if its head was read.
    public var status: Int?
    /// The error with which the exchange failed, if it did.
    public var error: HTTPTransferError?
    /// When its steps happened, up to the head of the response.
    public var timings = HTTPExchangeTimings()
}

/// A backend that counts the exchanges in flight, and keeps the outcome of the latest.
public final class ObservedBackend: HTTPLayer {
    /// The backend behind the layer.
    public let next: any HTTPBackend
    private let log = ExchangeLog()

    /// Makes a layer around a backend.
    public init(around next: any HTTPBackend) { self.next = next }

    /// The number of exchanges that were opened and have not ended.
    public var inFlight: Int { log.inFlight }

    /// The outcome of the latest exchange that has a status or an error.
    public var lastOutcome: HTTPOutcome? { log.lastOutcome }

    /// Starts the exchange and counts it.
    public func open(_ request: HTTPTransferRequest) -> any HTTPExchange {
        let id = log.opened(origin: try? HTTPOrigin(parsing: request.url))
        let exchange = next.open(request)
        // Of the inner exchange: letting go of the outer one must still cancel.
        exchange.whenClosed { [log] in log.ended(id) }
        return ObservedExchange(exchange, id: id, log: log)
    }
}

private final class ExchangeLog: Sendable {
    private struct State {
        var lastID: UInt64 = 0
        var open: Set<UInt64> = []
        var outcomes: [UInt64: HTTPOutcome] = [:]
        var last: (id: UInt64, outcome: HTTPOutcome)?
    }

    private let state = NIOLockedValueBox(State())

    var inFlight: Int { state.withLockedValue { $0.open.count } }
    var lastOutcome: HTTPOutcome? { state.withLockedValue { $0.last?.outcome } }

    func opened(origin: HTTPOrigin?) -> UInt64 {
        state.withLockedValue { state in
            state.lastID += 1
            state.open.insert(state.lastID)
            state.outcomes[state.lastID] = HTTPOutcome(origin: origin)
            return state.lastID
        }
    }

    func head(_ id: UInt64, status: Int, _ timings: HTTPExchangeTimings) {
        update(id) { outcome in
            outcome.status = outcome.status ?? status
            outcome.timings = timings
        }
    }

    func failed(_ id: UInt64, _ error: HTTPTransferError) {
        update(id) { $0.error = $0.error ?? error }
    }

    func ended(_ id: UInt64) {
        state.withLockedValue { _ = $0.open.remove(id) }
    }

    func forget(_ id: UInt64) {
        state.withLockedValue { _ = $0.outcomes.removeValue(forKey: id) }
    }

    private func update(_ id: UInt64, _ change: (inout HTTPOutcome) -> Void) {
        state.withLockedValue { state in
            guard var outcome = state.outcomes[id] else { return }
            change(&outcome)
            state.outcomes[id] = outcome
            if id >= state.last?.id ?? 0 { state.last = (id, outcome) }
        }
    }
}

private final class ObservedExchange: ForwardingExchange, @unchecked Sendable {
    private let id: UInt64
    private let log: ExchangeLog

    init(_ inner: any HTTPExchange, id: UInt64, log: ExchangeLog) {
        self.id = id
        self.log = log
        super.init(inner)
    }

    deinit { log.forget(id) }

    override func willDeliver(_ head: HTTPTransferHead) -> HTTPTransferHead {
        log.head(id, status: head.status, timings)
        return head
    }

    override func willDeliver(_ error: HTTPTransferError) -> HTTPTransferError {
        if error.isFinal || error.code == .cancelled { log.failed(id, error) }
        return error
    }
}
