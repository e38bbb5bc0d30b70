// Makes connections.
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix

/// From the key of a connection to one that HTTP can be spoken on; used on one event loop.
///
/// TCP (with the happy eyeballs of RFC 8305) or a Unix socket, then SOCKS or CONNECT, then TLS, then
/// the protocol that TLS agreed on.
final class Dialer {
    private let loop: any EventLoop
    private let contexts: TLSContexts

    init(on loop: any EventLoop) {
        self.loop = loop
        contexts = TLSContexts(on: loop)
    }

    /// Starts to connect; `completion` is called once, later, on the event loop.
    func dial(
        _ key: ConnectionKey,
        _ completion: @escaping (Result<Dial.Connected, any Error>) -> Void
    ) -> Dial {
        let dial = Dial(key, on: loop, completion)
        // A Unix socket connects at once.
        loop.assumeIsolated().execute { [self] in
            // Files are read first, so that a fault in them connects to nobody.
            steps(to: key).assumeIsolated().whenComplete { result in
                switch result {
                case .success(let steps): dial.connect(then: steps)
                case .failure(let error): dial.end(.failure(error))
                }
            }
        }
        return dial
    }

    /// Makes the context of connections with these settings, unless it is there.
    func warmUp(_ settings: TLSSettings) -> EventLoopFuture<Void> {
        contexts.context(settings, protocols: ["http/1.1"]).map { _ in }
    }

    private func steps(to key: ConnectionKey) -> EventLoopFuture<[ConnectionStep]> {
        var steps: [EventLoopFuture<ConnectionStep>] = []
        var endProxy: HTTPProxy?
        switch (key.way, key.origin) {
        case (.socks(let proxy), let origin?):
            steps.append(loop.makeSucceededFuture(.socks(proxy, origin)))
        case (.tunnel(let proxy), let origin?):
            if let tls = key.proxyTLS {
                steps.append(secure(tls, isEndOfSocket: true, proxy: proxy))
            }
            steps.append(loop.makeSucceededFuture(.connect(proxy, origin)))
        case (.forwarded(let proxy), _): endProxy = proxy
        case (.direct, _), (.socket, _), (.socks, nil), (.tunnel, nil): break
        }
        if let tls = key.tls {
            let isEndOfSocket = key.way == .direct || endProxy != nil
            steps.append(secure(tls, isEndOfSocket: isEndOfSocket, proxy: endProxy))
        }
        return EventLoopFuture.whenAllSucceed(steps, on: loop)
    }

    /// The step that sets TLS up; for a proxy, its faults are named as such.
    func secure(
        _ tls: ConnectionKey.TLS,
        isEndOfSocket: Bool = false,
        proxy: HTTPProxy? = nil
    ) -> EventLoopFuture<ConnectionStep> {
        let identity = ServerIdentity(tls, isEndOfSocket: isEndOfSocket)
        return contexts.context(identity.settings, protocols: tls.protocols)
            .map { .secure($0, identity, proxy: proxy) }
    }
}

/// A connection that is being made.
final class Dial: @unchecked Sendable {
    // Safe because it is used on its event loop alone.

    /// A connection that is ready for its first request.
    struct Connected {
        let channel: any Channel
        let speaksHTTP2: Bool
    }

    /// When an attempt ends that nobody has set a limit for.
    private static let limit = TimeAmount.minutes(5)
    /// Small reads cost several times as much in a large body.
    private static let receiving = AdaptiveRecvByteBufferAllocator(
        minimum: 64,
        initial: 2048,
        maximum: 512 * 1024
    )

    private let key: ConnectionKey
    private let loop: any EventLoop
    private var completion: ((Result<Connected, any Error>) -> Void)?
    private var timer: Scheduled<Void>?
    /// What is open: several at the same time if a host has several addresses.
    private var channels: [any Channel] = []

    fileprivate init(
        _ key: ConnectionKey,
        on loop: any EventLoop,
        _ completion: @escaping (Result<Connected, any Error>) -> Void
    ) {
        self.key = key
        self.loop = loop
        self.completion = completion
        timer = loop.scheduleTask(in: Self.limit) { [weak self] in
            self?.end(.failure(ChannelError.connectTimeout(Self.limit))) ?? ()
        }
    }

