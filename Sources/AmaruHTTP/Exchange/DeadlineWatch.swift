// One timer for the limits in time of all exchanges.
// SPDX-License-Identifier: Apache-2.0

import NIOConcurrencyHelpers
import NIOCore

/// Checks exchanges when a limit in time may have passed.
///
/// Limits are set and lifted with each step of an exchange, and seldom pass: a timer for each would
/// wake an event loop several times for a request. Here a check that is due earlier serves the later
/// ones too, since it sets the next.
final class DeadlineWatch: Sendable {
    private struct State {
        var waiting: [UInt64: (deadline: NIODeadline, exchange: Exchange)] = [:]
        /// When the next check is due; nil while nobody waits.
        var due: NIODeadline?
        var scheduled: Scheduled<Void>?
    }

    private let loop: any EventLoop
    private let state = NIOLockedValueBox(State())

    init(on loop: any EventLoop) {
        self.loop = loop
    }

    deinit {
        state.withLockedValue { $0.scheduled }?.cancel()
    }

    /// Calls ``Exchange/checkLimits(at:)`` once, at `deadline` or before.
    func check(_ exchange: Exchange, at deadline: NIODeadline) {
        let isEarlier = state.withLockedValue { state in
            state.waiting[exchange.id] = (deadline, exchange)
            if let due = state.due, due <= deadline { return false }
            state.due = deadline
            return true
        }
        if isEarlier { schedule(deadline) }
    }

    /// Holds the exchange no longer.
    func forget(_ exchange: Exchange) {
        state.withLockedValue { _ = $0.waiting.removeValue(forKey: exchange.id) }
    }

    private func schedule(_ deadline: NIODeadline) {
        let scheduled = loop.scheduleTask(deadline: deadline) { [weak self] in
            self?.check(due: deadline) ?? ()
        }
        let superfluous = state.withLockedValue { state in
            guard state.due == deadline else { return scheduled as Scheduled? }
            defer { state.scheduled = scheduled }
            return state.scheduled
        }
        superfluous?.cancel()
    }

    private func check(due: NIODeadline) {
        let now = NIODeadline.now()
        let passed: [Exchange]? = state.withLockedValue { state in
            guard state.due == due else { return nil }
            state.due = nil
            state.scheduled = nil
            let passed = state.waiting.values.filter { $0.deadline <= now }.map(\.exchange)
            for exchange in passed { state.waiting[exchange.id] = nil }
            return passed
        }
        guard let passed else { return }
        for exchange in passed { exchange.checkLimits(at: now) }
        let next: NIODeadline? = state.withLockedValue { state in
            let next = state.waiting.values.map(\.deadline).min()
            guard let next, next < state.due ?? .distantFuture else { return nil }
            state.due = next
            return next
        }
        if let next { schedule(next) }
    }
}
