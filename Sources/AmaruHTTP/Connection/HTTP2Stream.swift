// A stream of HTTP/2.
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOFoundationEssentialsCompat
import NIOHPACK
import NIOHTTP2

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The handler of a stream, which carries one exchange.
final class HTTP2Stream: ChannelInboundHandler, @unchecked Sendable {
    // Safe because it is used on its event loop alone.
    typealias InboundIn = HTTP2Frame.FramePayload
    typealias OutboundOut = HTTP2Frame.FramePayload

    private(set) lazy var transfer = Transfer(exchange, over: self, of: pool)
    private let connection: HTTP2Connection
    private let pool: ConnectionPool
    private let exchange: Exchange
    private var channel: (any Channel)?
    /// Whether the end of the request has left: a large body may wait for the server's window.
    private var isEndSent = false
    private var isOver = false

    init(_ exchange: Exchange, of connection: HTTP2Connection, in pool: ConnectionPool) {
        self.exchange = exchange
        self.connection = connection
        self.pool = pool
    }

    /// Opens the stream and sends the request.
    func open(by multiplexer: NIOHTTP2Handler.StreamMultiplexer) {
        let opened = pool.loop.makePromise(of: (any Channel).self)
        multiplexer.createStreamChannel(promise: opened) { [self] channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.syncOptions?.setOption(.autoRead, value: false)
                try channel.pipeline.syncOperations.addHandler(self)
            }
        }
        opened.futureResult.assumeIsolated().whenComplete { [self] result in
            switch result {
            case .success(let channel): begin(channel)
            case .failure(let error): ended(error, isUnsent: true)
            }
        }
    }

    private func begin(_ channel: any Channel) {
        self.channel = channel
        guard !isOver else { return channel.close(promise: nil) }
        let request = exchange.request
        guard let fields = HPACKHeaders(request, over: connection.key.way) else {
            return transfer.fail(Self.unencodable(exchange.origin))
        }
        let isWhole = request.framing == .none || request.framing == .length(0)
        let head = HTTP2Frame.FramePayload.headers(.init(headers: fields, endStream: isWhole))
        channel.write(head).assumeIsolated().whenFailure { [self] error in ended(error) }
        isEndSent = isWhole
        exchange.carried(from: channel.parent?.localAddress, to: channel.parent?.remoteAddress)
        transfer.begin()
        receive()
    }

    private static func unencodable(_ origin: HTTPOrigin) -> HTTPTransferError {
        HTTPTransferError(
            .localProtocol,
            "a header for \(origin) is not UTF-8, which cannot be sent over HTTP/2",
            origin: origin
        )
    }
}

// MARK: - What arrives

