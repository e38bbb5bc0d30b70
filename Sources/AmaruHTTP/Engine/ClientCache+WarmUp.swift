// Connections that are made before there is a request for them.
// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOPosix

extension ClientCache {
    /// Makes a connection and leaves it to the first request that wants one of its kind.
    ///
    /// The library connects for requests only. So it is given one, which is withdrawn as soon as
    /// the connection is there: the library keeps that, and nothing is sent on it.
    func warmUp(_ lease: ClientLease, to origin: HTTPOrigin) async {
        let route = lease.route
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let started = loop.makePromise(of: HTTPClient.Task<Void>.self)
        let isFirst = state.withLockedValue { state in
            guard state.warmUps[route] == nil, !state.isShutDown else { return false }
            state.warmUps[route] = started.futureResult
            return true
        }
        do {
            guard isFirst else { throw CancellationError() }
            let request = try HTTPClient.Request(url: route.url(for: origin))
            let task = lease.client.execute(request: request, delegate: Unanswered())
            started.succeed(task)
            try await task.futureResult.get()
        } catch {
            // Where nothing was started, that settles the promise; else it has its result. Why no
            // connection could be made, the first real request will say.
            started.fail(error)
        }
        if isFirst { state.withLockedValue { _ = $0.warmUps.removeValue(forKey: route) } }
    }

    /// Holds a new connection up until the request that it was made for is withdrawn.
    func connected(
        _ route: ConnectionRoute,
        _ loop: any EventLoop
    ) -> EventLoopFuture<Void> {
        guard let started = state.withLockedValue({ $0.warmUps.removeValue(forKey: route) }) else {
            return loop.makeSucceededVoidFuture()
        }
        return started.hop(to: loop)
            .flatMap { task in
                task.cancel()
                return task.futureResult.hop(to: loop)
            }
            .flatMapErrorWithEventLoop { _, loop in loop.makeSucceededVoidFuture() }
    }
}

/// Takes the response of a request that is never sent.
private final class Unanswered: HTTPClientResponseDelegate, Sendable {
    func didFinishRequest(task: HTTPClient.Task<Void>) throws {}
}
