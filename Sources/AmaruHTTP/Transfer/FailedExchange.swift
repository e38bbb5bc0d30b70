// An exchange that was over before it began.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// An exchange of which every operation throws the same error, and which sends nothing.
///
/// What a layer returns from `open` for a request that it refuses.
public final class FailedExchange: HTTPExchange {
    /// The error that every operation throws.
    public let error: HTTPTransferError

    /// Makes an exchange that failed with this error.
    public init(_ error: HTTPTransferError) {
        self.error = error
    }

    /// Throws the error.
    public func head() async throws(HTTPTransferError) -> HTTPTransferHead { throw error }
    /// Throws the error.
    public func read() async throws(HTTPTransferError) -> Data? { throw error }
    /// Throws the error.
    public func write(_ data: Data) async throws(HTTPTransferError) { throw error }
    /// Throws the error.
    public func finish() async throws(HTTPTransferError) { throw error }
    /// Does nothing: there is nothing to cancel.
    public func cancel() {}
    /// Returns at once.
    public func closed() async {}
    /// Calls the completion at once.
    public func whenClosed(_ completion: @escaping @Sendable () -> Void) { completion() }
}
