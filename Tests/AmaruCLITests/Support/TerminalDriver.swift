// SPDX-License-Identifier: Apache-2.0

import AmaruTesting
import Foundation

/// Types at a terminal on which an exit test's process runs, from a thread of its own.
///
/// An exit test holds a thread of Swift's pool until its process has ended. With one on each core
/// nothing asynchronous runs in this process that could type what that process waits for.
enum TerminalDriver {
    /// Types each text once the one before it has appeared, in this order.
    static func type(_ steps: [(after: String, keys: String)], on terminal: PseudoTerminal) {
        Thread.detachNewThread {
            var seen = 0
            for step in steps {
                guard let end = wait(for: step.after, from: seen, on: terminal) else { return }
                seen = end
                try? terminal.send(step.keys)
            }
        }
    }

    /// Where the text ends, or nil when it has not come within the life of such a process.
    private static func wait(
        for text: String,
        from start: Int,
        on terminal: PseudoTerminal
    ) -> Int? {
        let end = Date(timeIntervalSinceNow: TimeInterval(processLifetime))
        while Date() < end {
            let output = Array(terminal.output.utf8).dropFirst(start)
            if let found = output.firstRange(of: Array(text.utf8)) { return found.upperBound }
            usleep(5000)
        }
        return nil
    }

    /// Seconds after which a process on a terminal ends itself, so that its test fails.
    static let processLifetime: UInt32 = 60
}
