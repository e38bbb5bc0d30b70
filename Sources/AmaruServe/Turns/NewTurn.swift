// A message that a client sends.
// SPDX-License-Identifier: Apache-2.0

package import AmaruChat
package import AmaruStore

/// A message, and where in its conversation it belongs.
package struct NewTurn: Sendable {
    /// What the message follows.
    package enum Place: Sendable, Equatable {
        /// The last turn of the branch that is shown.
        case head
        /// Nothing: it is another beginning.
        case beginning
        /// A turn, so that it is a branch if the turn has others.
        case after(Int64)
    }

    package var message: String
    /// What the client calls the request: sent again, it makes no second turn.
    package var request: String
    package var place = Place.head
    package var attachments: [Attachment] = []
    /// The model that is asked; nil for the chat's own.
    package var model: String?

    package init(message: String, request: String, place: Place = .head) {
        self.message = message
        self.request = request
        self.place = place
    }
}

/// Where a turn is read.
package enum FollowedTurn: Sendable {
    /// In the log of a turn of this process.
    case live(LiveTurn)
    /// In the store, with the entries of its log.
    case stored(StoredTurn, [StoredEvent])
}

extension StoredTurn {
    /// How long it took; nil while it runs, and if its process has ended under it.
    var milliseconds: Int? {
        guard state != .interrupted, let ended else { return nil }
        return Self.milliseconds(from: started, to: ended)
    }

    /// The time between two, which a file of others may say anything about.
    static func milliseconds(from start: Double, to end: Double) -> Int {
        Int(min(max(0, end - start), 1e9) * 1000)
    }

    /// Takes over how a turn stands.
    mutating func take(_ opened: LiveTurn) {
        answer = opened.answer
        guard let end = opened.turn.end else {
            // Others may have taken this server for gone.
            state = .running
            return
        }
        (state, reason) = TurnRecorder.state(of: end)
        ended = opened.endTime
        for case .usage(let prompt, let completion) in opened.turn.events() ?? [] {
            (promptTokens, completionTokens) = (prompt, completion)
        }
    }
}
