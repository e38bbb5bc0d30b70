// Rendering for one client, as long as it is there.
// SPDX-License-Identifier: Apache-2.0

import NIOPosix

extension Follower {
    /// Renders on a thread for blocking work, so that the tasks of others go on meanwhile.
    ///
    /// - `body`: Looks at its argument again and again, and stops if that is false.
    /// - Throws: `CancellationError` if the client has gone, or the task was cancelled; else what
    ///   `body` throws.
    func rendering<Rendered: Sendable>(
        _ body: @escaping @Sendable (_ isWanted: () -> Bool) throws -> Rendered
    ) async throws -> Rendered {
        try await withTaskCancellationHandler {
            try await NIOThreadPool.singleton.runIfActive { [self] in
                let rendered = try body { !hasGone }
                // It may be incomplete.
                guard !hasGone else { throw CancellationError() }
                return rendered
            }
        } onCancel: {
            leave()
        }
    }
}
