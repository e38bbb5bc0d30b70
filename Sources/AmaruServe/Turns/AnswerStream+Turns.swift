// What a page shows of a turn that is read as a whole.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
package import AmaruStore

extension AnswerStream {
    /// What is shown of a turn so far.
    ///
    /// - `isWanted`: Looked at again and again; without it the answer is incomplete, and of no use.
    init(_ turn: FollowedTurn, while isWanted: () -> Bool) {
        switch turn {
        case .live(let live):
            self.init(live.turn.events() ?? [], while: isWanted)
            if let end = live.turn.end { finish(end, after: live.time, while: isWanted) }
        case .stored(let turn, let log):
            self.init(turn, log: log, while: isWanted)
        }
    }

    /// What is shown of a turn that this process does not answer.
    ///
    /// - `log`: The entries of its log; without any, its text is all there is.
    package init(
        _ turn: StoredTurn,
        log: [StoredEvent],
        while isWanted: () -> Bool = { true }
    ) {
        let log =
            log.isEmpty ? [StoredEvent(seq: 0, kind: "text", data: turn.answer, time: 0)] : log
        self.init(log.lazy.compactMap { TurnEvent($0) }, while: isWanted)
        if let end = turn.state.end(reason: turn.reason) {
            finish(end, in: turn.milliseconds, while: isWanted)
        }
    }

    private init(_ events: some Sequence<TurnEvent>, while isWanted: () -> Bool) {
        self.init()
        for event in events {
            guard isWanted() else { return }
            take(event, while: isWanted)
        }
    }

    mutating func finish(_ end: TurnEnd, after time: Duration, while isWanted: () -> Bool) {
        finish(end, in: Int(time / .milliseconds(1)), while: isWanted)
    }

    private mutating func finish(
        _ end: TurnEnd,
        in milliseconds: Int?,
        while isWanted: () -> Bool
    ) {
        if case .failed(let failure) = end, failure.code == TurnRecorder.interruption {
            return interrupt(while: isWanted)
        }
        finish(end, milliseconds: milliseconds, while: isWanted)
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
