// The answer on the screen, for those who add to it and those who write beside it.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruMarkdown

/// An answer that is laid out, and when it is written again.
final class LiveAnswer: Sendable {
    /// The time between two frames: a terminal shows no more than 60 in a second.
    static let interval = Duration.milliseconds(17)
    /// The longest time, however long laying out takes.
    private static let longest = Duration.milliseconds(250)
    /// The part of the time that laying out may take, for blocks that are very long.
    private static let share = 10

    private struct State {
        var view: MarkdownView
        var due = ContinuousClock.now
    }

    private let state: Lock<State>

    init(_ view: MarkdownView) { state = Lock(State(view: view)) }

    /// Whether rows are on the screen, or about to be, that are written again.
    var isLive: Bool { state.withLock { $0.view.isLive } }

    /// Whether code waits for its colours, so that another frame is due.
    var awaitsColors: Bool { state.withLock { $0.view.awaitsColors } }

    /// The time until the next frame; zero or less if it may come now.
    var delay: Duration { ContinuousClock.now.duration(to: state.withLock { $0.due }) }

    /// Changes the answer; a frame shows it.
    func change(_ body: (inout MarkdownView) -> Void) {
        state.withLock { body(&$0.view) }
    }

    /// Has the next frame written by `write`, in the order of frames.
    ///
    /// - Returns: What `write` returns; nil if there is nothing to write.
    @discardableResult
    func frame<Done>(of size: TerminalSize, _ write: (LiveRegion.Frame) -> Done) -> Done? {
        state.withLock { state in
            guard state.view.isChanged || state.view.awaitsColors else { return nil }
            let start = ContinuousClock.now
            let frame = state.view.frame(columns: size.columns, rows: size.rows)
            let cost = start.duration(to: .now)
            state.due = .now + min(Self.longest, max(Self.interval, cost * Self.share))
            // Without a line that may go on, a frame ends the row of the one before.
            return frame.text.isEmpty && frame.isOpen ? nil : write(frame)
        }
    }
}
