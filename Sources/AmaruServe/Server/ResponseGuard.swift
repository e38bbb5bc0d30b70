// Keeps to one response for each request.
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTPTypes

/// Closes a connection in place of a second response to one request.
///
/// The library sends one when a body that nobody has read turns out to be framed wrongly behind
/// the response: the client would take it for that to its next request.
final class ResponseGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private var unanswered = 0
    private var isInBody = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head: (unanswered, isInBody) = (unanswered + 1, true)
        case .body: break
        case .end: isInBody = false
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head where unanswered == 0 && isInBody:
            promise?.fail(ChannelError.ioOnClosedChannel)
            return context.close(promise: nil)
        case .end: unanswered -= 1
        case .head, .body: break
        }
        context.write(data, promise: promise)
    }
}
