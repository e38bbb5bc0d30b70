// A connection of HTTP/1.1.
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOFoundationEssentialsCompat
import NIOSSL

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The last handler of a connection that carries one exchange after the other.
///
/// Between exchanges it is parked, and watched: whatever can be read there, bytes or the end,
/// is the answer to nothing and ends the connection.
final class HTTP1Connection: ChannelInboundHandler, PooledConnection {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum State {
        case parked
        case busy(Transfer)
        case closed
    }

    let key: ConnectionKey
    weak var client: ClientConnections?
    let isShared = false
    private let channel: any Channel
    private let pool: ConnectionPool
    private var state = State.parked
    private var parser = HTTP1ResponseParser()
    /// Whether it has not carried an exchange yet; afterwards a server may close it at any moment.
    private var isUnused = true
    /// Whether anything of the response has arrived.
    private var hasReceived = false
    /// Why the connection broke, if that is known.
    private var fault: (any Error)?

    init(_ channel: any Channel, key: ConnectionKey, pool: ConnectionPool) throws {
        self.channel = channel
        self.key = key
        self.pool = pool
        try channel.pipeline.syncOperations.addHandler(self)
    }

    var isIdle: Bool {
        if case .parked = state { true } else { false }
    }

    var isReady: Bool { isIdle && channel.isActive }

    func start(_ exchange: Exchange) {
        let transfer = Transfer(exchange, over: self, of: pool)
        let request = exchange.request
        state = .busy(transfer)
        hasReceived = false
        fault = nil
        parser = HTTP1ResponseParser(origin: request.origin)
        parser.expect(method: request.method)
        var head = channel.allocator.buffer(capacity: 512)
        do throws(HTTPTransferError) {
            try HTTP1RequestEncoder.head(
                method: request.method,
                target: request.target(over: key.way),
                fields: request.fields(over: key.way),
                into: &head
            )
        } catch {
            return transfer.fail(error)
        }
        write(head)
        exchange.carried(from: channel.localAddress, to: channel.remoteAddress)
        pool.begin(transfer)
        transfer.begin()
        receive()
    }

    func park() { channel.read() }

    func close() {
        state = .closed
        client?.forget(self)
        channel.close(promise: nil)
    }
}

// MARK: - What arrives

extension HTTP1Connection {
    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .busy(let transfer) = state else { return close() }
        hasReceived = true
        parser.append(unwrapInboundIn(data))
        parse(transfer)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if case .busy(let transfer) = state { endTurn(transfer) }
        context.fireChannelReadComplete()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if case .busy(let transfer) = state { transfer.pump() }
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if fault == nil { fault = error }
        context.close(promise: nil)
    }

    /// Without the option for this, which only tunnels have, the end of one way is that of both.
    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .busy(let transfer) = state, case ChannelEvent.inputClosed? = event as? ChannelEvent
        {
            transfer.receivedEnd()
            endTurn(transfer)
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        let last = state
        if case .busy(let transfer) = last {
            ended(transfer)
        } else {
            state = .closed
        }
        client?.forget(self)
        context.fireChannelInactive()
    }

    private func parse(_ transfer: Transfer) {
        do throws(HTTPTransferError) {
            while !transfer.isOver, let part = try parser.next() { take(part, transfer) }
            // After 101 the bytes are another protocol's, which the caller may understand.
            guard parser.isTunnel, !transfer.isOver else { return }
            transfer.received(parser.takeRest())
        } catch {
            transfer.fail(error)
        }
    }

    private func take(_ part: HTTP1ResponsePart, _ transfer: Transfer) {
        switch part {
        case .informational: break
        case .head(let head):
            transfer.received(HTTPTransferHead(head), opensTunnel: parser.isTunnel)
            guard parser.isTunnel else { return }
            try? channel.syncOptions?.setOption(.allowRemoteHalfClosure, value: true)
        case .body(let bytes): transfer.received(bytes)
        case .end: transfer.receivedEnd()
        }
    }

    private func endTurn(_ transfer: Transfer) {
        transfer.endTurn()
        guard transfer.isServed else { return }
        let mayBeUsedAgain =
            transfer.isRequestComplete && parser.mayReuse && channel.isActive
            && !transfer.exchange.request.closesConnection
        isUnused = false
        if mayBeUsedAgain {
            state = .parked
            release()
        } else {
            close()
        }
        transfer.end()
    }

    /// The connection has ended while the exchange was on it.
    private func ended(_ transfer: Transfer) {
        // Servers close without TLS's own end, too. Only a body that nothing else ends, or another
        // protocol, can have been cut by that unseen, and Python's clients take it.
        if case NIOSSLError.uncleanShutdown? = fault as? NIOSSLError,
            parser.endsWithConnection || parser.isTunnel
        {
            fault = nil
        }
        do throws(HTTPTransferError) {
            if fault == nil, let part = try parser.endOfStream() { take(part, transfer) }
            if fault == nil, parser.isTunnel { transfer.receivedEnd() }
        } catch {
            return broken(transfer, hasReceived ? error : ConnectionClosed())
        }
        guard !transfer.hasEnded else {
            endTurn(transfer)
            state = .closed
            return transfer.end()
        }
        broken(transfer, fault ?? ConnectionClosed())
    }

    private func broken(_ transfer: Transfer, _ error: any Error) {
        state = .closed
        // Nothing came back, so the server may have closed the connection before it got anything.
        if !isUnused, !hasReceived, transfer.exchange.request.isIdempotent, transfer.rewind() {
            return pool.start(transfer.exchange, isAgain: true)
        }
        transfer.fail(HTTPTransferError.isEndAlone(error) ? fault ?? error : error)
    }
}

