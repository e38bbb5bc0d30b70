// How turns end, between the task that shows events and the one that reads lines.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat

/// How a turn ended.
enum TurnOutcome: Sendable, Equatable {
    case answered
    case failed
    case interrupted
    /// The script cannot go on.
    case ended(Int32)
}

/// The ends of turns, each awaited by one task and delivered by another, in either order.
final class TurnEnds: Sendable {
    private typealias End = AsyncValue<Result<TurnOutcome, any Error>>

    private struct State {
        var ends: [Int: End] = [:]
        var program: Result<Int32, any Error>?
        var hasTaker = false
    }

    private let state = LockedValue(State())

    /// The exit code with which the script ended the program, if it did.
    var programEnd: Int32? { state.withLock { try? $0.program?.get() } }

    /// Says to the first who asks that the events are theirs to show.
    func takesEvents() -> Bool {
        state.withLock { state in
            defer { state.hasTaker = true }
            return !state.hasTaker
        }
    }

    /// Waits for the end of a turn.
    ///
    /// - Throws: What the showing of events threw.
    func end(of turn: Int) async throws -> TurnOutcome {
        let end = state.withLock { state in Self.entry(turn, &state) }
        defer { state.withLock { _ = $0.ends.removeValue(forKey: turn) } }
        return try await end.wait().get()
    }

    /// Delivers the end of a turn.
    func ended(_ turn: Int, _ outcome: TurnOutcome) {
        state.withLock { state in Self.entry(turn, &state) }.set(.success(outcome))
    }

    /// Ends every turn, those to come included; the first call counts.
    func programEnded(_ result: Result<Int32, any Error>) {
        let ends = state.withLock { state in
            if state.program == nil { state.program = result }
            return Array(state.ends.values)
        }
        for end in ends { end.set(result.map { .ended($0) }) }
    }

    private static func entry(_ turn: Int, _ state: inout State) -> End {
        if let end = state.ends[turn] { return end }
        let end = End()
        state.ends[turn] = end
        if let program = state.program { end.set(program.map { .ended($0) }) }
        return end
    }
}
