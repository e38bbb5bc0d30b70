// What a page shows of a turn that is read as a whole.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
package import AmaruStore

extension AnswerStream {
    /// What is shown of a turn that this process does not answer.
    ///
    /// - `log`: The entries of its log; without any, its text is all there is.
    package init(_ turn: StoredTurn, log: [StoredEvent]) {
        self.init()
        let log =
            log.isEmpty ? [StoredEvent(seq: 0, kind: "text", data: turn.answer, time: 0)] : log
        for entry in log { if let event = TurnEvent(entry) { take(event) } }
        if let end = turn.state.end(reason: turn.reason) {
            finish(end, in: turn.milliseconds)
        }
    }

    /// What is shown of a turn of this process.
    init(_ live: LiveTurn) {
        self.init()
        for event in live.turn.events() ?? [] { take(event) }
        if let end = live.turn.end { finish(end, after: live.time) }
    }

    mutating func finish(_ end: TurnEnd, after time: Duration) {
        finish(end, in: Int(time / .milliseconds(1)))
    }

    private mutating func finish(_ end: TurnEnd, in milliseconds: Int?) {
        if case .failed(let failure) = end, failure.code == TurnRecorder.interruption {
            return interrupt()
        }
        finish(end, milliseconds: milliseconds)
    }
}

extension StoredTurn.State {
    /// How a turn has ended that is kept like this; nil while it runs.
    func end(reason: String) -> TurnEnd? {
        switch self {
        case .running: nil
        case .finished: .finished(reason: reason)
        case .stopped: .cancelled
        case .failed: .failed(ChatFailure(code: "failed", message: reason))
        case .interrupted: .failed(TurnHub.interrupted)
        }
    }
}
