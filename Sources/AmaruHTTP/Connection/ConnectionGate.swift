// Admits exchanges to the network, a limited number at a time, first come first served.
// SPDX-License-Identifier: Apache-2.0

import NIOConcurrencyHelpers

/// The places among the connections of a client.
///
/// Places are given on the thread of whoever asks or leaves: a free place costs no time.
final class ConnectionGate: Sendable {
    private struct State {
        /// By identity: a pool may serve several backends, which number their own exchanges.
        var holders: Set<ObjectIdentifier> = []
        var holdersByOrigin: [HTTPOrigin: Int] = [:]
        var queue: [Exchange] = []
    }

    private let limit: Int
    private let limitPerOrigin: Int
    private let state = NIOLockedValueBox(State())

    init(limit: Int, limitPerOrigin: Int = .max) {
        self.limit = max(1, limit)
        self.limitPerOrigin = max(1, limitPerOrigin)
    }

    /// The number of exchanges that hold a place.
    var count: Int { state.withLockedValue { $0.holders.count } }

    /// Admits an exchange once there is room, perhaps before this returns.
    func enter(_ exchange: Exchange) {
        let isAdmitted = state.withLockedValue { state in
            let isAdmitted = hasPlace(for: exchange, state)
            if isAdmitted { Self.admit(exchange, &state) } else { state.queue.append(exchange) }
            return isAdmitted
        }
        if isAdmitted { exchange.perform { $0.admitted() } }
    }

    /// Takes the place of an exchange back, or ends its wait for one.
    func leave(_ exchange: Exchange) {
        let next: Exchange? = state.withLockedValue { state in
            guard state.holders.remove(ObjectIdentifier(exchange)) != nil else {
                state.queue.removeAll { $0 === exchange }
                return nil
            }
            let left = (state.holdersByOrigin[exchange.origin] ?? 1) - 1
            state.holdersByOrigin[exchange.origin] = left > 0 ? left : nil
            guard let next = state.queue.firstIndex(where: { hasPlace(for: $0, state) })
            else { return nil }
            let exchange = state.queue.remove(at: next)
            Self.admit(exchange, &state)
            return exchange
        }
        next?.perform { $0.admitted() }
    }

    private func hasPlace(for exchange: Exchange, _ state: State) -> Bool {
        state.holders.count < limit
            && state.holdersByOrigin[exchange.origin] ?? 0 < limitPerOrigin
    }

    private static func admit(_ exchange: Exchange, _ state: inout State) {
        state.holders.insert(ObjectIdentifier(exchange))
        state.holdersByOrigin[exchange.origin, default: 0] += 1
    }
}
