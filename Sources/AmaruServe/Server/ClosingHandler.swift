// Closes connections behind the requests that are the last on them.
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1
import NIOHTTPTypesHTTP1

/// Has the library close the connection of each request that says so in any form, or is of
/// HTTP/1.0, whose clients read to the end of the connection and know no chunks.
final class ClosingHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// Adds the handler where versions can be seen.
    final class Adder: ChannelInboundHandler, RemovableChannelHandler {
        typealias InboundIn = Any

        func handlerAdded(context: ChannelHandlerContext) {
            let pipeline = context.pipeline.syncOperations
            let codec = try? pipeline.handler(type: HTTP1ToHTTPServerCodec.self)
            guard let codec else { return }
            try? pipeline.addHandler(ClosingHandler(), position: .before(codec))
        }
    }

    /// What the requests without a whole response are, in their order.
    private var requests: [(isLast: Bool, isOld: Bool)] = []

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(var head) = unwrapInboundIn(data) else {
            return context.fireChannelRead(data)
        }
        let isOld = (head.version.major, head.version.minor) < (1, 1)
        requests.append((isOld || !head.isKeepAlive, isOld))
        if isOld || !head.isKeepAlive {
            head.headers.replaceOrAdd(name: "connection", value: "close")
        }
        context.fireChannelRead(wrapInboundOut(.head(head)))
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
        default: context.write(data, promise: promise)
        }
    }
}
