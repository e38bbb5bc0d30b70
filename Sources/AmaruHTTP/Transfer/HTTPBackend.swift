// The two protocols through which everything in the program speaks HTTP.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// What carries out HTTP requests: the network, a recording, or a layer around another backend.
///
/// A backend does what it is told and no more: it follows no redirects, keeps no cookies, repeats
/// nothing and decompresses nothing. Those are decisions of the HTTP client above it.
///
/// ```swift
/// let backend: any HTTPBackend = NIOHTTPBackend()
/// let exchange = backend.open(HTTPTransferRequest(method: "GET", url: "https://example.com/"))
/// let head = try await exchange.head()
/// while let bytes = try await exchange.read() { print(head.status, bytes.count) }
/// ```
public protocol HTTPBackend: Sendable {
    /// Starts an exchange and returns at once; may be called on any thread.
    ///
    /// Opening never fails: a request that cannot be carried out yields an exchange that does.
    func open(_ request: HTTPTransferRequest) -> any HTTPExchange

    /// Returns the origin that requests for an origin are really sent to.
    ///
    /// A layer that sends requests elsewhere says so here, so that a layer outside it can judge
    /// the real destination.
    func destination(of origin: HTTPOrigin) -> HTTPOrigin

    /// Reads what the first request over TLS needs, such as the authorities.
    ///
    /// It is for programs that will probably send requests, but do not know yet where to; others
    /// are better off with ``prepare(for:within:)``.
    func warmUp() async

    /// Makes a connection ahead of the first request, if the backend can; sends nothing else.
    ///
    /// - `connect`: The connect timeout of the requests to come.
    func prepare(for origin: HTTPOrigin, within connect: Duration?) async

    /// Cancels what is in flight, waits for it to end and releases the connections.
    func shutDown() async
}

extension HTTPBackend {
    /// Returns the origin itself: by default a backend sends nothing elsewhere.
    public func destination(of origin: HTTPOrigin) -> HTTPOrigin { origin }

    /// Does nothing: by default there is nothing to read.
    public func warmUp() async {}

    /// Does nothing: by default there are no connections.
    public func prepare(for origin: HTTPOrigin, within connect: Duration?) async {}
}

/// Receives the one result of an operation, on any thread, perhaps before the operation returns.
public typealias HTTPCompletion<Value> = @Sendable (Result<Value, HTTPTransferError>) -> Void

/// An operation of an exchange that may wait, and whose wait can be given up.
public enum HTTPExchangeWait: Sendable, Hashable {
    /// Waiting for the head of the response.
    case head
    /// Waiting for the next bytes of its body.
    case read
}

/// What there is to read of a response.
public enum HTTPArrival: Sendable, Hashable {
    /// Nothing: a read would wait.
    case nothing
    /// Bytes or an error: a read would complete before it returns.
    case something
    /// The whole response: all reads would, up to the end.
    case everything
}

/// An operation on the bytes of a connection that has left HTTP.
public enum HTTPStreamOperation: Sendable, Hashable {
    /// Waiting for the next bytes.
    case read
    /// Handing bytes to the system.
    case write
}

/// One request and its response, both as streams.
///
/// Dropping the last reference to an exchange that has not ended cancels it; an operation that has
/// not completed keeps a reference. Reading and writing may go on at the same time, from different
/// tasks; two reads, or two writes, may not.
///
/// Backends implement the operations with completions. Callers in a task use the `async` ones.
public protocol HTTPExchange: AnyObject, Sendable {
    /// Completes with the head of the response; may be called any number of times.
    func head(_ completion: @escaping HTTPCompletion<HTTPTransferHead>)

    /// Completes with the bytes that have arrived, piece by piece as they came, or no piece at the
    /// end.
    ///
    /// Waits for the first bytes and not for more. The socket is not read much ahead of this call,
    /// so an unread body holds the server back. An error comes after the bytes that were received
    /// before it. The end, or the error, is repeated if it is asked for again.
    func read(_ completion: @escaping HTTPCompletion<[Data]>)

    /// What a read would find now; after the first piece of a response it may be behind the network.
    var arrival: HTTPArrival { get }

    /// Sends the next piece of an ``HTTPTransferRequest/Body/upload`` body; completes when there is
    /// room for more.
    ///
    /// Up to 512 KiB are taken ahead of the network, so a fault may be reported by a later
    /// operation. A server may answer before it has everything: what is written after that is
    /// discarded, without an error, since the response says what became of the request.
    ///
    /// After a response with the status 101, or a success of `CONNECT`, the connection belongs to
    /// another protocol: what is written then is sent as it is, whatever the body of the request was,
    /// and what arrives is read as the body of the response. There a write completes when the system
    /// has the bytes. The two ways end independently, as those of TCP do: after the end of what is
    /// read more can be written, and after ``finish(_:)`` more can be read. The exchange ends with
    /// both; a write then fails with ``HTTPTransferError/Code/write``.
    func write(_ data: Data, _ completion: @escaping HTTPCompletion<Void>)

    /// Ends an ``HTTPTransferRequest/Body/upload`` body, or what is written in another protocol.
    func finish(_ completion: @escaping HTTPCompletion<Void>)

    /// Sets the limit in time of each operation that begins after this, in place of the request's.
    ///
    /// Once the connection belongs to another protocol the limits so far hold no more, and it begins
    /// without any. A read that takes longer there fails with
    /// ``HTTPTransferError/Code/readTimeout``, and the exchange goes on. Otherwise an operation that
    /// takes longer fails the exchange.
    func limit(_ operation: HTTPStreamOperation, to limit: Duration?)

