// Notices that the client has gone.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import Hummingbird

/// Watches a connection from the request to the end of the response.
///
/// The end of a connection shows on its reading side alone; a write fails much later. Watching it
/// takes that side over for good, so no other request can come by this connection.
final class ClientWatch: Sendable {
    private let isOver = AsyncValue<Void>()
    private let task: Task<Void, Never>

    /// Begins to watch.
    ///
    /// - Parameters:
    ///   - request: The request, whose body has been collected into it.
    ///   - onGone: What to do when the client has gone.
    init(_ request: Request, onGone: @escaping @Sendable () -> Void) {
        let isOver = isOver
        let body = request.body
        task = Task {
            _ = try? await body.consumeWithInboundCloseHandler(
                { _ in try await isOver.wait() },
                onInboundClosed: { if isOver.current == nil { onGone() } }
            )
        }
    }

    /// Stops watching; on return nothing reads the connection, as the server expects.
    func end() async {
        isOver.set(())
        await task.value
    }
}
