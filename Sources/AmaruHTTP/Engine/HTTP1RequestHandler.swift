// Puts the request head that the caller wrote on the wire, and says when it is sent.
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1

/// The names of the fields by which a request finds its exchange inside the engine.
///
/// The client library lets nothing else through to the connection. They never reach the wire.
enum InternalField {
    static let prefix = "amaru-internal-"
    static let exchange = "amaru-internal-exchange"
    static let target = "amaru-internal-target"
    static let framing = "amaru-internal-framing"
    static let reason = "amaru-internal-reason"
}

/// Restores the exact head of each request of an HTTP/1.1 connection.
///
/// The client library parses the URL anew and moves the framing fields to the end; requests here
/// carry the true target and a marker at the place of the framing field. Only here, too, is it
/// known that a connection was made, which ends the time allowed for it, and that the request
/// is out, from when on the response is due.
final class HTTP1RequestHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias InboundOut = HTTPClientResponsePart
    typealias OutboundIn = HTTPClientRequestPart
    typealias OutboundOut = HTTPClientRequestPart

    private let heads: HTTP1HeadExchange
    private let find: (UInt64) -> ExchangeCore?
    private var core: ExchangeCore?
    private var connection: PooledConnection?
    private var isWithdrawn = false

    init(_ heads: HTTP1HeadExchange, find: @escaping (UInt64) -> ExchangeCore?) {
        self.heads = heads
        self.find = find
    }

    func handlerAdded(context: ChannelHandlerContext) {
        connection = PooledConnection(context.channel)
    }

    func channelInactive(context: ChannelHandlerContext) {
        connection?.ended()
        context.fireChannelInactive()
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(var head):
            guard let id = head.headers.first(name: InternalField.exchange) else {
                return withdraw(context, promise)
            }
            core = UInt64(id).flatMap(find)
            connection?.requestBegins(of: core?.request.pool)
            head.restoreAsGiven()
            heads.nextWriteIsHead = true
            context.write(wrapOutboundOut(.head(head)), promise: promise)
            core?.requestHeadWritten(on: context.eventLoop)
        case .body where isWithdrawn, .end where isWithdrawn:
            promise?.fail(CancellationError())
        case .body:
            let written = promise ?? context.eventLoop.makePromise()
            if let core { written.futureResult.whenFailure(core.couldNotWrite) }
            context.write(data, promise: written)
        case .end:
            context.write(data, promise: promise)
            core?.perform { $0.requestSent() }
            core = nil
            connection?.requestEnded()
        }
    }

    /// A request that only prepared a connection got one before it was taken back: it is not sent.
    private func withdraw(_ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?) {
        isWithdrawn = true
        promise?.fail(CancellationError())
        context.fireErrorCaught(CancellationError())
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        if case .end = part, let connection {
            return connection.responseEnded { context.fireChannelRead(data) }
        }
        guard case .head(var head) = part, !heads.reasons.isEmpty else {
            return context.fireChannelRead(data)
        }
        let reason = heads.reasons.removeFirst()
        head.headers.add(name: InternalField.reason, value: Latin1.text(reason))
        context.fireChannelRead(wrapInboundOut(.head(head)))
    }
}

extension HTTPRequestHead {
    /// Puts the target and the framing field in their places and takes the engine's fields out.
    mutating func restoreAsGiven() {
        if let target = headers.first(name: InternalField.target) { uri = target }
        let framing = headers.first { name, _ in
            name.lowercased() == "content-length" || name.lowercased() == "transfer-encoding"
        }
        let isMarked = headers.contains(name: InternalField.framing)
        var restored = HTTPHeaders()
        for (name, value) in headers {
            switch name.lowercased() {
            case InternalField.exchange, InternalField.target:
                continue
            case InternalField.framing:
                // The caller's spelling of the name, where it is the field that is used.
                guard let framing else { continue }
                let isSame = value.lowercased() == framing.name.lowercased()
                restored.add(name: isSame ? value : framing.name, value: framing.value)
            case "content-length" where isMarked, "transfer-encoding" where isMarked:
                continue
            default:
                restored.add(name: name, value: value)
            }
        }
        headers = restored
    }
}
