// The limits in time of an exchange.
// SPDX-License-Identifier: Apache-2.0

import NIOCore

extension ExchangeCore {
    /// Sets a limit that the machine wants, and returns what is left to do outside the lock.
    ///
    /// Limits are set and lifted with each read, and seldom pass: a look that is due before the
    /// limit stays, and is put off when it is due. That spares the event loop a wake-up for each.
    func arm(
        _ timer: Machine.Timer,
        _ deadline: NIODeadline,
        generation: UInt64,
        in state: inout State
    ) -> () -> Void {
        state.timers[timer, default: Alarm()].wanted = (deadline, generation)
        if let due = state.timers[timer]?.due, due <= deadline { return {} }
        let former = state.timers[timer]?.scheduled
        state.timers[timer]?.due = deadline
        return {
            former?.cancel()
            self.look(at: timer, when: deadline)
        }
    }

    func look(at timer: Machine.Timer, when due: NIODeadline) {
        let scheduled = engine.timerLoop.scheduleTask(deadline: due) { [weak self] in
            self?.look(at: timer, due: due) ?? ()
        }
        let isWanted = state.withLock { state in
            guard !state.machine.isClosed, state.timers[timer]?.due == due else { return false }
            state.timers[timer]?.scheduled = scheduled
            return true
        }
        if !isWanted { scheduled.cancel() }
    }

    func look(at timer: Machine.Timer, due: NIODeadline) {
        run { state in
            guard let alarm = state.timers[timer], alarm.due == due else { return [] }
            state.timers[timer]?.due = nil
            guard let (deadline, generation) = alarm.wanted else { return [] }
            guard deadline <= .now() else {
                return [arm(timer, deadline, generation: generation, in: &state)]
            }
            state.timers[timer]?.wanted = nil
            return state.machine.fired(timer, generation: generation).map { take($0, from: &state) }
        }
    }
}
