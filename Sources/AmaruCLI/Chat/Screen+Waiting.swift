// The row below an answer that is waited for.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat

extension Screen {
    /// Shows that an answer is waited for, once nothing has come for a moment, until it ends.
    ///
    /// Plain text has a line instead, once: a screen reader would say each second.
    ///
    /// - `isStarting`: Whether the program is still starting; called on any thread.
    func wait(isStarting: @escaping @Sendable () -> Bool) {
        guard isTerminal else { return }
        endWait()
        awaited = AwaitedAnswer(isStarting: isStarting)
        paintWait(after: answer == nil ? plainPatience : AwaitedAnswer.patience)
    }

    /// Takes the row away, until there is a reason for another one.
    func hideWait() { terminalInUse?.show(status: nil) }

    /// Ends the wait, of which nothing is left on the screen.
    func endWait() {
        guard let awaited else { return }
        self.awaited = nil
        guard let painter = awaited.painter else { return }
        painter.cancel()
        hideWait()
    }

    /// Takes the row away if something of the answer is to be shown.
    func noteProgress(of event: TurnEvent) {
        switch event {
        case .text, .reasoning, .display, .attachment, .skipped: break
        case .toolCall, .usage, .notice, .stalled, .retrying: return
        }
        guard awaited != nil else { return }
        awaited?.begin = .now
        awaited?.stall = nil
        guard let painter = awaited?.painter else { return }
        awaited?.painter = nil
        painter.cancel()
        hideWait()
    }

    /// Says that nothing has come for a while: in the row if there is one, else in a line.
    func saysStalled(_ message: String) async {
        guard awaited != nil, answer != nil else {
            awaited?.painter?.cancel()
            return await hold(message)
        }
        awaited?.stall = message
        if awaited?.painter == nil { paintWait(after: .zero) }
        if isatty(STDERR_FILENO) != 1 { Report.line("amaru: \(message)") }
    }

    private func paintWait(after delay: Duration) {
        awaited?.painter = Task {
            try? await Task.sleep(for: delay)
            while !Task.isCancelled {
                if answer == nil {
                    guard isatty(STDERR_FILENO) == 1 else { return }
                    return await notice("still waiting for the answer; Ctrl-C stops it")
                }
                paintRow()
                try? await Task.sleep(for: AwaitedAnswer.interval)
            }
        }
    }

    private func paintRow() {
        // The seconds of a countdown stand there.
        guard countdown == nil, let awaited, let terminal = try? terminal else { return }
        let row = awaited.row(columns: terminal.size.columns)
        terminal.show(status: isDim ? "\u{1B}[2m\(row)\u{1B}[0m" : row)
    }
}
