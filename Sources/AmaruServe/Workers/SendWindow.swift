// How far a sender of events may be ahead of their readers.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruEnvironment

/// What is on its way of one turn: sent, and not taken by the readers.
///
/// Each turn has a window of its own, so that a reader that is slow delays no other turn on the
/// same socket, which is always read.
final class SendWindow: Sendable {
    /// Bytes on their way from which on the sender waits; twice what a turn keeps unread.
    static let size = 128 * 1024

    private struct State {
        var bytes = 0
        var isClosed = false
        var room: AsyncValue<Void>?

        var isFull: Bool { !isClosed && bytes >= SendWindow.size }
    }

    private let state = Lock(State())

    /// Whether the sender has to wait.
    var isFull: Bool { state.withLock { $0.isFull } }

    /// Waits until there is room, or nobody reads any more.
    func wait() async {
        let room: AsyncValue<Void>? = state.withLock { state in
            guard state.isFull else { return nil }
            let room = state.room ?? AsyncValue()
            state.room = room
            return room
        }
        try? await room?.wait()
    }

    func sent(_ bytes: Int) { state.withLock { $0.bytes += bytes } }

    /// Notes what the readers have taken.
    func taken(_ bytes: Int) {
        wake { $0.bytes = max(0, $0.bytes - min(max(0, bytes), $0.bytes)) }
    }

    /// Lets the sender go on: nobody reads what it sends.
    func close() { wake { $0.isClosed = true } }

    private func wake(_ change: (inout State) -> Void) {
        let room: AsyncValue<Void>? = state.withLock { state in
            change(&state)
            guard !state.isFull else { return nil }
            defer { state.room = nil }
            return state.room
        }
        room?.set(())
    }
}
