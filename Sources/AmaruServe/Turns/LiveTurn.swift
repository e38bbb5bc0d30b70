// A turn that this process has opened, and its place in a conversation.
// SPDX-License-Identifier: Apache-2.0

import Amaru
package import AmaruChat
import AmaruEnvironment
import AmaruStore

/// A turn whose log is in memory.
package final class LiveTurn: Sendable {
    package let id: Int64
    package let turn: Turn
    /// The conversation that it belongs to.
    let conversation: String
    let parent: Int64?
    let owner: String
    let request: RequestKey
    private let begin = ContinuousClock.now
    private let duration = Lock<Duration?>(nil)
    /// Set when the turn has ended, so that its rest is written at once.
    let ended = AsyncValue<Void>()
    /// Set when the hub knows of the end.
    let isSettled = AsyncValue<Void>()

    init(_ stored: StoredTurn, _ turn: Turn, in conversation: String, _ request: RequestKey) {
        id = stored.id
        parent = stored.parent
        self.turn = turn
        self.conversation = conversation
        owner = request.owner
        self.request = request
    }

    var isOpen: Bool { turn.end == nil }

    /// How long it took, or has taken so far.
    package var time: Duration { duration.withLock { $0 } ?? ContinuousClock.now - begin }

    /// Notes that the turn has ended.
    func noteEnd() {
        let time = ContinuousClock.now - begin
        duration.withLock { $0 = $0 ?? time }
        ended.set(())
    }

    /// The answer so far, as the store keeps it.
    var answer: String {
        (turn.events() ?? []).reduce(into: "") { text, event in
            switch event {
            case .text(let more): text += more
            case .display(let reply): text += reply + "\n"
            default: break
            }
        }
    }
}

/// What tells a request that is repeated from a new one.
struct RequestKey: Hashable, Sendable {
    let owner: String
    let conversation: String
    let name: String

    /// As the store has it, where names are unique.
    var stored: String { "\(conversation) \(name)" }
}
