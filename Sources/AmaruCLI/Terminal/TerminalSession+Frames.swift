// The rows of an answer that is laid out, on the terminal.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruEnvironment
import AmaruMarkdown

extension TerminalSession {
    /// Has the rows of an answer written, those that change without a flicker.
    ///
    /// - Returns: What `writeAnswer` waits for.
    func postAnswer(_ frame: LiveRegion.Frame) -> AsyncValue<Result<Void, any Error>> {
        let size = size
        return state.withLock { state in
            output.postAnswer(output.isStopped ? "" : screen(for: frame, size, &state))
        }
    }

    /// Writes the rows of an answer without waiting for them.
    func post(_ frame: LiveRegion.Frame) {
        let size = size
        state.withLock { state in output.post(screen(for: frame, size, &state)) }
    }

    /// Shows a row below the output until there is another one; nil for no row.
    ///
    /// While the output takes nothing, and in the background, the row stays as it is.
    func show(status row: String?) {
        let size = size
        state.withLock { state in
            guard !state.isClosed, !state.isSuspended else { return }
            if row != nil {
                guard output.isIdle, !JobControl.isBackground(on: output.number) else { return }
            }
            var outcome = state.input.show(status: row, size)
            // What is typed below it is drawn again too.
            if outcome.screen.contains("\u{1B}[J") {
                outcome.screen = "\u{1B}[?2026h\(outcome.screen)\u{1B}[?2026l"
            }
            perform(outcome, &state)
        }
    }

    /// Writes a line above the row below the output; false if there is no such row.
    func post(aboveStatus line: String) -> Bool {
        let size = size
        return state.withLock { state in
            guard let outcome = state.input.show(aboveStatus: line, size) else { return false }
            if output.isFull { state.dropped += 1 } else { perform(outcome, &state) }
            return true
        }
    }

    /// Whether the output takes nothing, so that notices are dropped.
    var isFull: Bool { output.isFull }

    /// Whether part of an answer was dropped, so that nobody knows what the screen shows.
    var hasDroppedAnswer: Bool { output.hasDropped }

    /// What a terminal is sent to show a frame at once, and what is typed below it.
    private func screen(
        for frame: LiveRegion.Frame,
        _ size: TerminalSize,
        _ state: inout State
    ) -> String {
        let wasInside = state.isInsideAnswer
        var text = state.input.show(frame.text, size).screen
        var isUpdate = !frame.onlyAdds
        if text.utf8.count != frame.text.utf8.count {
            isUpdate = true
        } else {
            state.isInsideAnswer = frame.isOpen && text.last == "\n"
            if wasInside {
                text = frame.continuation ?? "\n" + text
                if frame.continuation != nil { isUpdate = false }
            }
            if state.isInsideAnswer { text.removeLast() }
        }
        guard isUpdate, isatty(output.number) == 1 else { return text }
        // https://gist.github.com/christianparpart/d8a62cc1ab659194337d73e399004036
        let ending = text.last == "\n" ? "\n" : ""
        return "\u{1B}[?2026h\(text.dropLast(ending.count))\u{1B}[?2026l" + ending
    }
}
