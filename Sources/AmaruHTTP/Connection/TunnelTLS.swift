// TLS on a connection that belongs to another protocol.
// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// What TLS at the end of a tunnel depends on.
struct TunnelTLS: Sendable {
    let tls: ConnectionKey.TLS
    /// The server, in the words of an error.
    let server: HTTPOrigin

    init(
        _ options: HTTPConnectionOptions,
        _ configuration: HTTPBackendConfiguration,
        on exchange: Exchange
    ) {
        let end = exchange.request.tunnelEnd ?? exchange.origin
        let name = options.serverName ?? end.host
        tls = ConnectionKey.TLS(
            settings: TLSSettings(options, configuration),
            name: name,
            protocols: []
        )
        server = HTTPOrigin(scheme: "https", host: name, port: end.port)
    }
}

extension ConnectionPool {
    /// Sets TLS up on the connection of an exchange; if that fails, so does the exchange.
    func startTLS(
        _ tunnel: TunnelTLS,
        on exchange: Exchange,
        within limit: Duration?,
        _ completion: @escaping HTTPCompletion<Void>
    ) {
        let done = loop.makePromise(of: Void.self)
        let secured = dialer.secure(tunnel.tls).assumeIsolated().flatMap { [self] step in
            transfer(of: exchange)?.secure(step)
                ?? loop.makeFailedFuture(ConnectionClosed())
        }
        secured.nonisolated().cascade(to: done)
        let timer = limit.map { limit in
            loop.scheduleTask(in: TimeAmount(limit)) {
                done.fail(ChannelError.connectTimeout(TimeAmount(limit)))
            }
        }
        done.futureResult.assumeIsolated().whenComplete { result in
            timer?.cancel()
            guard case .failure(let error) = result else { return completion(.success(())) }
            let failure = HTTPTransferError(error, stage: .connecting, origin: tunnel.server)
            exchange.perform { $0.failed(failure) }
            completion(.failure(failure))
        }
    }
}
