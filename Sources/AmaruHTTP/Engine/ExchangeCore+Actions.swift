// What the machine of an exchange wants done.
// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import NIOConcurrencyHelpers
import NIOCore

extension ExchangeCore {
    func enact(_ event: (inout State) -> [Machine.Action]) {
        run { state in event(&state).map { take($0, from: &state) } }
    }

    func run(_ event: (inout State) -> [() -> Void]) {
        let effects = state.withLockedValue { state in
            let effects = event(&state)
            Self.note(state.machine, in: &state.timings)
            return effects
        }
        for effect in effects { effect() }
    }

    /// When the steps happened.
    var timings: HTTPExchangeTimings { state.withLockedValue { $0.timings } }

    static func note(_ machine: Machine, in timings: inout HTTPExchangeTimings) {
        func note(_ moment: inout ContinuousClock.Instant?, _ isReached: Bool) {
            if isReached, moment == nil { moment = .now }
        }
        note(&timings.opened, true)
        note(&timings.admitted, machine.progress >= .connecting)
        note(&timings.connected, machine.progress >= .sending)
        note(&timings.requestSent, machine.progress == .sent)
        note(&timings.firstByte, machine.hasHead)
        note(&timings.ended, machine.isClosed)
    }

    /// Empties the slot of an action and returns what is left to do outside the lock.
    func take(_ action: Machine.Action, from state: inout State) -> () -> Void {
        switch action {
        case .arm(let timer, let limit, let generation):
            return arm(timer, .now() + TimeAmount(limit), generation: generation, in: &state)
        case .disarm(let timer):
            state.alarms[timer] = nil
            return {}
        case .enterPool:
            return { self.engine.enterPool(self) }
        case .leavePool:
            return { self.engine.leavePool(self) }
        case .startTransfer:
            return { self.engine.transfer(self) }
        case .abortTransfer:
            let abort = state.abort
            return { abort?() }
        case .resumeHead(let result):
            let waiters = state.heads
            state.heads = []
            return { for waiter in waiters { waiter(result) } }
        case .resumeRead(let result):
            let reader = state.reader.take()
            return { reader?(result) }
        case .resumeWrite(let result):
            let writer = state.writer.take()
            return { writer?(result) }
        case .resumeDemand(let goOn):
            let demand = state.demand.take()
            return { demand?(goOn) }
        case .resumeUpload(let step):
            let waiter = state.upload.take()
            return { waiter?.resume(returning: step) }
        case .resumeClosed:
            let waiters = state.closed
            state.closed = []
            state.abort = nil
            state.alarms = [:]
            let isLookDue = state.lookDue != nil
            return {
                if isLookDue { self.engine.deadlines.forget(self) }
                for waiter in waiters { waiter() }
            }
        }
    }

    /// Whether the transfer would go on for nobody.
    var isAborted: Bool { state.withLockedValue { $0.machine.isAborted } }

    /// Remembers what ends the transfer before its time.
    func transferStarted(abort: @escaping @Sendable () -> Void) {
        let isAborted = state.withLockedValue { state in
            if !state.machine.isClosed { state.abort = abort }
            return state.machine.isAborted
        }
        // An abort that came before found nothing to call.
        if isAborted { abort() }
    }
}

extension ExchangeCore {
    /// Begins anew where the connection had been closed before anything was written to it.
    ///
    /// A server may close a kept connection at the moment in which a request gets it. Nothing has
    /// been sent then, so it is no repetition; another connection is taken, once. Where no connection
    /// of the kind has worked before, it was a new one that was closed. Those that their pool has
    /// closed, which the library learns a moment later, do not count: there may be some of them.
    ///
    /// - Returns: Whether it begins anew; else the error is the exchange's.
    func restart(after error: any Error) -> Bool {
        let isClosedHere = (error as? ChannelError) == .ioOnClosedChannel
        let isClosed = isClosedHere || (error as? HTTPClientError) == .remoteConnectionClosed
        guard isClosed, engine.hasServed(self) else { return false }
        let mayRestart = state.withLockedValue { state in
            let limit = isClosedHere ? 10 : 1
            guard state.machine.isConnecting, state.restarts < limit else { return false }
            state.restarts += 1
            return true
        }
        if mayRestart { engine.transfer(self) }
        return mayRestart
    }
}
