// Tells what the exchanges of a backend come to.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Something that happened to an exchange; `id` numbers the exchanges of a backend from 1.
public enum HTTPExchangeEvent: Sendable, Hashable {
    /// The exchange was opened; the origin is the one that the caller named, nil in a malformed URL.
    case opened(id: UInt64, origin: HTTPOrigin?)
    /// The head of the response was read.
    case head(id: UInt64, status: Int)
    /// The exchange failed; reported once, when its caller is told.
    case failed(id: UInt64, error: HTTPTransferError)
    /// The exchange has ended and holds nothing any more.
    case ended(id: UInt64)
}

/// What came of an exchange.
public struct HTTPOutcome: Sendable, Hashable {
    /// The origin that the caller named, nil in a malformed URL.
    public var origin: HTTPOrigin?
    /// The status of the response, if its head was read.
    public var status: Int?
    /// The error with which the exchange failed, if it did.
    public var error: HTTPTransferError?
}

/// A backend that reports what happens on it, and counts what is in flight.
public final class ObservedBackend: HTTPBackend {
    private let next: any HTTPBackend
    private let log: ExchangeLog

    /// Makes a layer around a backend.
    ///
    /// - Parameter report: Called in the order of each exchange's events, on any thread, holding no
    ///   lock; it should return quickly.
    public init(
        around next: any HTTPBackend,
        report: @escaping @Sendable (HTTPExchangeEvent) -> Void = { _ in }
    ) {
        self.next = next
        log = ExchangeLog(report: report)
    }

    /// The number of exchanges that were opened and have not ended.
    public var inFlight: Int { log.inFlight }

    /// What came of the last opened exchange of which a status or an error is known.
    public var lastOutcome: HTTPOutcome? { log.lastOutcome }

    /// Returns what the backend behind it says.
    public func destination(of origin: HTTPOrigin) -> HTTPOrigin { next.destination(of: origin) }

    /// Starts the exchange and reports it.
    public func open(_ request: HTTPTransferRequest) -> any HTTPExchange {
        let id = log.opened(origin: try? HTTPOrigin(parsing: request.url))
        let exchange = next.open(request)
        // Of the inner exchange: letting go of the outer one must still cancel.
        exchange.whenClosed { [log] in log.ended(id) }
        return ObservedExchange(exchange, id: id, log: log)
    }

    /// Prepares the backend behind it.
    public func prepare(for origin: HTTPOrigin, within connect: Duration?) async {
        await next.prepare(for: origin, within: connect)
    }

    /// Shuts down the backend behind it.
    public func shutDown() async { await next.shutDown() }
}

private final class ExchangeLog: Sendable {
    private struct State {
        var lastID: UInt64 = 0
        var open: Set<UInt64> = []
        var outcomes: [UInt64: HTTPOutcome] = [:]
        /// Those that have ended before their caller was told anything.
        var untold: Set<UInt64> = []
        var last: (id: UInt64, outcome: HTTPOutcome)?
    }

    private let report: @Sendable (HTTPExchangeEvent) -> Void
    private let state = Locked(State())

    init(report: @escaping @Sendable (HTTPExchangeEvent) -> Void) {
        self.report = report
    }

    var inFlight: Int { state.withLock { $0.open.count } }
    var lastOutcome: HTTPOutcome? { state.withLock { $0.last?.outcome } }

    func opened(origin: HTTPOrigin?) -> UInt64 {
        let id = state.withLock { state in
            state.lastID += 1
            state.open.insert(state.lastID)
            state.outcomes[state.lastID] = HTTPOutcome(origin: origin)
            return state.lastID
        }
        report(.opened(id: id, origin: origin))
        return id
    }

    func head(_ id: UInt64, status: Int) {
        if update(id, { $0.status == nil }, { $0.status = status }) {
            report(.head(id: id, status: status))
            reportEnd(id)
        }
    }

    func failed(_ id: UInt64, _ error: HTTPTransferError) {
        if update(id, { $0.error == nil }, { $0.error = error }) {
            report(.failed(id: id, error: error))
            reportEnd(id)
        }
    }

    /// The end is counted at once, and reported after what comes before it.
    func ended(_ id: UInt64) {
        let isTold = state.withLock { state in
            guard state.open.remove(id) != nil else { return false }
            let outcome = state.outcomes[id]
            let isTold = outcome == nil || outcome?.status != nil || outcome?.error != nil
            if !isTold { state.untold.insert(id) }
            return isTold
        }
        if isTold { report(.ended(id: id)) }
    }

    func forget(_ id: UInt64) {
        state.withLock { _ = $0.outcomes.removeValue(forKey: id) }
        reportEnd(id)
    }

    private func reportEnd(_ id: UInt64) {
        let isPending = state.withLock { $0.untold.remove(id) != nil }
        if isPending { report(.ended(id: id)) }
    }

    private func update(
        _ id: UInt64,
        _ isNews: (HTTPOutcome) -> Bool,
        _ change: (inout HTTPOutcome) -> Void
    ) -> Bool {
        state.withLock { state in
            guard var outcome = state.outcomes[id], isNews(outcome) else { return false }
            change(&outcome)
            state.outcomes[id] = outcome
            if id >= state.last?.id ?? 0 { state.last = (id, outcome) }
            return true
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

    override func passing(_ head: HTTPTransferHead) -> HTTPTransferHead {
        log.head(id, status: head.status)
        return head
    }

    override func failed(_ error: HTTPTransferError) { log.failed(id, error) }
}
