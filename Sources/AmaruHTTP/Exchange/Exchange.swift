// The state machine of an exchange under its lock, with those who wait for it.
// SPDX-License-Identifier: Apache-2.0

import NIOConcurrencyHelpers
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
final class Exchange: HTTPExchange {
    typealias Machine = HTTPExchangeStateMachine
    typealias Failure = HTTPTransferError

    private struct State {
        var machine: Machine
        var heads: [HTTPCompletion<HTTPTransferHead>] = []
        var reader: HTTPCompletion<[Data]>?
        var writer: HTTPCompletion<Void>?
        var closed: [@Sendable () -> Void] = []
        var alarms: [Machine.Timer: NIODeadline] = [:]
        /// When the limits are checked next; nil while nothing is limited.
        var nextCheck: NIODeadline?
        var timings = HTTPExchangeTimings()
        /// The addresses of the connection.
        var ends: (local: SocketAddress?, remote: SocketAddress?)
    }

    let id: UInt64
    let request: OutgoingRequest
    private let backend: NIOHTTPBackend
    private let state: NIOLockedValueBox<State>

    init(
        id: UInt64,
        request: OutgoingRequest,
        bufferLimit: Int,
        backend: NIOHTTPBackend
    ) {
        self.id = id
        self.request = request
        self.backend = backend
        let machine = Machine(
            origin: request.origin,
            body: request.body,
            timeouts: request.timeouts,
            bufferLimit: bufferLimit,
            keepsPlaceUntilRead: request.pool != nil
        )
        state = NIOLockedValueBox(State(machine: machine))
    }

    var origin: HTTPOrigin { request.origin }

    var arrival: HTTPArrival { state.withLockedValue { $0.machine.arrival } }

    var timings: HTTPExchangeTimings { state.withLockedValue { $0.timings } }

    var ends: HTTPConnectionEnds? {
        let (local, remote) = state.withLockedValue { $0.ends }
        guard local != nil || remote != nil else { return nil }
        return HTTPConnectionEnds(local: local.map { .init($0) }, remote: remote.map { .init($0) })
    }

    /// Notes between which addresses the exchange is carried.
    func carried(from local: SocketAddress?, to remote: SocketAddress?) {
        state.withLockedValue { $0.ends = (local, remote) }
    }

    /// Feeds an event to the machine and performs what it answers.
    func perform(_ event: (inout Machine) -> [Machine.Action]) {
        enact { state in event(&state.machine).map { take($0, from: &state) } }
    }

    private func enact(_ event: (inout State) -> [() -> Void]) {
        let effects = state.withLockedValue { state in
            let effects = event(&state)
            Self.note(state.machine, in: &state.timings)
            return effects
        }
        for effect in effects { effect() }
    }

    private static func note(_ machine: Machine, in timings: inout HTTPExchangeTimings) {
        func note(_ moment: inout ContinuousClock.Instant?, _ isReached: Bool) {
            if isReached, moment == nil { moment = .now }
        }
        note(&timings.opened, true)
        note(&timings.admitted, machine.progress >= .connecting)
        note(&timings.connected, machine.progress >= .sending)
        note(&timings.requestSent, machine.progress == .sent)
        note(&timings.firstByte, machine.head != nil)
        note(&timings.ended, machine.isClosed)
    }

    /// Empties the slot of an action and returns what is left to do outside the lock.
    private func take(_ action: Machine.Action, from state: inout State) -> () -> Void {
        switch action {
        case .arm(let timer, let limit):
            state.alarms[timer] = NIODeadline.now() + TimeAmount(limit)
            return checkLater(in: &state)
        case .disarm(let timer):
            state.alarms[timer] = nil
            return {}
        case .enterPool: return { self.gate.enter(self) }
        case .leavePool:
            return {
                self.backend.forget(self)
                self.gate.leave(self)
            }
        case .startTransfer: return onLoop { $0.start(self) }
        case .abortTransfer: return onLoop { $0.abort(self) }
        case .resumeDemand: return onLoop { $0.transfer(of: self)?.resumeReceiving() }
        case .resumeUpload(let step):
            return onLoop { $0.transfer(of: self)?.resumeUpload(with: step) }
        case .resumeHead(let result):
            let waiters = state.heads
            state.heads = []
            return { for waiter in waiters { waiter(result) } }
        case .resumeRead(let result):
            let reader = state.reader.take()
            return { reader?(result) }
        case .resumeWrite(let failure):
            let writer = state.writer.take()
            return { writer?(failure.map { .failure($0) } ?? .success(())) }
        case .resumeClosed:
            let waiters = state.closed
            state.closed = []
            state.alarms = [:]
            let isCheckDue = state.nextCheck != nil
            return {
                if isCheckDue { self.backend.pool.deadlines.forget(self) }
                for waiter in waiters { waiter() }
            }
        }
    }