// MARK: - What is sent

extension HTTP1Connection: TransferCarrier {
    var isWritable: Bool { channel.isWritable && channel.isActive }

    func write(_ pieces: [Data]) {
        guard case .busy(let transfer) = state else { return }
        if parser.isTunnel { return send(pieces, of: transfer) }
        let isChunked = transfer.exchange.request.framing == .chunked
        for piece in pieces {
            var buffer = channel.allocator.buffer(capacity: piece.count + (isChunked ? 16 : 0))
            if isChunked { HTTP1RequestEncoder.chunk(size: piece.count, into: &buffer) }
            buffer.writeData(piece)
            if isChunked { HTTP1RequestEncoder.endOfChunk(size: piece.count, into: &buffer) }
            write(buffer)
        }
    }

    /// Writes bytes of another protocol, and tells the transfer when the system has them.
    private func send(_ pieces: [Data], of transfer: Transfer) {
        let size = pieces.reduce(0) { $0 + $1.count }
        var buffer = channel.allocator.buffer(capacity: size)
        for piece in pieces { buffer.writeData(piece) }
        write(buffer).assumeIsolated().whenSuccess { transfer.sent() }
    }

    func writeEnd() {
        if parser.isTunnel { return channel.close(mode: .output, promise: nil) }
        guard case .busy(let transfer) = state, transfer.exchange.request.framing == .chunked
        else { return }
        var buffer = channel.allocator.buffer(capacity: 8)
        HTTP1RequestEncoder.lastChunk(into: &buffer)
        write(buffer)
    }

    /// Sets TLS up beneath another protocol; the future fails if that does not succeed.
    func secure(_ step: ConnectionStep) -> EventLoopFuture<Void> {
        guard case .busy = state, parser.isTunnel, channel.isActive else {
            return channel.eventLoop.makeFailedFuture(ConnectionClosed())
        }
        return ConnectionSetup.perform([step], on: channel, before: self).map { _ in }
    }

    func flush() { channel.flush() }

    func receive() { channel.read() }

    func abort() {
        // Not by way of TLS, which would wait for the server to close, too.
        let pipeline = channel.pipeline.syncOperations
        (try? pipeline.context(handlerType: NIOSSLClientHandler.self))?.close(promise: nil)
        close()
    }

    /// All that is seen of a connection that breaks in writing is otherwise that nothing more
    /// comes, as if the server had ended the response.
    @discardableResult
    private func write(_ buffer: ByteBuffer) -> EventLoopFuture<Void> {
        let written = channel.write(buffer)
        written.assumeIsolated().whenFailure { [self] error in
            if fault == nil, !HTTPTransferError.isEndAlone(error) { fault = error }
        }
        return written
    }
}

extension HTTPTransferHead {
    /// The head of a response of HTTP/1.
    fileprivate init(_ head: HTTP1ResponseHead) {
        self.init(
            status: head.status,
            reasonBytes: head.reason,
            version: "\(head.version)",
            headers: head.fields
        )
    }
}
