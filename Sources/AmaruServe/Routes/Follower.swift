// A task that waits for messages.
// SPDX-License-Identifier: Apache-2.0

import Amaru

/// One who follows a turn, as long as its client is there.
final class Follower: Sendable {
    private struct State {
        var waiter: CheckedContinuation<Void, Never>?
        /// Whether the next wait ends at once.
        var isWoken = false
        var hasGone = false
    }

    private let state = Lock(State())

    /// Whether the client has gone, or the task that has waited was cancelled.
    var hasGone: Bool { state.withLock { $0.hasGone } }

    /// Ends the wait that is under way, or else the next one.
    func wake() { endWait { _ in } }

    /// Ends all waits: the client has gone.
    func leave() { endWait { $0.hasGone = true } }

    private func endWait(_ change: (inout State) -> Void) {
        let waiter = state.withLock { state in
            change(&state)
            defer { state.waiter = nil }
            state.isWoken = state.hasGone || state.waiter == nil
            return state.waiter
        }
        waiter?.resume()
    }

    /// Waits to be woken; for one task at a time.
    func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                let isWoken = state.withLock { state in
                    defer { state.isWoken = state.hasGone }
                    if !state.isWoken { state.waiter = waiter }
                    return state.isWoken
                }
                if isWoken { waiter.resume() }
            }
        } onCancel: {
            leave()
        }
    }
}
