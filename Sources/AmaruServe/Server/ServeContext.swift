// What a request carries through the routes.
// SPDX-License-Identifier: Apache-2.0

package import Hummingbird
import NIOCore

/// A request's context: who asks, and where.
package struct ServeContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    /// Whose conversations the request may see.
    package var owner = AccessTokens.singleOwner
    /// The body of the request, which the gate has read; nil if there is none.
    package var json: JSONValue?
    /// The address at which the connection came in.
    let localAddress: SocketAddress?

    package init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        localAddress = source.channel.localAddress
    }
}
