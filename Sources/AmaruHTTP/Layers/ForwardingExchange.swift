// An exchange that passes everything on, for layers that change a part of it.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The exchange of a layer: what a subclass does not override goes to the exchange inside.
///
/// Each of the three kinds of events can be looked at in one place, whichever way it is asked for.
class ForwardingExchange: HTTPExchange, @unchecked Sendable {
    // Safe because it has constants only, and so must its subclasses.

    let inner: any HTTPExchange

    init(_ inner: any HTTPExchange) {
        self.inner = inner
    }

    deinit {
        // The reference may be kept elsewhere, by what waits for the end: this was the caller's.
        inner.cancel()
    }

    /// The head as the caller is to see it.
    func passing(_ head: HTTPTransferHead) -> HTTPTransferHead { head }
    /// The pieces as the caller is to see them; none is the end.
    func passing(_ pieces: [Data]) -> [Data] { pieces }
    /// Told each error that the caller is told.
    func failed(_ error: HTTPTransferError) {}
    /// Told each piece of the body before it is sent.
    func sending(_ piece: Data) {}

    func head() async throws(HTTPTransferError) -> HTTPTransferHead {
        do throws(HTTPTransferError) {
            return passing(try await inner.head())
        } catch {
            failed(error)
            throw error
        }
    }

    func head(
        _ completion: @escaping @Sendable (Result<HTTPTransferHead, HTTPTransferError>) -> Void
    ) {
        inner.head { [self] result in
            switch result {
            case .success(let head): completion(.success(passing(head)))
            case .failure(let error):
                failed(error)
                completion(result)
            }
        }
    }

    func read() async throws(HTTPTransferError) -> Data? {
        do throws(HTTPTransferError) {
            return passing(try await inner.read().map { [$0] } ?? []).first
        } catch {
            failed(error)
            throw error
        }
    }

    func readAvailable() async throws(HTTPTransferError) -> [Data] {
        do throws(HTTPTransferError) {
            return passing(try await inner.readAvailable())
        } catch {
            failed(error)
            throw error
        }
    }

    func readAvailable(
        _ completion: @escaping @Sendable (Result<[Data], HTTPTransferError>) -> Void
    ) {
        inner.readAvailable { [self] result in
            switch result {
            case .success(let pieces): completion(.success(passing(pieces)))
            case .failure(let error):
                failed(error)
                completion(result)
            }
        }
    }

    func write(_ data: Data) async throws(HTTPTransferError) {
        sending(data)
        do throws(HTTPTransferError) {
            try await inner.write(data)
        } catch {
            failed(error)
            throw error
        }
    }

    func write(
        _ data: Data,
        _ completion: @escaping @Sendable (Result<Void, HTTPTransferError>) -> Void
    ) {
        sending(data)
        inner.write(data) { [self] result in
            if case .failure(let error) = result { failed(error) }
            completion(result)
        }
    }

    func finish() async throws(HTTPTransferError) {
        do throws(HTTPTransferError) {
            try await inner.finish()
        } catch {
            failed(error)
            throw error
        }
    }

    func abandonHead() { inner.abandonHead() }
    func abandonRead() { inner.abandonRead() }
    var timings: HTTPExchangeTimings { inner.timings }
    func cancel() { inner.cancel() }
    func closed() async { await inner.closed() }
    func whenClosed(_ completion: @escaping @Sendable () -> Void) { inner.whenClosed(completion) }
}
