// Closes connections behind the requests that are the last on them, and asks for bodies.
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1
import NIOHTTPTypesHTTP1

/// Has the library close the connection of each request that says so in any form, or is of
/// HTTP/1.0, whose clients read to the end of the connection and know no chunks.
///
/// A client that still sends a body that nobody reads would see no response: that is dropped first
/// (https://www.rfc-editor.org/rfc/rfc9112#section-9.6-7). One that waits to be asked for a body is
/// (https://www.rfc-editor.org/rfc/rfc9110#section-10.1.1).
final class ClosingHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// Adds the handler where versions can be seen.
    final class Adder: ChannelInboundHandler, RemovableChannelHandler {
        typealias InboundIn = Any

        private let limit: Int

        /// - `limit`: The bytes of the largest body that is asked for.
        init(limit: Int) { self.limit = limit }

        func handlerAdded(context: ChannelHandlerContext) {
            let pipeline = context.pipeline.syncOperations
            let codec = try? pipeline.handler(type: HTTP1ToHTTPServerCodec.self)
            guard let codec else { return }
            try? pipeline.addHandler(ClosingHandler(limit), position: .before(codec))
        }
    }

    /// What the requests without a whole response are, in their order.
    private var requests: [(isLast: Bool, isOld: Bool)] = []
    private var isInBody = false
    /// Whether the rest of a body is read and dropped.
    private var isDropping = false
    private let limit: Int

    /// How long that may take.
    private static let patience = TimeAmount.seconds(5)

    private init(_ limit: Int) { self.limit = limit }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        if case .end = part { isInBody = false }
        if isDropping {
            if !isInBody { context.close(promise: nil) }
            return
        }
        guard case .head(var head) = part else { return context.fireChannelRead(data) }
        isInBody = true
        let isOld = (head.version.major, head.version.minor) < (1, 1)
        requests.append((isOld || !head.isKeepAlive, isOld))
        if isOld || !head.isKeepAlive {
            head.headers.replaceOrAdd(name: "connection", value: "close")
        }
        if !isOld, head.headers["expect"].contains(where: { $0.lowercased() == "100-continue" }),
            head.headers.first(name: "content-length").flatMap(Int.init) ?? 0 <= limit
        {
            let asked = HTTPResponseHead(version: head.version, status: .continue)
            context.writeAndFlush(wrapOutboundOut(.head(asked)), promise: nil)
        }
        context.fireChannelRead(wrapInboundOut(.head(head)))
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if isDropping { context.read() }
        context.fireChannelReadComplete()
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard let (isLast, isOld) = requests.first else {
            return context.write(data, promise: promise)
        }
        switch unwrapOutboundIn(data) {
        case .head(let head) where head.status.code < 200 && isOld:
            promise?.fail(ChannelError.operationUnsupported)
        case .head(var head) where isLast && head.status.code >= 200:
            if isOld { head.version = .http1_0 }
            head.headers.replaceOrAdd(name: "connection", value: "close")
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .end:
            requests.removeFirst()
            context.write(data, promise: promise)
            guard isLast, isInBody else { return }
            isDropping = true
            let channel = context.channel
            context.eventLoop.scheduleTask(in: Self.patience) { channel.close(promise: nil) }
            context.read()
        default: context.write(data, promise: promise)
        }
    }
}
