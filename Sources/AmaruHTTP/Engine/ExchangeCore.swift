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
final class ExchangeCore: Sendable {
    typealias Machine = HTTPExchangeStateMachine
    typealias Failure = HTTPTransferError
    typealias Waiter<Value> = CheckedContinuation<Value, Never>

    struct State {
        var machine: Machine
        var heads: [@Sendable (Result<HTTPTransferHead, Failure>) -> Void] = []
        var reader: (@Sendable (Result<[Data], Failure>) -> Void)?
        var writer: (@Sendable (Result<Void, Failure>) -> Void)?
        var demand: (@Sendable (Bool) -> Void)?
        var upload: Waiter<Machine.UploadStep>?
        var closed: [@Sendable () -> Void] = []
        var alarms: [Machine.Timer: Alarm] = [:]
        /// When the limits are looked at next; nil while nothing is limited.
        var lookDue: NIODeadline?
        var abort: (@Sendable () -> Void)?
        var timings = HTTPExchangeTimings()
        /// How often it has taken another connection than the first.
        var restarts = 0
        /// Why the connection did not take a piece of the body.
        var writeFault: IOError?
        /// Where the connection lives; nil before there is one.
        var loop: (any EventLoop)?
    }

    /// A limit in time that the machine has set.
    struct Alarm {
        let deadline: NIODeadline
        let generation: UInt64
    }

    let id: UInt64
    let url: HTTPTransferURL
    let request: HTTPTransferRequest
    let engine: any ExchangeEngine
    let state: NIOLockedValueBox<State>

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
        state = NIOLockedValueBox(
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
    var deadlines: DeadlineWatch { get }
    func enterPool(_ core: ExchangeCore)
    func leavePool(_ core: ExchangeCore)
    /// Whether connections like the exchange's have brought a response before.
    func hasServed(_ core: ExchangeCore) -> Bool
    /// Begins to carry the bytes.
    func transfer(_ core: ExchangeCore)
}
