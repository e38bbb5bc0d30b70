// The connections that make room for others.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import NIOCore
import NIOHTTPTypes

/// The connections whose clients the server waits for.
///
/// When the server has as many connections as it accepts, a new one takes the place of the one that
/// has sent nothing, or half of a head, for the longest time; without such a connection, of the one
/// whose body has been on its way for the longest time.
final class WaitingConnections: Sendable {
    private struct State {
        /// By their order.
        var heads: [Int: any Channel] = [:]
        var bodies: [Int: any Channel] = [:]
        /// All keys of `heads` are within these.
        var (first, last) = (1, 0)

        mutating func removeOldestHead() -> (any Channel)? {
            while first <= last {
                defer { first += 1 }
                if let found = heads.removeValue(forKey: first) { return found }
            }
            return nil
        }

        mutating func removeOldestBody() -> (any Channel)? {
            bodies.keys.min().flatMap { bodies.removeValue(forKey: $0) }
        }
    }

    private let state = Lock(State())
    private let limit: Int
    private let metrics: ServeMetrics

    /// - `limit`: The number of connections that are accepted.
    init(limit: Int, _ metrics: ServeMetrics) {
        self.limit = limit
        self.metrics = metrics
    }

    /// Whether no further connection is accepted.
    var isFull: Bool { metrics.connections >= limit }

    /// Closes the connection that has been waited for the longest, if the server is full.
    ///
    /// - `spared`: How many new ones, whose clients had no time yet, are left alone.
    func makeRoom(sparing spared: Int) {
        guard isFull else { return }
        let oldest: (any Channel)? = state.withLock { state in
            // Removed, since it takes a moment until it has left by itself.
            state.heads.count > spared ? state.removeOldestHead() : state.removeOldestBody()
        }
        oldest?.close(promise: nil)
    }

    /// Notes that a client has not sent the head of its next request; returns its place.
    func waitForHead(_ channel: any Channel) -> Int {
        state.withLock { state in
            state.last += 1
            state.heads[state.last] = channel
            return state.last
        }
    }

    /// Notes that a head is there, and the body is missing.
    func waitForBody(_ place: Int) {
        state.withLock { $0.bodies[place] = $0.heads.removeValue(forKey: place) }
    }

    /// Forgets a connection: its request is whole, or it has ended.
    func leave(_ place: Int) {
        state.withLock { state in
            state.heads[place] = nil
            state.bodies[place] = nil
        }
    }

    /// Notes how far the requests of one connection are.
    final class Handler: ChannelDuplexHandler, RemovableChannelHandler {
        typealias InboundIn = HTTPRequestPart
        typealias InboundOut = HTTPRequestPart
        typealias OutboundIn = HTTPResponsePart
        typealias OutboundOut = HTTPResponsePart

        private let all: WaitingConnections
        private var place: Int?
        private var unanswered = 0
        private var hasEnded = false

        init(_ all: WaitingConnections) { self.all = all }

        func handlerAdded(context: ChannelHandlerContext) {
            place = all.waitForHead(context.channel)
            // It is counted already; its own client had no time yet.
            all.makeRoom(sparing: 1)
        }

        func handlerRemoved(context: ChannelHandlerContext) {
            hasEnded = true
            leave()
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head:
                unanswered += 1
                if let place { all.waitForBody(place) }
            case .body: break
            case .end: leave()
            }
            context.fireChannelRead(data)
        }

        func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
            guard case .end = unwrapOutboundIn(data) else {
                return context.write(data, promise: promise)
            }
            unanswered -= 1
            let promise = promise ?? context.eventLoop.makePromise()
            let channel = context.channel
            // Not before the client has the whole response.
            promise.futureResult.assumeIsolated().whenSuccess { self.hasAnswered(channel) }
            context.write(data, promise: promise)
        }

        private func hasAnswered(_ channel: any Channel) {
            guard unanswered == 0, place == nil, !hasEnded else { return }
            place = all.waitForHead(channel)
            // Others may wait for a place; if nobody else gives one, then this client.
            all.makeRoom(sparing: 0)
        }

        private func leave() {
            if let place { all.leave(place) }
            place = nil
        }
    }
}
