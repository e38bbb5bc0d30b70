// One timer for the limits in time of all exchanges.
// SPDX-License-Identifier: Apache-2.0

import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// Looks at exchanges when a limit in time may have passed.
///
/// Limits are set and lifted with each step of an exchange, and seldom pass: a timer for each would
/// wake an event loop several times for a request. Here a look that is due earlier serves the later
/// ones too, since it sets the next.
final class DeadlineWatch: Sendable {
    private struct State {
        var waiting: [UInt64: (deadline: NIODeadline, core: ExchangeCore)] = [:]
        /// When the next look is due; nil while nobody waits.
        var due: NIODeadline?
        var scheduled: Scheduled<Void>?
    }

    private let state = NIOLockedValueBox(State())

    deinit {
        state.withLockedValue { $0.scheduled }?.cancel()
    }

    /// Calls ``ExchangeCore/look(at:)`` once, at `deadline` or before; replaces what was wanted.
    func look(at core: ExchangeCore, when deadline: NIODeadline) {
        let isEarlier = state.withLockedValue { state in
            state.waiting[core.id] = (deadline, core)
            if let due = state.due, due <= deadline { return false }
            state.due = deadline
            return true
        }
        if isEarlier { schedule(deadline) }
    }

    /// Holds the exchange no longer.
    func forget(_ core: ExchangeCore) {
        state.withLockedValue { _ = $0.waiting.removeValue(forKey: core.id) }
    }

    private func schedule(_ deadline: NIODeadline) {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let scheduled = loop.scheduleTask(deadline: deadline) { [weak self] in
            self?.look(due: deadline) ?? ()
        }
        let superfluous = state.withLockedValue { state in
            guard state.due == deadline else { return scheduled as Scheduled? }
            defer { state.scheduled = scheduled }
            return state.scheduled
        }
        superfluous?.cancel()
    }

    private func look(due: NIODeadline) {
        let now = NIODeadline.now()
        let passed: [ExchangeCore]? = state.withLockedValue { state in
            guard state.due == due else { return nil }
            state.due = nil
            state.scheduled = nil
            let passed = state.waiting.values.filter { $0.deadline <= now }.map(\.core)
            for core in passed { state.waiting[core.id] = nil }
            return passed
        }
        guard let passed else { return }
        for core in passed { core.look(at: now) }
        let next: NIODeadline? = state.withLockedValue { state in
            let next = state.waiting.values.map(\.deadline).min()
            guard let next, next < state.due ?? .distantFuture else { return nil }
            state.due = next
            return next
        }
        if let next { schedule(next) }
    }
}
