// When the steps of an exchange happened.
// SPDX-License-Identifier: Apache-2.0

/// The moments at which an exchange got further; nil for what has not happened or is not known.
public struct HTTPExchangeTimings: Sendable, Hashable {
    /// The exchange was opened.
    public var opened: ContinuousClock.Instant?
    /// It got its place among the connections.
    public var admitted: ContinuousClock.Instant?
    /// A connection was there, new or kept, and the head of the request was written to it.
    public var connected: ContinuousClock.Instant?
    /// The last byte of the request was written.
    public var requestSent: ContinuousClock.Instant?
    /// The head of the response was received.
    public var firstByte: ContinuousClock.Instant?
    /// The exchange ended, well or not.
    public var ended: ContinuousClock.Instant?

    /// Makes a set in which nothing has happened.
    public init() {}
}
