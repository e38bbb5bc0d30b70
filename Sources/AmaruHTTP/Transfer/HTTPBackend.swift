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
    /// A request that cannot be carried out gives an exchange that fails: opening never does.
    func open(_ request: HTTPTransferRequest) -> any HTTPExchange

    /// Returns where requests to an origin really go.
    ///
    /// A layer that sends requests elsewhere says so here, so that a layer outside it can judge
    /// the real destination.
    func destination(of origin: HTTPOrigin) -> HTTPOrigin

    /// Makes a connection ahead of the first request, where the backend can; sends nothing else.
    ///
    /// - Parameter connect: The connect timeout of the requests to come.
    func prepare(for origin: HTTPOrigin, within connect: Duration?) async

    /// Cancels what is in flight, waits for it to end and releases the connections.
    func shutDown() async
}

extension HTTPBackend {
    /// Returns the origin itself: by default a backend sends nothing elsewhere.
    public func destination(of origin: HTTPOrigin) -> HTTPOrigin { origin }

    /// Does nothing: by default there are no connections.
    public func prepare(for origin: HTTPOrigin, within connect: Duration?) async {}
}

/// One request and its response, both as streams.
///
/// Dropping the last reference to an exchange that has not ended cancels it. Reading and writing
/// may go on at the same time, from different tasks; two reads, or two writes, may not.
public protocol HTTPExchange: AnyObject, Sendable {
    /// Returns the head of the response once it is there; may be called any number of times.
    ///
    /// - Throws: ``HTTPTransferError``. A status of 400 and above is not an error. A cancelled task
    ///   gets ``HTTPTransferError/Code/cancelled``, and the exchange goes on.
    func head() async throws(HTTPTransferError) -> HTTPTransferHead

    /// Calls `completion` with what `head()` would return, once, on any thread.
    ///
    /// For callers without a task; it may be called before this returns. The exchange is kept until
    /// then, so letting go of it does not cancel it meanwhile.
    func head(
        _ completion: @escaping @Sendable (Result<HTTPTransferHead, HTTPTransferError>) -> Void
    )

    /// Ends the waits for the head with ``HTTPTransferError/Code/cancelled``; the exchange goes on.
    func abandonHead()

    /// Returns the next bytes of the body as they arrive, or nil at its end.
    ///
    /// The socket is not read much ahead of this call, so an unread body holds the server back.
    ///
    /// - Throws: ``HTTPTransferError``, after the bytes received before the fault were returned.
    func read() async throws(HTTPTransferError) -> Data?

    /// Returns all bytes that have arrived, piece by piece as they came, or none at the end.
    ///
    /// Waits for the first of them as ``read()`` does, with the same errors, and not for more.
    func readAvailable() async throws(HTTPTransferError) -> [Data]

    /// Calls `completion` with what ``readAvailable()`` would return, once, on any thread.
    ///
    /// For callers without a task; it may be called before this returns. The exchange is kept until
    /// then, so letting go of it does not cancel it meanwhile.
    func readAvailable(
        _ completion: @escaping @Sendable (Result<[Data], HTTPTransferError>) -> Void
    )

    /// Ends the wait of a reader with ``HTTPTransferError/Code/cancelled``; the exchange goes on.
    func abandonRead()

    /// When the steps of the exchange happened, as far as is known.
    var timings: HTTPExchangeTimings { get }

    /// Sends the next piece of an ``HTTPTransferRequest/Body/upload`` body.
    ///
    /// After a response with the status 101 the connection belongs to the protocol that the head
    /// names: what is written then is sent as it is, whatever the body of the request was, and what
    /// arrives is read as the body of the response.
    ///
    /// Returns when there is room for more: up to 512 KiB are taken ahead of the network, and a
    /// fault is told by what is asked for next. A server may answer before it has everything: what
    /// is written after that is discarded, without an error, since the response says what became of
    /// the request. A task cancelled here cancels the exchange.
    func write(_ data: Data) async throws(HTTPTransferError)

    /// Calls `completion` once there is room for more, or with why not, on any thread.
    ///
    /// For callers without a task; it may be called before this returns.
    func write(
        _ data: Data,
        _ completion: @escaping @Sendable (Result<Void, HTTPTransferError>) -> Void
    )

    /// Ends an ``HTTPTransferRequest/Body/upload`` body.
    func finish() async throws(HTTPTransferError)

    /// Aborts the exchange and discards its connection; does nothing once the exchange is over.
    ///
    /// Takes effect before it returns: from then on every call on the exchange that has no result
    /// yet throws ``HTTPTransferError/Code/cancelled``. May be called on any thread, repeatedly.
    func cancel()

    /// Returns when the exchange has ended and all that it held is released.
    func closed() async

    /// Calls `completion` once the exchange has ended, perhaps before this returns, on any thread.
    func whenClosed(_ completion: @escaping @Sendable () -> Void)
}

extension HTTPExchange {
    /// Returns the next piece alone: what a backend does that keeps none back.
    public func readAvailable() async throws(HTTPTransferError) -> [Data] {
        try await read().map { [$0] } ?? []
    }

    /// Waits in a task.
    public func readAvailable(
        _ completion: @escaping @Sendable (Result<[Data], HTTPTransferError>) -> Void
    ) {
        Task {
            do throws(HTTPTransferError) {
                completion(.success(try await readAvailable()))
            } catch {
                completion(.failure(error))
            }
        }
    }

    /// Waits in a task.
    public func head(
        _ completion: @escaping @Sendable (Result<HTTPTransferHead, HTTPTransferError>) -> Void
    ) {
        Task {
            do throws(HTTPTransferError) {
                completion(.success(try await head()))
            } catch {
                completion(.failure(error))
            }
        }
    }

    /// Does nothing: the wait ends with the head.
    public func abandonHead() {}

    /// Waits in a task.
    public func whenClosed(_ completion: @escaping @Sendable () -> Void) {
        Task {
            await closed()
            completion()
        }
    }

    /// Writes in a task.
    public func write(
        _ data: Data,
        _ completion: @escaping @Sendable (Result<Void, HTTPTransferError>) -> Void
    ) {
        Task {
            do throws(HTTPTransferError) {
                completion(.success(try await write(data)))
            } catch {
                completion(.failure(error))
            }
        }
    }

    /// Does nothing: the next read gets what this one was waiting for.
    public func abandonRead() {}

    /// Nothing is known by default.
    public var timings: HTTPExchangeTimings { HTTPExchangeTimings() }
}
