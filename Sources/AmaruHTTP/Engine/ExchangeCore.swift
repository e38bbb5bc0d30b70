// The state machine of an exchange under its lock, with those who wait for it.
// SPDX-License-Identifier: Apache-2.0

import NIOCore

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// One exchange of the engine: takes the lock, feeds the machine, performs its actions.
///
/// It decides nothing. Continuations are taken out of their slots under the lock and resumed
/// outside it, so that no code of others runs while it is held.
final class ExchangeCore: Sendable {
    typealias Machine = HTTPExchangeStateMachine
    typealias Failure = HTTPTransferError
    typealias Waiter<Value> = CheckedContinuation<Value, Never>

    private struct State {
        var machine: Machine
        var heads: [Waiter<Result<HTTPTransferHead, Failure>>] = []
        var reader: Waiter<Result<Data?, Failure>>?
        var writer: Waiter<Result<Void, Failure>>?
        var demand: Waiter<Bool>?
        var upload: Waiter<Machine.UploadStep>?
        var closed: [Waiter<Void>] = []
        var timers: [Machine.Timer: Scheduled<Void>] = [:]
        var transfer: Task<Void, Never>?
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
                    bufferLimit: bufferLimit
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
    func transfer(_ core: ExchangeCore) async
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
                enact { state in
                    state.heads.append(waiter)
                    return state.machine.headRequested()
                }
                // The handler below may have run before the waiter was there.
                if Task.isCancelled { perform { $0.headWaitsCancelled() } }
            }
        } onCancel: {
            perform { $0.headWaitsCancelled() }
        }
    }

    func read() async -> Result<Data?, Failure> {
        await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                enact { state in
                    // A second reader gets its refusal without disturbing the first.
                    let first = state.reader
                    state.reader = waiter
                    let actions = state.machine.readRequested()
                    if let first {
                        Self.resume(&state, actions)
                        state.reader = first
                        return []
                    }
                    return actions
                }
                if Task.isCancelled { perform { $0.readWaitCancelled() } }
            }
        } onCancel: {
            perform { $0.readWaitCancelled() }
        }
    }

    func write(_ data: Data) async -> Result<Void, Failure> {
        await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                enact { state in
                    let first = state.writer
                    state.writer = waiter
                    let actions = state.machine.writeRequested(data)
                    if let first {
                        Self.resume(&state, actions)
                        state.writer = first
                        return []
                    }
                    return actions
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
                state.demand = waiter
                return state.machine.demanded()
            }
        }
    }

    func uploadStep() async -> Machine.UploadStep {
        await withCheckedContinuation { waiter in
            enact { state in
                state.upload = waiter
                return state.machine.uploadDemanded()
            }
        }
    }

    func closed() async {
        await withCheckedContinuation { (waiter: Waiter<Void>) in
            let isClosed = state.withLock { state in
                if !state.machine.isClosed { state.closed.append(waiter) }
                return state.machine.isClosed
            }
            if isClosed { waiter.resume() }
        }
    }
}

// MARK: - Actions

extension ExchangeCore {
    private func enact(_ event: (inout State) -> [Machine.Action]) {
        let effects = state.withLock { state in
            event(&state).map { take($0, from: &state) }
        }
        for effect in effects { effect() }
    }

    private static func resume(_ state: inout State, _ actions: [Machine.Action]) {
        for action in actions {
            switch action {
            case .resumeRead(let result): state.reader?.resume(returning: result)
            case .resumeWrite(let result): state.writer?.resume(returning: result)
            default: preconditionFailure("a second waiter is refused, which is all that happens")
            }
        }
    }

    /// Empties the slot of an action and returns what is left to do outside the lock.
    private func take(_ action: Machine.Action, from state: inout State) -> () -> Void {
        switch action {
        case .arm(let timer, let limit, let generation):
            return { self.arm(timer, limit, generation: generation) }
        case .disarm(let timer):
            let scheduled = state.timers.removeValue(forKey: timer)
            return { scheduled?.cancel() }
        case .enterPool:
            return { self.engine.enterPool(self) }
        case .leavePool:
            return { self.engine.leavePool(self) }
        case .startTransfer:
            // Under the lock, so that an abort can never miss it.
            state.transfer = Task { await self.engine.transfer(self) }
            return {}
        case .abortTransfer:
            let transfer = state.transfer
            return { transfer?.cancel() }
        case .resumeHead(let result):
            let waiters = state.heads
            state.heads = []
            return { for waiter in waiters { waiter.resume(returning: result) } }
        case .resumeRead(let result):
            let waiter = state.reader.take()
            return { waiter?.resume(returning: result) }
        case .resumeWrite(let result):
            let waiter = state.writer.take()
            return { waiter?.resume(returning: result) }
        case .resumeDemand(let goOn):
            let waiter = state.demand.take()
            return { waiter?.resume(returning: goOn) }
        case .resumeUpload(let step):
            let waiter = state.upload.take()
            return { waiter?.resume(returning: step) }
        case .resumeClosed:
            let waiters = state.closed
            state.closed = []
            state.transfer = nil
            return { for waiter in waiters { waiter.resume() } }
        }
    }

    private func arm(_ timer: Machine.Timer, _ limit: Duration, generation: UInt64) {
        let scheduled = engine.timerLoop.scheduleTask(in: TimeAmount(limit)) { [weak self] in
            self?.perform { $0.fired(timer, generation: generation) } ?? ()
        }
        // Between the decision and here the wait may have ended.
        let isWanted = state.withLock { state in
            guard state.machine.isArmed(timer, generation: generation) else { return false }
            state.timers[timer] = scheduled
            return true
        }
        if !isWanted { scheduled.cancel() }
    }
}
