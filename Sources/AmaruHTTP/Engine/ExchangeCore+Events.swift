// What happens to an exchange, fed to its machine.
// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOSSL

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension ExchangeCore {
    /// Feeds an event to the machine and performs what it answers.
    func perform(_ event: (inout Machine) -> [Machine.Action]) {
        enact { state in event(&state.machine) }
    }

    func fail(_ error: any Error) {
        enact { state in
            let cause = Self.isEndAlone(error) ? state.writeFault ?? error : error
            let failure = Failure(cause, stage: state.machine.stage, origin: self.url.origin)
            return state.machine.failed(failure)
        }
    }

    /// Keeps the reason of a broken connection that is found out in writing.
    ///
    /// All that its reader sees is that nothing more comes, as if the server had ended the response.
    func couldNotWrite(_ error: any Error) {
        guard let fault = error as? IOError else { return }
        state.withLockedValue { $0.writeFault = fault }
    }

    /// Whether an error says that the connection ended, and not why.
    private static func isEndAlone(_ error: any Error) -> Bool {
        switch (error as? RouteFault)?.error ?? error {
        case let error as HTTPParserError: error == .invalidEOFState
        case let error as HTTPClientError: error == .remoteConnectionClosed
        case NIOSSLError.uncleanShutdown, is ChannelError: true
        default: false
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

    /// Calls `completion` once, perhaps before it returns, on any thread.
    func head(_ completion: @escaping @Sendable (Result<HTTPTransferHead, Failure>) -> Void) {
        enact { state in
            state.heads.append(completion)
            return state.machine.headRequested()
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

    /// Calls `completion` once, perhaps before it returns, on any thread.
    func write(_ data: Data, _ completion: @escaping @Sendable (Result<Void, Failure>) -> Void) {
        run { state in
            // A second writer gets its refusal without disturbing the first.
            let first = state.writer
            state.writer = completion
            let actions = state.machine.writeRequested(data)
            let effects = actions.map { take($0, from: &state) }
            if let first { state.writer = first }
            return effects
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
        guard let loop = state.withLockedValue({ $0.loop }) else { return }
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
        let isClosed = state.withLockedValue { state in
            if !state.machine.isClosed { state.closed.append(completion) }
            return state.machine.isClosed
        }
        if isClosed { completion() }
    }

    func closed() async {
        await withCheckedContinuation { waiter in whenClosed { waiter.resume() } }
    }
}
