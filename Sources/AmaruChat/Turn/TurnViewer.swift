// A reader of a turn that knows its place.
// SPDX-License-Identifier: Apache-2.0

/// Reads along with a turn, and knows the position to come back to; for one task.
package final class TurnViewer: Sendable {
    /// What a viewer finds.
    package enum Step: Sendable, Equatable {
        /// Events, and the position after them.
        case events([TurnEvent], next: Int)
        /// The turn has ended, and nothing of it is left to read.
        case end(TurnEnd)
    }

    private let turn: Turn
    private let reader: TurnLog.ReaderID

    init(_ turn: Turn, _ reader: TurnLog.ReaderID) {
        self.turn = turn
        self.reader = reader
    }

    deinit { turn.leave(reader) }

    /// Waits for what comes next.
    ///
    /// - Throws: `CancellationError` if the task is cancelled.
    package func next() async throws -> Step { try await turn.step(reader) }
}
