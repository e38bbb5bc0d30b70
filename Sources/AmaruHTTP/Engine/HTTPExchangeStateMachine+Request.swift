// How a request gets onto the network.
// SPDX-License-Identifier: Apache-2.0

extension HTTPExchangeStateMachine {
    mutating func opened() -> [Action] {
        guard progress == .new else { return [] }
        progress = .queued
        holdsPlace = true
        return arm(.pool, timeouts.pool) + [.enterPool]
    }

    mutating func admitted() -> [Action] {
        // A place that comes after a time-out or a cancellation has to be given back.
        guard progress == .queued, failure == nil else { return [.leavePool] }
        progress = .connecting
        isTransferring = true
        return disarm(.pool) + arm(.connect, timeouts.connect) + [.startTransfer]
    }

    mutating func requestHeadWritten() -> [Action] {
        guard progress == .connecting, failure == nil else { return [] }
        progress = .sending
        return disarm(.connect)
    }

    mutating func requestSent() -> [Action] {
        guard progress == .sending, failure == nil else { return [] }
        progress = .sent
        return headWaits ? arm(.read, timeouts.read) : []
    }
}