    private var gate: ConnectionGate { request.pool?.gate ?? backend.gate }

    /// Always later, also on the loop itself: the caller may be in the middle of a connection's work.
    private func onLoop(_ body: @escaping @Sendable (ConnectionPool) -> Void) -> () -> Void {
        { [backend] in
            let pool = backend.pool
            pool.loop.execute { body(pool) }
        }
    }
}

// MARK: - What the caller asks

extension Exchange {
    func head(_ completion: @escaping HTTPCompletion<HTTPTransferHead>) {
        enact { state in
            state.heads.append(completion)
            return state.machine.headRequested().map { take($0, from: &state) }
        }
    }

    func read(_ completion: @escaping HTTPCompletion<[Data]>) {
        enact { state in
            // A second reader gets its refusal without disturbing the first.
            let first = state.reader
            state.reader = completion
            let effects = state.machine.readRequested().map { take($0, from: &state) }
            if let first { state.reader = first }
            return effects
        }
    }

    func write(_ data: Data, _ completion: @escaping HTTPCompletion<Void>) {
        enact { state in
            // A second writer gets its refusal without disturbing the first.
            let first = state.writer
            state.writer = completion
            let effects = state.machine.writeRequested(data).map { take($0, from: &state) }
            if let first { state.writer = first }
            return effects
        }
    }

    func finish(_ completion: @escaping HTTPCompletion<Void>) {
        var failure: Failure?
        perform { machine in
            let (actions, error) = machine.finishRequested()
            failure = error
            return actions
        }
        completion(failure.map { .failure($0) } ?? .success(()))
    }

    func startTLS(
        _ options: HTTPConnectionOptions,
        within limit: Duration?,
        _ completion: @escaping HTTPCompletion<Void>
    ) {
        if let fault = state.withLockedValue({ $0.machine.faultOfTLS }) {
            return completion(.failure(fault))
        }
        let tls = TunnelTLS(options, backend.configuration, on: self)
        if options.verification == .none { backend.warnOnce(of: tls.server) }
        onLoop { $0.startTLS(tls, on: self, within: limit, completion) }()
    }

    func abandon(_ wait: HTTPExchangeWait) { perform { $0.abandoned(wait) } }

    func limit(_ operation: HTTPStreamOperation, to limit: Duration?) {
        state.withLockedValue { $0.machine.limited(operation, to: limit) }
    }

    func cancel() { perform { $0.cancelled() } }

    func whenClosed(_ completion: @escaping @Sendable () -> Void) {
        let isClosed = state.withLockedValue { state in
            if !state.machine.isClosed { state.closed.append(completion) }
            return state.machine.isClosed
        }
        if isClosed { completion() }
    }
}

// MARK: - What the transfer asks

extension Exchange {
    /// Whether the transfer should receive more; if not, it is resumed when it should.
    func wantsMore() -> Bool { state.withLockedValue { $0.machine.demanded() } }

    /// The next step of the upload; nil if the transfer is resumed with it later.
    func uploadStep() -> Machine.UploadStep? {
        var step: Machine.UploadStep?
        perform { machine in
            machine.uploadDemanded().filter { action in
                guard case .resumeUpload(let next) = action else { return true }
                step = next
                return false
            }
        }
        return step
    }

    /// Ends the exchange with an error, which is translated by what it was doing.
    func fail(_ error: any Error) {
        perform { machine in
            machine.failed(Failure(error, stage: machine.stage, origin: self.origin))
        }
    }

    /// Whether it is ready to be sent again, over another connection.
    func rewind() -> Bool {
        var isRewound = false
        perform { machine in
            guard let actions = machine.rewound() else { return [] }
            isRewound = true
            return actions
        }
        return isRewound
    }
}

// MARK: - Limits in time

extension Exchange {
    /// Asks for a check of the first limit, unless one is due before.
    private func checkLater(in state: inout State) -> () -> Void {
        guard let first = state.alarms.values.min() else { return {} }
        if let due = state.nextCheck, due <= first { return {} }
        state.nextCheck = first
        return {
            self.backend.pool.deadlines.check(self, at: first)
            // It may have been closed between.
            if self.state.withLockedValue({ $0.machine.isClosed }) {
                self.backend.pool.deadlines.forget(self)
            }
        }
    }

    /// Tells the machine which limits have passed.
    func checkLimits(at now: NIODeadline) {
        enact { state in
            state.nextCheck = nil
            var effects: [() -> Void] = []
            for (timer, deadline) in state.alarms where deadline <= now {
                state.alarms[timer] = nil
                effects += state.machine.fired(timer).map { take($0, from: &state) }
            }
            effects.append(checkLater(in: &state))
            return effects
        }
    }
}
