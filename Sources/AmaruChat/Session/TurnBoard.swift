// Where the threads that take part in a turn meet.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The open turn and the stream of events, under one lock.
final class TurnBoard: Sendable {
    private struct State {
        var tracker: TurnTracker
        var exitRequest: Int32?
    }

    private let state: Mutex<State>
    private let stream: AsyncStream<ChatEvent>.Continuation
    private let start = ContinuousClock.now

    private init(limits: TurnTracker.Limits, _ stream: AsyncStream<ChatEvent>.Continuation) {
        state = Mutex(State(tracker: TurnTracker(limits: limits)))
        self.stream = stream
    }

    static func make(limits: TurnTracker.Limits) -> (AsyncStream<ChatEvent>, TurnBoard) {
        let (events, continuation) = AsyncStream<ChatEvent>.makeStream()
        return (events, TurnBoard(limits: limits, continuation))
    }

    var openTurn: Int? { state.withLock { $0.tracker.turn } }
    var isWatched: Bool { state.withLock { $0.tracker.isWatched } }
    var isCancelled: Bool { state.withLock { $0.tracker.isCancelled } }
    var exitRequest: Int32? { state.withLock { $0.exitRequest } }

    func sent(_ turn: Int) { state.withLock { $0.tracker.sent(turn) } }

    func claimed(_ turn: Int) { state.withLock { $0.tracker.claimed(turn) } }

    /// Marks the open turn as cancelled by the user, and says which it is.
    func cancelled() -> Int? {
        state.withLock { state in
            state.tracker.cancelled()
            return state.tracker.turn
        }
    }

    func fail(_ turn: Int, _ failure: ChatFailure) { receive(.failed(turn: turn, failure)) }

    /// Takes an event of the script or of the session.
    ///
    /// Yielded under the lock, so that the order of events is that of the decisions.
    func receive(_ event: ChatEvent) {
        state.withLock { state in
            switch event {
            case .finished(let turn, _), .failed(let turn, _):
                guard state.tracker.settled(turn) else { return }
                stream.yield(event)
            case .display(_, let text):
                state.tracker.shown()
                stream.yield(.display(turn: state.tracker.turn ?? 0, text))
            default:
                stream.yield(event)
            }
        }
    }

    func looked(isBusy: Bool, isReady: Bool, idleTimeout: Duration) {
        let time = start.duration(to: .now)
        state.withLock { state in
            switch state.tracker.looked(isBusy: isBusy, isReady: isReady, at: time) {
            case .answered(let turn):
                stream.yield(.finished(turn: turn, reason: "stop"))
            case .unanswered(let turn):
                stream.yield(.failed(turn: turn, Self.unanswered(idleTimeout)))
            case nil:
                break
            }
        }
    }

    private static func unanswered(_ timeout: Duration) -> ChatFailure {
        ChatFailure(
            code: "unanswered",
            message: "the script has shown nothing and has nothing in flight for \(timeout)",
            remedy: "mend it, or give it longer with --idle-timeout"
        )
    }

    func exitRequested(_ code: Int32) {
        state.withLock { $0.exitRequest = code }
        stream.yield(.ended(ChatFailure(code: "exit", message: "the script ended", remedy: "")))
    }

    func close() { stream.finish() }
}

/// Whether the script's own code is being run for the first time.
final class ScriptPhase: Sendable {
    private let active = Mutex(false)

    var isActive: Bool { active.withLock { $0 } }
    func begin() { active.withLock { $0 = true } }
    func end() { active.withLock { $0 = false } }
}
