// The limits in time of an exchange.
// SPDX-License-Identifier: Apache-2.0

import NIOConcurrencyHelpers
import NIOCore

extension ExchangeCore {
    /// Sets a limit that the machine wants, and returns what is left to do outside the lock.
    func arm(
        _ timer: Machine.Timer,
        _ deadline: NIODeadline,
        generation: UInt64,
        in state: inout State
    ) -> () -> Void {
        state.alarms[timer] = Alarm(deadline: deadline, generation: generation)
        return lookLater(in: &state)
    }

    /// Asks for a look at the first limit, where none is due before.
    private func lookLater(in state: inout State) -> () -> Void {
        guard let first = state.alarms.values.map(\.deadline).min() else { return {} }
        if let due = state.lookDue, due <= first { return {} }
        state.lookDue = first
        return { self.look(when: first) }
    }

    private func look(when deadline: NIODeadline) {
        engine.deadlines.look(at: self, when: deadline)
        // It may have been closed between.
        if state.withLockedValue({ $0.machine.isClosed }) { engine.deadlines.forget(self) }
    }

    /// Tells the machine which limits have passed.
    func look(at now: NIODeadline) {
        run { state in
            state.lookDue = nil
            let passed = state.alarms.filter { $0.value.deadline <= now }
            var effects: [() -> Void] = []
            for (timer, alarm) in passed {
                state.alarms[timer] = nil
                effects += state.machine.fired(timer, generation: alarm.generation)
                    .map { take($0, from: &state) }
            }
            effects.append(lookLater(in: &state))
            return effects
        }
    }
}
