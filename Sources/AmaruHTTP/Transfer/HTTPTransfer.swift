// What goes into an exchange and the head that comes out of it.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// A request as it is to appear on the wire.
///
/// Nothing is added that the protocol does not need: no user agent, no cookies, no accepted
/// encodings. `Host` and the framing of the body are added where they are missing.
///
/// ```swift
/// var request = HTTPTransferRequest(method: "POST", url: "https://api.openai.com/v1/responses")
/// request.headers = [HTTPHeaderField("Content-Type", "application/json")]
/// request.body = .data(json)
/// request.timeouts.read = .seconds(60)
/// ```
public struct HTTPTransferRequest: Sendable, Hashable {
    /// Where the body comes from.
    public enum Body: Sendable, Hashable {
        /// There is no body.
        case none
        /// The whole body.
        case data(Data)
        /// The body is written piece by piece with ``HTTPExchange/write(_:)``, and ended with
        /// ``HTTPExchange/finish()``.
        ///
        /// It is framed by a `Content-Length` among the headers, else chunked.
        case upload
    }

    /// The method, in its exact case.
    public var method: String

    /// The absolute URL, percent-encoded already: its path and query are sent as they stand.
    public var url: String

    /// The request target to send in place of the path and query, such as `*` for `OPTIONS`.
    public var target: String?

    /// The header fields, sent in this order, duplicates kept.
    public var headers: [HTTPHeaderField]

    /// The body.
    public var body: Body

    /// How long each single operation may take.
    public var timeouts: HTTPTimeouts

    /// How its connection is to be made.
    public var connection = HTTPConnectionOptions()

    /// The connections that it takes its own from; nil for those of the backend.
    public var pool: HTTPConnectionPool?

    /// Makes a request.
    public init(
        method: String,
        url: String,
        headers: [HTTPHeaderField] = [],
        body: Body = .none,
        timeouts: HTTPTimeouts = .unlimited
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.timeouts = timeouts
    }
}

/// The longest that single operations may take; nil sets no limit.
///
/// These are limits per operation, as in httpx: a response that trickles for an hour is no timeout
/// as long as each read brings something within ``read``.
public struct HTTPTimeouts: Sendable, Hashable {
    /// Looking up the name, connecting and the TLS handshake, together.
    public var connect: Duration?
    /// Waiting for one of the backend's connections to be free.
    public var pool: Duration?
    /// Handing one piece of the body to the network.
    public var write: Duration?
    /// Waiting for the head after the request was sent, and for each piece of the body.
    public var read: Duration?

    /// Makes a set of limits; those left out are unlimited.
    public init(
        connect: Duration? = nil,
        pool: Duration? = nil,
        write: Duration? = nil,
        read: Duration? = nil
    ) {
        self.connect = connect
        self.pool = pool
        self.write = write
        self.read = read
    }

    /// No limits.
    public static let unlimited = HTTPTimeouts()

    /// Returns limits that are all the same.
    public static func all(_ limit: Duration) -> HTTPTimeouts {
        HTTPTimeouts(connect: limit, pool: limit, write: limit, read: limit)
    }
}

/// The head of a response, as it was received.
public struct HTTPTransferHead: Sendable, Hashable {
    /// The status code.
    public var status: Int
    /// The bytes of the reason phrase; empty where the server sent none.
    public var reasonBytes: [UInt8]
    /// `HTTP/1.0`, `HTTP/1.1` or `HTTP/2`.
    public var version: String
    /// The header fields in the order of the wire, duplicates kept.
    public var headers: [HTTPHeaderField]

    /// Makes a head.
    public init(
        status: Int,
        reasonBytes: [UInt8] = [],
        version: String = "HTTP/1.1",
        headers: [HTTPHeaderField] = []
    ) {
        self.status = status
        self.reasonBytes = reasonBytes
        self.version = version
        self.headers = headers
    }

    /// The reason phrase as text.
    public var reason: String {
        String(validating: reasonBytes, as: UTF8.self) ?? Latin1.text(reasonBytes)
    }
}
