// Notices that a client has gone.
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Tells the request under way when its client closes the connection.
///
/// That shows on the connection's reading side alone; a write fails much later. A client that has
/// only closed its writing side looks the same, and still waits for its answer. Writing to it shows
/// which it is: a client that has gone resets the connection.
/// Other requests may come behind the one that is answered: they wait for their turn.
final class DisconnectHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// How often a client that has closed its writing side is probed.
    private static let interval = TimeAmount.seconds(5)

    private var hasGone = false
    private var unanswered = 0
    /// The head of the response that is being sent.
    private var head: HTTPResponse?
    private var probing: RepeatedTask?
    /// Called when the client goes; of the request under way, since there is one at a time.
    private var action: (@Sendable () -> Void)?

    /// Calls `action` when the client of a connection goes, on the connection's event loop.
    static func whenDisconnected(
        _ channel: any Channel,
        _ action: @escaping @Sendable () -> Void
    ) {
        channel.eventLoop.execute {
            let handler = try? channel.pipeline.syncOperations.handler(type: DisconnectHandler.self)
            // Without the handler, the connection has ended.
            guard let handler, !handler.hasGone else { return action() }
            handler.action = action
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .head = unwrapInboundIn(data) { unanswered += 1 }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let sent): head = sent
        case .body: break
        case .end: (unanswered, head) = (unanswered - 1, nil)
        }
        context.write(data, promise: promise)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed = event as? ChannelEvent {
            // Until the connection ends.
            let bound = NIOLoopBound((handler: self, context), eventLoop: context.eventLoop)
            probing = context.eventLoop.scheduleRepeatedTask(
                initialDelay: .zero,
                delay: Self.interval
            ) { _ in bound.value.handler.probe(bound.value.1) }
        }
        context.fireUserInboundEventTriggered(event)
    }

    /// Sends what every client ignores.
    private func probe(_ context: ChannelHandlerContext) {
        guard unanswered > 0, context.channel.isWritable else { return }
        let part: HTTPResponsePart
        if head == nil {
            part = .head(HTTPResponse(status: .continue))
        } else if head?.headerFields[.contentType]?.hasPrefix("text/event-stream") == true {
            part = .body(ByteBuffer(string: ":\n\n"))
        } else {
            return
        }
        let promise = context.eventLoop.makePromise(of: Void.self)
        // A client of HTTP/1.0 cannot be sent `100 Continue`: without a head it counts as gone.
        promise.futureResult.assumeIsolated().whenFailure { _ in self.leave() }
        context.writeAndFlush(wrapOutboundOut(part), promise: promise)
    }

    func channelInactive(context: ChannelHandlerContext) {
        leave()
        context.fireChannelInactive()
    }

    private func leave() {
        probing?.cancel()
        probing = nil
        hasGone = true
        action?()
        action = nil
    }
}
