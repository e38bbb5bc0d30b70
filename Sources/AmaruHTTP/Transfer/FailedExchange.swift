// An exchange that was over before it began.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// An exchange whose every operation fails with the same error, and which sends nothing.
///
/// What a layer returns from `open` for a request that it refuses.
public final class FailedExchange: HTTPExchange {
    /// The error of every operation.
    public let error: HTTPTransferError

    /// Makes an exchange that failed with this error.
    public init(_ error: HTTPTransferError) {
        self.error = error
    }

    /// Fails.
    public func head(_ completion: @escaping HTTPCompletion<HTTPTransferHead>) {
        completion(.failure(error))
    }

    /// Fails.
    public func read(_ completion: @escaping HTTPCompletion<[Data]>) {
        completion(.failure(error))
    }

    /// Fails.
    public func write(_ data: Data, _ completion: @escaping HTTPCompletion<Void>) {
        completion(.failure(error))
    }

    /// Fails.
    public func finish(_ completion: @escaping HTTPCompletion<Void>) { completion(.failure(error)) }

    /// Does nothing: there is nothing to cancel.
    public func cancel() {}

    /// Calls the completion at once.
    public func whenClosed(_ completion: @escaping @Sendable () -> Void) { completion() }
}
