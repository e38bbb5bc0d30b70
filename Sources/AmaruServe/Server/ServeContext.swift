// What a request carries through the routes.
// SPDX-License-Identifier: Apache-2.0

package import Hummingbird

/// A request's context: who asks.
package struct ServeContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    /// Whose conversations the request may see.
    package var owner = "local"

    package init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
    }
}
