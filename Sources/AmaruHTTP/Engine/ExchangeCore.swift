// The state machine of an exchange under its lock, with those who wait for it.
// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import NIOCore

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// One exchange of the engine: takes the lock, feeds the machine, performs its actions.
///
/// It decides nothing. Waiters are taken out of their slots under the lock and resumed outside it,
/// so that no code of others runs while it is held.
final class ExchangeCore: Sendable {
    typealias Machine = HTTPExchangeStateMachine
    typealias Failure = HTTPTransferError
    typealias Waiter<Value> = CheckedContinuation<Value, Never>

    private struct State {
        var machine: Machine
        var heads: [@Sendable (Result<HTTPTransferHead, Failure>) -> Void] = []
        var reader: (@Sendable (Result<[Data], Failure>) -> Void)?
        var writer: Waiter<Result<Void, Failure>>?
        var demand: (@Sendable (Bool) -> Void)?
        var upload: Waiter<Machine.UploadStep>?
        var closed: [@Sendable () -> Void] = []
        var timers: [Machine.Timer: Alarm] = [:]
        var abort: (@Sendable () -> Void)?
        var timings = HTTPExchangeTimings()
        var hasRestarted = false
        /// Where the connection lives; nil before there is one.
        var loop: (any EventLoop)?
    }

    /// A time at which to look whether a limit has passed.
    private struct Alarm {
        /// What the machine wants now; nil while nothing is limited.
        var wanted: (deadline: NIODeadline, generation: UInt64)?
        /// When the look is due, at the latest limit or before.
        var due: NIODeadline?
        var scheduled: Scheduled<Void>?
    }

    let id: UInt64
    let url: HTTPTransferURL
    let request: HTTPTransferRequest
    private let engine: any ExchangeEngine
    private let state: Locked<State>

    init(
        id: UInt64,
        request: HTTPTransferRequest,
        url: HTTPTransferURL,
        bufferLimit: Int,
        engine: any ExchangeEngine
    ) {
        self.id = id
        self.url = url
        self.request = request
        self.engine = engine
        var body = request.body
        if case .data(let data) = body, data.isEmpty { body = .none }
        state = Locked(
            State(
                machine: Machine(
                    origin: url.origin,
                    body: body,
                    timeouts: request.timeouts,
                    bufferLimit: bufferLimit,
                    keepsPlaceUntilRead: request.pool != nil
                )
            )
        )
    }
}

/// What an exchange needs of the backend that carries it out.
protocol ExchangeEngine: AnyObject, Sendable {
    var timerLoop: any EventLoop { get }
    func enterPool(_ core: ExchangeCore)
    func leavePool(_ core: ExchangeCore)
    /// Whether connections like the exchange's have brought a response before.
    func hasServed(_ core: ExchangeCore) -> Bool
    /// Begins to carry the bytes and returns what ends that before its time.
    func transfer(_ core: ExchangeCore) -> @Sendable () -> Void
}

// MARK: - Events

extension ExchangeCore {
    /// Feeds an event to the machine and performs what it answers.
    func perform(_ event: (inout Machine) -> [Machine.Action]) {
        enact { state in event(&state.machine) }
    }

    func fail(_ error: any Error) {
        enact { state in
            let failure = Failure(error, stage: state.machine.stage, origin: self.url.origin)
            return state.machine.failed(failure)
        }
    }

    func finish() throws(Failure) {
        var failure: Failure?
        enact { state in
            let (actions, error) = state.machine.finishRequested()
            failure = error
            return actions
        }
        if let failure { throw failure }
    }

