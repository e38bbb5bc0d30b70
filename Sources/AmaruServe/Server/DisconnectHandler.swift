// Notices that a client has gone.
// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Tells the request under way when its client closes the connection.
///
/// That shows on the connection's reading side alone; a write fails much later. Other requests may
/// come behind the one that is answered: they wait for their turn.
final class DisconnectHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = Any
    typealias InboundOut = Any

    private var hasGone = false
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

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed = event as? ChannelEvent { leave() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        leave()
        context.fireChannelInactive()
    }

    private func leave() {
        hasGone = true
        action?()
        action = nil
    }
}
