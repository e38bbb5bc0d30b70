// A turn that is followed as it is answered, and its place in a conversation.
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
    /// Whether another server answers it, and its log here follows what that one writes.
    let isMirror: Bool
    private let started: Double
    private let end = Lock<Double?>(nil)
    /// Set when the turn has ended, so that its rest is written at once.
    let ended = AsyncValue<Void>()
    /// Set when the hub knows of the end.
    let isSettled = AsyncValue<Void>()

    private struct Weak { weak var broadcast: TurnBroadcast? }
    private let current = Lock(Weak())

    init(
        _ stored: StoredTurn,
        _ turn: Turn,
        in conversation: String,
        _ request: RequestKey,
        isMirror: Bool = false
    ) {
        self.isMirror = isMirror
        id = stored.id
        parent = stored.parent
        started = stored.started
        self.turn = turn
        self.conversation = conversation
        owner = request.owner
        self.request = request
    }

    var isOpen: Bool { turn.end == nil }

    /// When it ended, in seconds since 1970: the same for all who ask, and in the store.
    var endTime: Double {
        let now = TurnRecorder.now
        return end.withLock { end in
            if !isOpen { end = end ?? now }
            return end ?? now
        }
    }

    /// How long it took, or has taken so far.
    package var time: Duration {
        .milliseconds(StoredTurn.milliseconds(from: started, to: endTime))
    }

    /// Takes over what another server has written of the turn.
    func take(_ news: Replica.News) {
        switch news {
        case .log(let log):
            for entry in log {
                if let event = TurnEvent(entry) { _ = try? turn.add(event) }
            }
        case .end(let state, let reason, let time):
            end.withLock { $0 = time }
            if let outcome = state.end(reason: reason) { turn.end(outcome) }
        case .removed: turn.cancel()
        }
    }

    /// The rendering for all who follow; it goes on as long as any of them holds it.
    ///
    /// - `ending`: Set when the server ends.
    func broadcast(until ending: AsyncValue<Void>) -> TurnBroadcast {
        current.withLock { current in
            if let broadcast = current.broadcast { return broadcast }
            let broadcast = TurnBroadcast(of: self, until: ending)
            current.broadcast = broadcast
            return broadcast
        }
    }

    /// Notes that the turn has ended.
    func noteEnd() {
        _ = endTime
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