    func head() async -> Result<HTTPTransferHead, Failure> {
        await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                head { waiter.resume(returning: $0) }
                // The handler below may have run before the waiter was there.
                if Task.isCancelled { perform { $0.headWaitsCancelled() } }
            }
        } onCancel: {
            perform { $0.headWaitsCancelled() }
        }
    }

    /// Calls `completion` once, perhaps before it returns, on any thread.
    func head(_ completion: @escaping @Sendable (Result<HTTPTransferHead, Failure>) -> Void) {
        enact { state in
            state.heads.append(completion)
            return state.machine.headRequested()
        }
    }

    func read(all: Bool) async -> Result<[Data], Failure> {
        await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                read(all: all) { waiter.resume(returning: $0) }
                // The handler below may have run before the waiter was there.
                if Task.isCancelled { perform { $0.readWaitCancelled() } }
            }
        } onCancel: {
            perform { $0.readWaitCancelled() }
        }
    }

    /// Calls `completion` once, perhaps before it returns, on any thread.
    func read(all: Bool, _ completion: @escaping @Sendable (Result<[Data], Failure>) -> Void) {
        run { state in
            // A second reader gets its refusal without disturbing the first.
            let first = state.reader
            state.reader = completion
            let effects = state.machine.readRequested(all: all).map { take($0, from: &state) }
            if let first { state.reader = first }
            return effects
        }
    }

    func write(_ data: Data) async -> Result<Void, Failure> {
        await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                run { state in
                    let first = state.writer
                    state.writer = waiter
                    let actions = state.machine.writeRequested(data)
                    let effects = actions.map { take($0, from: &state) }
                    if let first { state.writer = first }
                    return effects
                }
                if Task.isCancelled { perform { $0.cancelled() } }
            }
        } onCancel: {
            // Whether the piece went out cannot be known any more, so the request is void.
            perform { $0.cancelled() }
        }
    }

    func demand() async -> Bool {
        await withCheckedContinuation { waiter in
            enact { state in
                state.demand = { waiter.resume(returning: $0) }
                return state.machine.demanded()
            }
        }
    }

    /// Takes what was received, and returns when more of it is wanted.
    ///
    /// The future fails if nothing is wanted any more.
    func receive(
        on loop: any EventLoop,
        _ event: (inout Machine) -> [Machine.Action]
    ) -> EventLoopFuture<Void> {
        var isWaiting: EventLoopPromise<Void>?
        var goesOn = true
        run { state in
            var effects = event(&state.machine).map { take($0, from: &state) }
            for action in state.machine.demanded() {
                if case .resumeDemand(let goOn) = action { goesOn = goOn; return effects }
                effects.append(take(action, from: &state))
            }
            let promise = loop.makePromise(of: Void.self)
            isWaiting = promise
            state.demand = { goOn in
                if goOn { promise.succeed() } else { promise.fail(CancellationError()) }
            }
            return effects
        }
        if let isWaiting { return isWaiting.futureResult }
        return goesOn ? loop.makeSucceededVoidFuture() : loop.makeFailedFuture(CancellationError())
    }

    func requestHeadWritten(on loop: any EventLoop) {
        enact { state in
            state.loop = loop
            return state.machine.requestHeadWritten()
        }
    }

    /// Returns when the connection has taken the pieces that were given to it so far.
    ///
    /// The library takes pieces as fast as they come until the connection has told it to pause,
    /// which a busy event loop does late.
    func passWrites() async {
        guard let loop = state.withLock({ $0.loop }) else { return }
        try? await loop.submit {}.get()
    }

    func uploadStep() async -> Machine.UploadStep {
        await withCheckedContinuation { waiter in
            enact { state in
                state.upload = waiter
                return state.machine.uploadDemanded()
            }
        }
    }

    /// Calls `completion` once, perhaps before it returns, on any thread.
    func whenClosed(_ completion: @escaping @Sendable () -> Void) {
        let isClosed = state.withLock { state in
            if !state.machine.isClosed { state.closed.append(completion) }
            return state.machine.isClosed
        }
        if isClosed { completion() }
    }

    func closed() async {
        await withCheckedContinuation { waiter in whenClosed { waiter.resume() } }
    }
}

// MARK: - Actions

extension ExchangeCore {
    private func enact(_ event: (inout State) -> [Machine.Action]) {
        run { state in event(&state).map { take($0, from: &state) } }
    }

    private func run(_ event: (inout State) -> [() -> Void]) {
        let effects = state.withLock { state in
            let effects = event(&state)
            Self.note(state.machine, in: &state.timings)
            return effects
        }
        for effect in effects { effect() }
    }

    /// When the steps happened.
    var timings: HTTPExchangeTimings { state.withLock { $0.timings } }

    private static func note(_ machine: Machine, in timings: inout HTTPExchangeTimings) {
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
    private func take(_ action: Machine.Action, from state: inout State) -> () -> Void {
        switch action {
        case .arm(let timer, let limit, let generation):
            return arm(timer, .now() + TimeAmount(limit), generation: generation, in: &state)
        case .disarm(let timer):
            state.timers[timer]?.wanted = nil
            return {}
        case .enterPool:
            return { self.engine.enterPool(self) }
        case .leavePool:
            return { self.engine.leavePool(self) }
        case .startTransfer:
            return { self.startTransfer() }
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
            let waiter = state.writer.take()
            return { waiter?.resume(returning: result) }
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
            let timers = state.timers.values
            state.timers = [:]
            return {
                for timer in timers { timer.scheduled?.cancel() }
                for waiter in waiters { waiter() }
            }
        }
    }

    fileprivate func startTransfer() {
        let abort = engine.transfer(self)
        let isAborted = state.withLock { state in
            if !state.machine.isClosed { state.abort = abort }
            return state.machine.isAborted
        }
        // An abort that came before found nothing to call.
        if isAborted { abort() }
    }
}

// MARK: - Stale connections

extension ExchangeCore {
    /// Begins anew where the connection had been closed before anything was written to it.
    ///
    /// A server may close a kept connection at the moment in which a request gets it. Nothing has
    /// been sent then, so it is no repetition; another connection is taken, once. Where no connection
    /// of the kind has worked before, it was a new one that was closed.
    ///
    /// - Returns: Whether it begins anew; else the error is the exchange's.
    func restart(after error: any Error) -> Bool {
        guard (error as? HTTPClientError) == .remoteConnectionClosed, engine.hasServed(self) else {
            return false
        }
        let mayRestart = state.withLock { state in
            guard state.machine.isConnecting, !state.hasRestarted else { return false }
            state.hasRestarted = true
            return true
        }
        if mayRestart { startTransfer() }
        return mayRestart
    }
}

// MARK: - Timers

extension ExchangeCore {
    /// Sets a limit that the machine wants, and returns what is left to do outside the lock.
    ///
    /// Limits are set and lifted with each read, and seldom pass: a look that is due before the
    /// limit stays, and is put off when it is due. That spares the event loop a wake-up for each.
    private func arm(
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

    private func look(at timer: Machine.Timer, when due: NIODeadline) {
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

    private func look(at timer: Machine.Timer, due: NIODeadline) {
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
