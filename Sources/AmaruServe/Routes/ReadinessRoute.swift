// Whether the server has something that answers.
// SPDX-License-Identifier: Apache-2.0

package import Hummingbird

/// Adds `/ready`, for balancers: a server that is not ready gets no messages, and is left running.
///
/// - `isReady`: Whether a message would be answered now.
package func addReadinessRoute(
    to router: some RouterMethods<ServeContext>,
    isReady: @escaping @Sendable () -> Bool
) {
    router.get("ready") { _, _ in
        let isReady = isReady()
        return Response(
            json: ["ready": .bool(isReady)],
            status: isReady ? .ok : .serviceUnavailable
        )
    }
}
