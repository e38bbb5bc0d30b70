// Admits exchanges to the network, a limited number at a time, first come first served.
// SPDX-License-Identifier: Apache-2.0

import NIOConcurrencyHelpers

/// The limit on connections in use.
///
/// It is ours because the client's own limit holds per host and has no time-out of its own.
final class ConnectionGate: Sendable {
    private struct State {
        var free: Int
        var holders: Set<UInt64> = []
        var queue: [(ticket: UInt64, admit: @Sendable () -> Void)] = []
    }

    private let state: NIOLockedValueBox<State>

    init(limit: Int) {
        state = NIOLockedValueBox(State(free: max(1, limit)))
    }

    /// Calls `admit` once there is room, perhaps before it returns.
    func enter(_ ticket: UInt64, admit: @escaping @Sendable () -> Void) {
        let isAdmitted = state.withLockedValue { state in
            guard state.free > 0 else {
                state.queue.append((ticket, admit))
                return false
            }
            state.free -= 1
            state.holders.insert(ticket)
            return true
        }
        if isAdmitted { admit() }
    }

    /// Gives up a place, or the wait for one; does nothing for a ticket that has neither.
    func leave(_ ticket: UInt64) {
        let admitNext: (@Sendable () -> Void)? = state.withLockedValue { state in
            guard state.holders.remove(ticket) != nil else {
                state.queue.removeAll { $0.ticket == ticket }
                return nil
            }
            guard !state.queue.isEmpty else {
                state.free += 1
                return nil
            }
            let next = state.queue.removeFirst()
            state.holders.insert(next.ticket)
            return next.admit
        }
        admitNext?()
    }
}