    /// Sets TLS up on a connection that belongs to another protocol; completes when what is read and
    /// written from then on is encrypted.
    ///
    /// Of the options those about TLS count; the certificate must be for
    /// ``HTTPConnectionOptions/serverName``, else for the host at the end of the tunnel or of the URL.
    /// Nothing may be read or written meanwhile. If the handshake fails, or takes longer than the
    /// limit, which is ``HTTPTransferError/Code/connectTimeout``, so does the exchange.
    func startTLS(
        _ options: HTTPConnectionOptions,
        within limit: Duration?,
        _ completion: @escaping HTTPCompletion<Void>
    )

    /// Completes the operations that wait for this with ``HTTPTransferError/Code/cancelled``; the
    /// exchange goes on.
    func abandon(_ wait: HTTPExchangeWait)

    /// Aborts the exchange and discards its connection; does nothing once the exchange is over.
    ///
    /// Takes effect before it returns: from then on every operation without a result fails with
    /// ``HTTPTransferError/Code/cancelled``. May be called on any thread, repeatedly.
    func cancel()

    /// Calls `completion` once the exchange has ended and released all that it held, on any thread,
    /// perhaps before this returns.
    func whenClosed(_ completion: @escaping @Sendable () -> Void)

    /// When the steps of the exchange happened, as far as is known.
    var timings: HTTPExchangeTimings { get }

    /// The two ends of the connection that carries the exchange; nil before it is connected, and without one.
    var ends: HTTPConnectionEnds? { get }
}

extension HTTPExchange {
    /// Does nothing: by default no operation waits.
    public func abandon(_ wait: HTTPExchangeWait) {}

    /// Does nothing: by default no connection is lent to another protocol.
    public func limit(_ operation: HTTPStreamOperation, to limit: Duration?) {}

    /// Fails: by default no connection is lent to another protocol.
    public func startTLS(
        _ options: HTTPConnectionOptions,
        within limit: Duration?,
        _ completion: @escaping HTTPCompletion<Void>
    ) {
        let message = "this exchange has no connection on which TLS could be set up"
        completion(.failure(HTTPTransferError(.localProtocol, message)))
    }

    /// By default nobody waits for a network.
    public var arrival: HTTPArrival { .something }

    /// Nothing is known by default.
    public var timings: HTTPExchangeTimings { HTTPExchangeTimings() }

    /// By default there is no connection.
    public var ends: HTTPConnectionEnds? { nil }
}

extension HTTPExchange {
    /// Returns the head of the response once it is there; may be called any number of times.
    ///
    /// - Throws: ``HTTPTransferError``. A status of 400 and above is not an error. A cancelled task
    ///   gets ``HTTPTransferError/Code/cancelled``, and the exchange goes on.
    public func head() async throws(HTTPTransferError) -> HTTPTransferHead {
        try await result(head) { self.abandon(.head) }
    }

    /// Returns the bytes that have arrived, at least one, or nil at the end of the body.
    ///
    /// The socket is not read much ahead of this call, so an unread body holds the server back.
    ///
    /// - Throws: ``HTTPTransferError``, after the bytes received before the fault were returned. A
    ///   cancelled task gets ``HTTPTransferError/Code/cancelled``, and the exchange goes on.
    public func read() async throws(HTTPTransferError) -> Data? {
        let pieces = try await readAvailable()
        // Joining copies, and there is usually one.
        return pieces.count > 1 ? Data(pieces.joined()) : pieces.first
    }

    /// Returns what ``read()`` does, piece by piece as it came; no piece at the end.
    ///
    /// - Throws: What ``read()`` throws.
    public func readAvailable() async throws(HTTPTransferError) -> [Data] {
        try await result(read) { self.abandon(.read) }
    }

    /// Sends the next piece of an ``HTTPTransferRequest/Body/upload`` body; returns when there is
    /// room for more.
    ///
    /// - Throws: ``HTTPTransferError``. What is written after the server has answered is discarded,
    ///   which is not an error. Cancelling the task cancels the exchange, since nobody can know then
    ///   whether the piece was sent.
    public func write(_ data: Data) async throws(HTTPTransferError) {
        try await result({ self.write(data, $0) }, onCancel: cancel)
    }

    /// Ends an ``HTTPTransferRequest/Body/upload`` body.
    ///
    /// - Throws: ``HTTPTransferError`` if the body is shorter than its `Content-Length`, or the
    ///   exchange has failed.
    public func finish() async throws(HTTPTransferError) {
        try await result(finish) {}
    }

    /// Sets TLS up on a connection that belongs to another protocol.
    ///
    /// - Throws: ``HTTPTransferError`` if the handshake fails or takes longer than the limit, the
    ///   response has not left HTTP, or bytes have arrived that nobody has read. Cancelling the task
    ///   cancels the exchange.
    public func startTLS(
        _ options: HTTPConnectionOptions = HTTPConnectionOptions(),
        within limit: Duration? = nil
    ) async throws(HTTPTransferError) {
        try await result({ self.startTLS(options, within: limit, $0) }, onCancel: cancel)
    }

    /// Returns when the exchange has ended and all that it held is released.
    public func closed() async {
        await withCheckedContinuation { waiter in whenClosed { waiter.resume() } }
    }

    private func result<Value: Sendable>(
        _ operation: (@escaping HTTPCompletion<Value>) -> Void,
        onCancel: @escaping @Sendable () -> Void
    ) async throws(HTTPTransferError) -> Value {
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                operation { waiter.resume(returning: $0) }
                // The handler below may have run before the operation was there to be ended.
                if Task.isCancelled { onCancel() }
            }
        } onCancel: {
            onCancel()
        }
        return try result.get()
    }
}
