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
        let milliseconds = turn.milliseconds
        switch turn.state {
        case .finished: finish(.finished(reason: turn.reason), milliseconds: milliseconds)
        case .stopped: finish(.cancelled, milliseconds: milliseconds)
        case .failed:
            finish(
                .failed(ChatFailure(code: "failed", message: turn.reason)),
                milliseconds: milliseconds
            )
        case .interrupted: interrupt()
        case .running: break
        }
    }

    /// What is shown of a turn of this process.
    init(_ live: LiveTurn) {
        self.init()
        for event in live.turn.events() ?? [] { take(event) }
        if let end = live.turn.end { finish(end, after: live.time) }
    }

    mutating func finish(_ end: TurnEnd, after time: Duration) {
        if case .failed(let failure) = end, failure.code == TurnRecorder.interruption {
            return interrupt()
        }
        finish(end, milliseconds: Int(time / .milliseconds(1)))
    }
}
