// What a request carries through the routes.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
package import Hummingbird
import NIOCore

/// A request's context: who asks, and where.
package struct ServeContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    /// Whose conversations the request may see.
    package var owner = AccessTokens.singleOwner
    /// The body of the request, which the gate has read; nil for a request without one.
    package var json: JSONValue?
    /// The size of the body, in bytes.
    var bodySize = 0
    private let channel: any Channel

    package init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
    }

    /// The thread of the connection.
    var eventLoop: any EventLoop { channel.eventLoop }

    /// The address at which the connection came in.
    var localAddress: SocketAddress? { channel.localAddress }

    /// Returns what is set when the client goes.
    func disconnection() -> AsyncValue<Void> {
        let value = AsyncValue<Void>()
        whenDisconnected { value.set(()) }
        return value
    }

    /// Calls `action` when the client goes; of several actions the last.
    func whenDisconnected(_ action: @escaping @Sendable () -> Void) {
        DisconnectHandler.whenDisconnected(channel, action)
    }
}
