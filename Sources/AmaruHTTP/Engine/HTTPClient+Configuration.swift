// The client library, set up to do only what it is told.
// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// How long a connection attempt goes on, also when nobody waits for it any more.
///
/// A few steps, and not the caller's limit itself: connections are not shared between clients, of
/// which there is one for each step.
enum ConnectionAttempt: CaseIterable, Hashable, Sendable {
    case short, medium, long

    init(within limit: Duration?) {
        switch limit ?? .seconds(300) {
        case ...Duration.seconds(10): self = .short
        case ...Duration.seconds(60): self = .medium
        default: self = .long
        }
    }

    var limit: TimeAmount {
        switch self {
        case .short: .seconds(10)
        case .medium: .seconds(60)
        case .long: .minutes(5)
        }
    }
}

extension HTTPClient {
    convenience init(
        _ wanted: HTTPBackendConfiguration,
        proxy: HTTPBackendConfiguration.Proxy?,
        attempt: ConnectionAttempt,
        find: @escaping @Sendable (UInt64) -> ExchangeCore?
    ) {
        var configuration = Configuration(redirectConfiguration: .disallow)
        configuration.decompression = .disabled
        configuration.httpVersion = .http1Only
        configuration.tlsConfiguration = .client(wanted)
        configuration.proxy = proxy.map { .server(host: $0.host, port: $0.port) }
        // Its own attempts would hide a refused connection for seconds.
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.connectionPool.idleTimeout = TimeAmount(wanted.idleConnectionLifetime)
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit =
            max(1, wanted.maximumConnections)
        // The limits of a request are kept by timers of ours.
        configuration.timeout = .init(connect: attempt.limit, read: nil)
        configuration.http1_1ConnectionDebugInitializer = { channel in
            channel.eventLoop.flatSubmit {
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.makeHeadsExact(find: find)
                }.flatMap { $0 }
            }
        }
        self.init(
            eventLoopGroupProvider: .shared(MultiThreadedEventLoopGroup.singleton),
            configuration: configuration
        )
    }
}

extension ChannelPipeline.SynchronousOperations {
    /// Sets up an HTTP/1.1 connection so that heads are sent and received byte for byte.
    ///
    /// The future is fulfilled before the connection gets its first request.
    fileprivate func makeHeadsExact(
        find: @escaping @Sendable (UInt64) -> ExchangeCore?
    ) throws -> EventLoopFuture<Void> {
        let heads = HTTP1HeadExchange()
        let encoder = try context(handlerType: HTTPRequestEncoder.self)
        let decoder = try handler(type: ByteToMessageHandler<HTTPResponseDecoder>.self)
        // The encoder would move the framing field, which is right already, to the end.
        var asGiven = HTTPRequestEncoder.Configuration()
        asGiven.automaticallySetFramingHeaders = false
        try addHandler(HTTP1RequestHandler(heads, find: find), position: .after(decoder))
        try addHandler(HTTPRequestEncoder(configuration: asGiven), position: .before(decoder))
        try addHandler(HTTP1HeadTransliterator(heads), position: .before(encoder.handler))
        return removeHandler(context: encoder)
    }
}

extension TLSConfiguration {
    fileprivate static func client(_ wanted: HTTPBackendConfiguration) -> TLSConfiguration {
        var tls = TLSConfiguration.makeClientConfiguration()
        switch wanted.trustRoots {
        case .system: tls.trustRoots = .default
        case .file(let path): tls.trustRoots = .file(path)
        }
        tls.additionalTrustRoots = wanted.additionalTrustRoots.map { .file($0) }
        return tls
    }
}
