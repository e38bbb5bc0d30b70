// The seconds until a request is sent again.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruEnvironment

extension Screen {
    /// Says why a request is sent again, and counts the seconds down in a line of the terminal.
    ///
    /// Plain text is one line: a screen reader would say each second.
    func count(down delay: Duration, for reason: String, _ attempts: String) async {
        try? await settleAnswer()
        await releaseNotices()
        let left = { "trying again in \(Self.seconds($0)) s (\(attempts))" }
        guard answer != nil, isatty(STDERR_FILENO) == 1, isTerminal,
            let terminal = try? terminal
        else { return await notice("\(reason); \(left(delay))") }
        await notice(reason)
        hideWait()
        let task = Task {
            var rest = delay.bounded
            while rest > .zero, !Task.isCancelled {
                // One row, which the next one can be written over.
                let line = "amaru: \(left(rest))".prefix(max(1, terminal.size.columns - 1))
                terminal.post("\r\u{1B}[K\(line)")
                // After a first step of less than a second, whole ones are left.
                let whole = Duration.seconds(max(0, rest.components.seconds))
                let step = rest > whole ? rest - whole : .seconds(1)
                try? await Task.sleep(for: step)
                rest -= step
            }
            if !Task.isCancelled { sendsAgain(attempts) }
        }
        countdown = (task, attempts)
    }

    /// A delay in seconds, rounded up: to tenths below ten seconds, else to whole ones.
    static func seconds(_ delay: Duration) -> String {
        // The delay may come from a server or a script.
        let tenths = Int(min(delay / .milliseconds(100), 1e15).rounded(.up))
        if tenths < 100, !tenths.isMultiple(of: 10) { return "\(tenths / 10).\(tenths % 10)" }
        return "\((tenths + 9) / 10)"
    }

    /// Ends the counting; its line says what has been done, unless the answer was stopped.
    func endCountdown(isStopped: Bool = false) async {
        guard let (task, attempts) = countdown else { return }
        countdown = nil
        task.cancel()
        await task.value
        closeCountdown(isStopped ? nil : attempts)
    }

    /// Ends the counting when the request is sent again; that is waited for from now on.
    private func sendsAgain(_ attempts: String) {
        guard countdown != nil else { return }
        countdown = nil
        closeCountdown(attempts)
        awaited?.begin = .now
    }

    private func closeCountdown(_ attempts: String?) {
        let line = attempts.map { "amaru: trying again (\($0))\n" } ?? ""
        try? terminal.post("\r\u{1B}[K\(line)")
    }
}
