// How a turn is read.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruEnvironment

extension Turn: AsyncSequence {
    /// Reads as the turn's owner; for one task.
    public func makeAsyncIterator() -> TurnEvents.Iterator {
        let owner = state.withLock { state in
            let owner = state.owner ?? state.log.addReader(.owner)
            state.owner = owner
            return owner
        }
        return TurnEvents(self, owner, owns: true).makeAsyncIterator()
    }
}

extension Turn {
    /// Reads along from a position, and delays no writer.
    ///
    /// - Parameter position: The number of the first event to read.
    /// - Returns: The events from there on.
    public func viewer(from position: Int = 0) -> TurnEvents {
        reader(.viewer, from: position)
    }

    /// Reads every event; writers wait for this reader as they do for the owner.
    public func requiredReader(from position: Int = 0) -> TurnEvents {
        reader(.required, from: position)
    }

    private func reader(_ role: TurnLog.Role, from position: Int) -> TurnEvents {
        TurnEvents(self, state.withLock { $0.log.addReader(role, from: position) }, owns: false)
    }

    /// The next events of a reader; nil at the end.
    func take(_ reader: TurnLog.ReaderID) async throws -> [TurnEvent]? {
        switch try await step(reader) {
        case .events(let events, _): return events
        case .end(.failed(let failure)): throw failure
        case .end: return nil
        }
    }

    /// The next events of a reader and the position after them, or the end.
    func step(_ reader: TurnLog.ReaderID) async throws -> TurnViewer.Step {
        while true {
            let (taken, position, news) = state.withLock { state in
                let (taken, wakes) = state.log.take(reader)
                state.wake(wakes)
                if reader == state.owner, !state.hasUnshown { state.noteShown() }
                let position = state.log.position(of: reader)
                guard case .wait = taken else { return (taken, position, AsyncValue<Void>?.none) }
                let news = state.news[reader] ?? AsyncValue()
                state.news[reader] = news
                return (taken, position, news)
            }
            switch taken {
            case .events(let events): return .events(events, next: position)
            case .end(let end): return .end(end)
            case .wait: try await news?.wait()
            }
        }
    }

    /// Whether the turn goes on, and the owner has not shown all that was added.
    var hasUnshown: Bool { state.withLock { $0.hasUnshown } }

    /// Waits until the owner has shown all that was added and asks for more, or the turn has ended.
    func waitUntilShown() async {
        let shown: AsyncValue<Void>? = state.withLock { state in
            guard state.hasUnshown else { return nil }
            let shown = state.shown ?? AsyncValue()
            state.shown = shown
            state.pause?.set(())
            return shown
        }
        try? await shown?.wait()
    }

    /// Has the owner wait until a time, or until what is there is waited for.
    func pause(until time: ContinuousClock.Instant) async throws {
        let pause: AsyncValue<Void>? = state.withLock { state in
            guard state.shown == nil else { return nil }
            state.pause = AsyncValue()
            return state.pause
        }
        guard let pause else { return }
        let timer = Task {
            try await Task.sleep(until: time, clock: .continuous)
            pause.set(())
        }
        defer { timer.cancel() }
        try await pause.wait()
    }

    /// The number of events so far.
    package var count: Int { state.withLock { $0.log.count } }

    /// Events from a position up to another, as many as are read at a time, and the position
    /// after them.
    package func events(from position: Int, to end: Int) -> (events: [TurnEvent], next: Int) {
        state.withLock { state in
            let end = Swift.min(end, state.log.count)
            var next = Swift.min(Swift.max(0, position), end)
            let events = state.log.events(from: &next, to: end)
            return (events, next)
        }
    }

    /// The events before a position, or all; nil if it is not reached, or some are no longer kept.
    package func events(before position: Int? = nil) -> [TurnEvent]? {
        state.withLock { $0.log.events(before: position ?? $0.log.count) }
    }

    /// A viewer from a position on that is told where it is.
    package func watch(from position: Int) -> TurnViewer {
        TurnViewer(self, state.withLock { $0.log.addReader(.viewer, from: position) })
    }

    func leave(_ reader: TurnLog.ReaderID) {
        state.withLock { state in
            state.news[reader] = nil
            state.wake(state.log.removeReader(reader))
        }
    }
}