    /// Ends the attempt; `completion` is not called any more.
    func cancel() {
        completion = nil
        end(.failure(CancellationError()))
    }

    fileprivate func end(_ result: Result<Connected, any Error>) {
        timer?.cancel()
        timer = nil
        let completion = completion.take()
        switch result {
        case .success(let connected):
            if completion == nil { connected.channel.close(promise: nil) }
        case .failure:
            for channel in channels { channel.close(promise: nil) }
        }
        channels = []
        completion?(result)
    }

    fileprivate func connect(then steps: [ConnectionStep]) {
        guard completion != nil else { return }
        opened().assumeIsolated().whenComplete { [self] result in
            switch result {
            case .success(let channel): setUp(channel, steps)
            case .failure(let error): end(.failure(attributed(error)))
            }
        }
    }

    private func setUp(_ channel: any Channel, _ steps: [ConnectionStep]) {
        guard completion != nil else { return channel.close(promise: nil) }
        channels = [channel]
        ConnectionSetup.perform(steps, on: channel).assumeIsolated().whenComplete { [self] result in
            switch result {
            case .success(let agreed):
                let speaksHTTP2 = agreed == "h2" && key.offersHTTP2
                end(.success(Connected(channel: channel, speaksHTTP2: speaksHTTP2)))
            case .failure(let error):
                end(.failure(attributed(error)))
            }
        }
    }

    /// Adds proxy or socket to an error of the system, which is one of the connection to it.
    private func attributed(_ error: any Error) -> any Error {
        guard let place = key.place, error is NIOConnectionError || error is IOError
        else { return error }
        return RouteFault(place: place, error: error)
    }

    private func opened() -> EventLoopFuture<any Channel> {
        let bootstrap: ClientBootstrap
        do {
            bootstrap = try self.bootstrap()
        } catch {
            return loop.makeFailedFuture(error)
        }
        switch key.way {
        case .socket(let path): return bootstrap.connect(unixDomainSocketPath: path)
        case .forwarded(let proxy), .tunnel(let proxy), .socks(let proxy):
            return connect(bootstrap, proxy.host, proxy.port)
        case .direct:
            guard let origin = key.origin else { break }
            return connect(bootstrap, origin.host, origin.port)
        }
        return loop.makeFailedFuture(ConnectionClosed())
    }

    private func connect(
        _ bootstrap: ClientBootstrap,
        _ host: String,
        _ port: Int
    ) -> EventLoopFuture<any Channel> {
        // An address needs no look-up, unless it has a zone.
        if let address = try? SocketAddress(ipAddress: host, port: port), !host.contains("%") {
            return bootstrap.connect(to: address)
        }
        return bootstrap.connect(host: host, port: port)
    }

    private func bootstrap() throws -> ClientBootstrap {
        var bootstrap = ClientBootstrap(group: loop)
            .connectTimeout(Self.limit)
            .channelOption(.autoRead, value: false)
            .channelOption(.recvAllocator, value: Self.receiving)
            .channelOption(.writeBufferWaterMark, value: .init(low: 64 << 10, high: 256 << 10))
            .channelInitializer { [self] channel in
                guard completion != nil else {
                    return channel.eventLoop.makeFailedFuture(CancellationError())
                }
                channels.append(channel)
                return channel.eventLoop.makeSucceededVoidFuture()
            }
        for option in key.socketOptions {
            bootstrap = bootstrap.channelOption(
                ChannelOptions.Types.SocketOption(
                    level: NIOBSDSocket.OptionLevel(rawValue: option.level),
                    name: NIOBSDSocket.Option(rawValue: option.name)
                ),
                value: ChannelOptions.Types.SocketOption.Value(option.value)
            )
        }
        if let address = key.localAddress {
            bootstrap = bootstrap.bind(to: try SocketAddress(ipAddress: address, port: 0))
        }
        return bootstrap
    }
}
