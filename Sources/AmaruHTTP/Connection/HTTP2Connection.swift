// A connection of HTTP/2.
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP2

/// The last handler of a connection that carries many exchanges, each on a stream of its own.
final class HTTP2Connection: ChannelInboundHandler, PooledConnection {
    typealias InboundIn = HTTP2Frame

    let key: ConnectionKey
    weak var client: ClientConnections?
    let isShared = true
    private let channel: any Channel
    private let pool: ConnectionPool
    private let multiplexer: NIOHTTP2Handler.StreamMultiplexer
    /// How many streams the server takes at the same time; the value before it has said so.
    private var streamLimit = 100
    private var streamCount = 0
    /// How many more streams it is used for: their numbers end at 2³¹.
    private var streamsLeft = 1 << 28
    /// Exchanges that wait for a stream.
    private var waiting: [Exchange] = []
    /// The last stream that the server will serve, once it has said that it ends the connection.
    private var lastStream: HTTP2StreamID?
    /// Why it says so.
    private var goAwayCode = HTTP2ErrorCode.noError
    private var isClosed = false
    /// Whether it has carried an exchange to its end: the server may close it at any moment.
    private var isUsed = false
    /// Why the connection broke, if that is known.
    private var fault: (any Error)?

    /// Sets up a channel on which TLS has agreed on HTTP/2.
    init(_ channel: any Channel, key: ConnectionKey, pool: ConnectionPool) throws {
        self.channel = channel
        self.key = key
        self.pool = pool
        let pipeline = channel.pipeline.syncOperations
        multiplexer = try pipeline.configureHTTP2Pipeline(
            mode: .client,
            connectionConfiguration: Self.connectionConfiguration,
            streamConfiguration: Self.streamConfiguration
        ) { pushed in
            // Not allowed by our settings.
            pushed.close()
        }
        try pipeline.addHandler(self)
        // The settings of the server, and what it says while no stream is open.
        try channel.syncOptions?.setOption(.autoRead, value: true)
        channel.read()
    }

    var isReady: Bool {
        !isClosed && lastStream == nil && channel.isActive && streamsLeft > 0
    }

    var isIdle: Bool { streamCount == 0 && waiting.isEmpty }

    /// Begins to carry an exchange, or keeps it until there is a stream for it.
    func start(_ exchange: Exchange) {
        guard streamCount < streamLimit else {
            pool.wait(exchange, for: self)
            return waiting.append(exchange)
        }
        streamCount += 1
        streamsLeft -= 1
        let stream = HTTP2Stream(exchange, of: self, in: pool)
        pool.begin(stream.transfer)
        stream.open(by: multiplexer)
    }

    /// Carries an exchange no longer that waits for a stream.
    func withdraw(_ exchange: Exchange) { waiting.removeAll { $0 === exchange } }

    /// Does nothing: what the server says is read all the time.
    func park() {}

    func close() {
        isClosed = true
        client?.forget(self)
        channel.close(promise: nil)
    }

    private static let connectionConfiguration: NIOHTTP2Handler.ConnectionConfiguration = {
        var configuration = NIOHTTP2Handler.ConnectionConfiguration()
        configuration.initialSettings = [
            HTTP2Setting(parameter: .enablePush, value: 0),
            HTTP2Setting(parameter: .maxConcurrentStreams, value: 100),
            HTTP2Setting(parameter: .initialWindowSize, value: 1 << 20),
            HTTP2Setting(parameter: .maxHeaderListSize, value: 256 << 10),
        ]
        configuration.targetWindowSize = 1 << 24
        // What the server sends on a stream before it knows that it was reset ends the connection,
        // unless the stream is among these. The library's default is 32.
        configuration.maximumRecentlyResetStreams = 4096
        return configuration
    }()

    private static let streamConfiguration: NIOHTTP2Handler.StreamConfiguration = {
        var configuration = NIOHTTP2Handler.StreamConfiguration()
        // What a stream may bring ahead of its reader.
        configuration.targetWindowSize = 1 << 20
        configuration.outboundBufferSizeHighWatermark = 256 << 10
        configuration.outboundBufferSizeLowWatermark = 64 << 10
        return configuration
    }()
}

// MARK: - What the connection says

extension HTTP2Connection {
    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data).payload {
        case .settings(.settings(let settings)):
            let limit = settings.last { $0.parameter == .maxConcurrentStreams }?.value
            if let limit { streamLimit = limit }
            startWaiting()
        case .goAway(let last, let code, _):
            lastStream = min(last, lastStream ?? last)
            if code != .noError { goAwayCode = code }
            reconnectWaiting()
            if isIdle { close() }
        default:
            break
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A fault of one stream is told to that one.
        if error is NIOHTTP2Errors.StreamError { return }
        if fault == nil { fault = error }
        // Before its streams hear of it: what they make possible must not happen here.
        isClosed = true
        reconnectWaiting()
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        isClosed = true
        client?.forget(self)
        reconnectWaiting()
        context.fireChannelInactive()
    }

    private func startWaiting() {
        while isReady, streamCount < streamLimit, !waiting.isEmpty {
            start(waiting.removeFirst())
        }
    }

    /// Nothing was sent for those that wait, so they can go elsewhere.
    private func reconnectWaiting() {
        let exchanges = waiting
        waiting = []
        for exchange in exchanges { pool.start(exchange) }
    }
}

// MARK: - What the streams say

extension HTTP2Connection {
    /// A stream has ended, with its response or without.
    func streamEnded(isServed: Bool) {
        streamCount -= 1
        if isServed {
            isUsed = true
            startWaiting()
        } else {
            // If the connection fails along with the stream, it hears of that in this turn.
            pool.loop.assumeIsolated().execute { self.startWaiting() }
        }
        guard isIdle else { return }
        if isReady { release() } else { close() }
    }

    /// The error of a stream that ended without one of its own.
    var ending: any Error { fault ?? ConnectionClosed() }

    /// Why a stream ended: the library tells it that it was reset if the connection goes away.
    func reason(of error: any Error, on stream: HTTP2StreamID?) -> any Error {
        guard let lastStream else { return error }
        let isUnserved = stream.map { $0 > lastStream } ?? false
        let isEnd = goAwayCode != .noError && HTTPTransferError.isEndAlone(error)
        return isUnserved || isEnd ? GoAway(code: goAwayCode, isUnserved: isUnserved) : error
    }

    /// Whether an exchange may be sent again whose stream has ended without a response.
    ///
    /// - `isOfConnection`: Whether the stream ended because its connection did.
    func mayRepeat(
        _ exchange: Exchange,
        _ error: any Error,
        isOfConnection: Bool
    ) -> Bool {
        switch error {
        // The server says that it has not served the stream (RFC 9113 §8.7).
        case let goAway as GoAway where goAway.isUnserved: true
        case let closed as NIOHTTP2Errors.StreamClosed: closed.errorCode == .refusedStream
        default:
            isUsed && exchange.request.isIdempotent
                && (isOfConnection || HTTPTransferError.isEndAlone(error))
        }
    }
}

/// The end of a connection as the server announces it.
struct GoAway: Error {
    let code: HTTP2ErrorCode
    /// Whether the server says that it has not served the request.
    let isUnserved: Bool
}
