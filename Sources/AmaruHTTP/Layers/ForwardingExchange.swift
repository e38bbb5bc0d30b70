// An exchange that passes everything on, for layers that change a part of it.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The exchange of a layer: what a subclass does not override goes to the exchange inside.
class ForwardingExchange: HTTPExchange, @unchecked Sendable {
    // Safe because it has constants only, and so must its subclasses.

    let inner: any HTTPExchange

    init(_ inner: any HTTPExchange) {
        self.inner = inner
    }

    deinit {
        // What waits for its end may keep the inner exchange alive, but nobody can read it now.
        inner.cancel()
    }

    // MARK: What a subclass may look at and change

    /// Returns the head as the caller is to see it; called for each time it is asked for.
    func willDeliver(_ head: HTTPTransferHead) -> HTTPTransferHead { head }
    /// Returns the pieces of the body as the caller is to see them; no piece is the end.
    func willDeliver(_ pieces: [Data]) -> [Data] { pieces }
    /// Returns an error of any operation as the caller is to see it.
    func willDeliver(_ error: HTTPTransferError) -> HTTPTransferError { error }
    /// Called with each piece of the request's body before it is sent.
    func willSend(_ piece: Data) {}
    /// Called before the request's body is ended.
    func willFinish() {}

    // MARK: What goes to the exchange inside

    func head(_ completion: @escaping HTTPCompletion<HTTPTransferHead>) {
        inner.head { [self] in completion($0.map(willDeliver).mapError(willDeliver)) }
    }

    func read(_ completion: @escaping HTTPCompletion<[Data]>) {
        inner.read { [self] in completion($0.map(willDeliver).mapError(willDeliver)) }
    }

    func write(_ data: Data, _ completion: @escaping HTTPCompletion<Void>) {
        willSend(data)
        inner.write(data) { [self] in completion($0.mapError(willDeliver)) }
    }

    func finish(_ completion: @escaping HTTPCompletion<Void>) {
        willFinish()
        inner.finish { [self] in completion($0.mapError(willDeliver)) }
    }

    func abandon(_ wait: HTTPExchangeWait) { inner.abandon(wait) }
    func limit(_ operation: HTTPStreamOperation, to limit: Duration?) {
        inner.limit(operation, to: limit)
    }

    func startTLS(
        _ options: HTTPConnectionOptions,
        within limit: Duration?,
        _ completion: @escaping HTTPCompletion<Void>
    ) {
        inner.startTLS(options, within: limit) { [self] in
            completion($0.mapError(willDeliver))
        }
    }

    var ends: HTTPConnectionEnds? { inner.ends }
    var arrival: HTTPArrival { inner.arrival }
    func cancel() { inner.cancel() }
    func whenClosed(_ completion: @escaping @Sendable () -> Void) { inner.whenClosed(completion) }
    var timings: HTTPExchangeTimings { inner.timings }
}
