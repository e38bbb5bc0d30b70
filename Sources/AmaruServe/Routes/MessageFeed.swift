// The messages of a turn for those who wait for them.
// SPDX-License-Identifier: Apache-2.0

import Amaru

/// A ``MessageLog`` that wakes its followers.
final class MessageFeed: Sendable {
    private struct State {
        var log = MessageLog()
        var waiting: [Follower] = []
    }

    private let state = Lock(State())

    /// The number of messages so far.
    var count: Int { state.withLock { $0.log.count } }

    /// Changes the log, and wakes all who wait.
    func change(_ change: (inout MessageLog) -> Void) {
        let waiting = state.withLock { state in
            change(&state.log)
            defer { state.waiting = [] }
            return state.waiting
        }
        for follower in waiting { follower.wake() }
    }

    /// Waits until there is something to find in the log; nil if the follower has gone.
    func find<Found>(
        for follower: Follower,
        _ look: (MessageLog) -> Found?
    ) async -> Found? {
        while !follower.hasGone {
            let found = state.withLock { state in
                let found = look(state.log)
                if found == nil { state.waiting.append(follower) }
                return found
            }
            if let found { return found }
            await follower.wait()
        }
        return nil
    }
}
