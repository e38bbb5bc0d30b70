// The client library, set up to do only what it is told.
// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOHTTP2
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

/// What a client of the library asks the engine for while it works.
struct ClientHooks: Sendable {
    /// Finds the exchange of a request by its number.
    var find: @Sendable (UInt64) -> ExchangeCore?
    /// Is told of each connection before it gets a request; the future holds that up.
    var connected: @Sendable (any Channel) -> EventLoopFuture<Void>
}

extension HTTPClient {
    /// The library's own reads, of 64 KiB at most, cost several times as much in a large body.
    private static let receiving = AdaptiveRecvByteBufferAllocator(
        minimum: 64,
        initial: 2048,
        maximum: 512 * 1024
    )

    /// Makes a client for the connections of one route.
    ///
    /// - Throws: What `material` throws.
    convenience init(
        _ route: ConnectionRoute,
        maximumConnections: Int,
        material: TLSMaterial?,
        hooks: ClientHooks
    ) throws {
        var configuration = Configuration(redirectConfiguration: .disallow)
        configuration.decompression = .disabled
        configuration.httpVersion = route.allowsHTTP2 ? .automatic : .http1Only
        configuration.tlsConfiguration = material?.configuration
        if case .socks(let proxy) = route.way {
            configuration.proxy = .socksServer(host: proxy.host, port: proxy.port)
        }
        if case .direct(let host?, let name?) = route.way {
            configuration.dnsOverride = [name: host]
        }
        // Its own attempts would hide a refused connection for seconds.
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.connectionPool.idleTimeout = TimeAmount(route.idleLifetime)
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit =
            max(1, maximumConnections)
        // The limits of a request are kept by timers of ours.
        configuration.timeout = .init(connect: route.attempt.limit, read: nil)
        let steps = try route.steps(material)
        configuration.http1_1ConnectionDebugInitializer = { channel in
            channel.eventLoop.flatSubmit {
                ConnectionSetup.perform(steps, limit: route.attempt.limit, on: channel)
                    .flatMapThrowing {
                        try channel.pipeline.syncOperations.makeHeadsExact(find: hooks.find)
                    }
                    .flatMap { $0 }
                    .flatMap { channel.setOption(.recvAllocator, value: Self.receiving) }
                    .flatMap { hooks.connected(channel) }
            }
        }
        configuration.http2StreamChannelDebugInitializer = { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.makeHeadsExactInStream(find: hooks.find)
            }
        }
        // One loop for a client: with more, a request may begin on another one than its
        // connection's, and everything that comes would change threads once more.
        self.init(
            eventLoopGroupProvider: .shared(MultiThreadedEventLoopGroup.singleton.next()),
            configuration: configuration
        )
    }
}

extension ConnectionRoute {
    /// What is done on a new connection, which the library takes for a plain one.
    fileprivate func steps(_ material: TLSMaterial?) throws -> [ConnectionStep] {
        switch way {
        case .direct, .forwarded, .socks, .socket(_, nil):
            return []
        case .socket(_, let name?):
            return try material.map { [.secure(try $0.context(), name: name, proxy: nil)] } ?? []
        case .tunnelled(let proxy, let origin, let name):
            guard let material else { return [.connect(proxy, origin)] }
            let tunnel: [ConnectionStep] = [
                .connect(proxy, origin), .secure(try material.context(), name: name, proxy: nil),
            ]
            guard proxy.scheme == .https, let tls else { return tunnel }
            let outer = try TLSMaterial(tls.forProxy).context()
            return [.secure(outer, name: proxy.host, proxy: proxy)] + tunnel
        }
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
        let oldEncoder = try context(handlerType: HTTPRequestEncoder.self)
        let oldDecoder = try context(
            handlerType: ByteToMessageHandler<HTTPResponseDecoder>.self
        )
        let decoder = ByteToMessageHandler(
            HTTPResponseDecoder(
                leftOverBytesStrategy: .dropBytes,
                informationalResponseStrategy: .forward,
                limitConfiguration: .wide
            )
        )
        // The encoder would move the framing field, which is right already, to the end.
        var asGiven = HTTPRequestEncoder.Configuration()
        asGiven.automaticallySetFramingHeaders = false
        try addHandler(decoder, position: .after(oldDecoder.handler))
        try addHandler(HTTP1RequestHandler(heads, find: find), position: .after(decoder))
        try addHandler(HTTPRequestEncoder(configuration: asGiven), position: .before(decoder))
        try addHandler(HTTP1HeadTransliterator(heads), position: .before(oldEncoder.handler))
        return removeHandler(context: oldEncoder)
            .and(removeHandler(context: oldDecoder))
            .map { _ in }
    }

    /// Sets up a stream of an HTTP/2 connection likewise.
    fileprivate func makeHeadsExactInStream(
        find: @escaping @Sendable (UInt64) -> ExchangeCore?
    ) throws {
        let codec = try handler(type: HTTP2FramePayloadToHTTP1ClientCodec.self)
        try addHandler(HTTP2RequestHandler(find: find), position: .after(codec))
    }
}

extension NIOHTTPDecoderLimitConfiguration {
    /// As many fields as anyone sends; the library's own limit is 256.
    fileprivate static var wide: NIOHTTPDecoderLimitConfiguration {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldCount = 10_000
        limits.maxHeaderFieldSize = 256 * 1024
        return limits
    }
}