extension HTTP2Stream {
    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isOver else { return }
        switch unwrapInboundIn(data) {
        case .headers(let headers):
            receive(headers.headers)
            if headers.endStream { receiveEnd() }
        case .data(let data):
            if case .byteBuffer(let bytes) = data.data { transfer.received(bytes) }
            if data.endStream { transfer.receivedEnd() }
        default:
            break
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        endTurn()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if !isOver { transfer.pump() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        ended(error)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        ended(connection.ending, isOfConnection: true)
    }

    private func receive(_ headers: HPACKHeaders) {
        // What comes after the body has no status.
        guard !transfer.hasHead else { return }
        let text = headers.first(name: ":status") ?? ""
        guard text.utf8.count == 3, let status = Int(decimal: text.utf8), status >= 100 else {
            return transfer.fail(malformed("its status is \"\(text)\""))
        }
        guard status >= 200 else { return }
        transfer.received(
            HTTPTransferHead(
                status: status,
                version: "HTTP/2",
                headers: headers.lazy.filter { !$0.name.hasPrefix(":") }
                    .map { HTTPHeaderField($0.name, $0.value) }
            )
        )
    }

    private func receiveEnd() {
        guard !transfer.isOver else { return }
        guard transfer.hasHead else { return transfer.fail(malformed("it has no final status")) }
        transfer.receivedEnd()
    }

    private func malformed(_ fault: String) -> HTTPTransferError {
        HTTPTransferError(
            .remoteProtocol,
            "malformed response from \(exchange.origin): \(fault)",
            origin: exchange.origin
        )
    }

    private func endTurn() {
        guard !isOver else { return }
        transfer.endTurn()
        guard transfer.hasEnded, !transfer.isOver else { return }
        // The server may answer before it has everything, and wants no more then. What waits for
        // its window would hold the stream, and its place among those that are allowed, forever.
        if !isEndSent { channel?.close(promise: nil) }
        end(isServed: true)
        transfer.end()
    }

    private func ended(
        _ error: any Error,
        isUnsent: Bool = false,
        isOfConnection: Bool = false
    ) {
        guard !isOver else { return }
        if transfer.hasEnded { return endTurn() }
        let stream = try? channel?.syncOptions?.getOption(HTTP2StreamChannelOptions.streamID)
        let error = connection.reason(of: error, on: stream)
        let mayRepeat =
            isUnsent || connection.mayRepeat(exchange, error, isOfConnection: isOfConnection)
        end(isServed: false)
        if mayRepeat, transfer.rewind() { return pool.start(exchange, isAgain: true) }
        let isCut = transfer.hasHead && HTTPTransferError.isEndAlone(error)
        transfer.fail(isCut ? ConnectionClosed(isAmidResponse: true) : error)
    }

    private func end(isServed: Bool) {
        guard !isOver else { return }
        isOver = true
        connection.streamEnded(isServed: isServed)
    }
}

// MARK: - What is sent

extension HTTP2Stream: TransferCarrier {
    var isWritable: Bool { channel?.isWritable ?? false }

    func write(_ pieces: [Data]) {
        var bytes = ByteBuffer()
        bytes.reserveCapacity(pieces.reduce(0) { $0 + $1.count })
        for piece in pieces { bytes.writeData(piece) }
        write(.data(.init(data: .byteBuffer(bytes))))
    }

    func writeEnd() {
        guard exchange.request.framing != .none, exchange.request.framing != .length(0)
        else { return }
        let end = HTTP2Frame.FramePayload.data(
            .init(data: .byteBuffer(ByteBuffer()), endStream: true)
        )
        channel?.write(end).assumeIsolated().whenSuccess { [self] in isEndSent = true }
    }

    /// Streams have no other protocol in them.
    func secure(_ step: ConnectionStep) -> EventLoopFuture<Void> {
        pool.loop.makeFailedFuture(ConnectionClosed())
    }

    func flush() { channel?.flush() }

    func receive() { channel?.read() }

    func abort() {
        // Resets the stream at once.
        channel?.close(promise: nil)
        end(isServed: false)
    }

    private func write(_ payload: HTTP2Frame.FramePayload) {
        channel?.write(payload, promise: nil)
    }
}

extension HPACKHeaders {
    /// The fields of a request; nil if one is not text, which is all that the library sends.
    fileprivate init?(_ request: OutgoingRequest, over way: ConnectionKey.Way) {
        let given = request.fields(over: way)
        let authority = given.firstValue(of: "host") ?? request.origin.hostHeader
        var fields: [(String, String)] = [
            (":method", request.method), (":scheme", request.origin.scheme),
            (":path", request.target(over: way)), (":authority", authority),
        ]
        for field in given where !field.isOfConnection {
            guard let value = String(validating: field.bytes, as: UTF8.self) else { return nil }
            fields.append((field.name.lowercased(), value))
        }
        self.init(fields)
    }
}

extension HTTPHeaderField {
    /// Whether the field is about a connection of HTTP/1.1, which HTTP/2 forbids (RFC 9113 §8.2.2).
    fileprivate var isOfConnection: Bool {
        let names = [
            "connection", "host", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade",
        ]
        return names.contains { isNamed($0) }
            || (isNamed("te") && value.lowercased() != "trailers")
    }
}
