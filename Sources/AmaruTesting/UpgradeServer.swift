// A server on loopback that leaves HTTP at the first request.
// SPDX-License-Identifier: Apache-2.0

import AmaruHTTP
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// A server that answers each request with 101 and a greeting, and sends back whatever follows.
public final class UpgradeServer: Sendable {
    private let greeting: String
    private let endsFirst: Bool
    private let channel = NIOLockedValueBox<(any Channel)?>(nil)
    private let heard = MultiThreadedEventLoopGroup.singleton.next().makePromise(of: String.self)

    /// Makes a server that greets with a text in the protocol after HTTP.
    ///
    /// - `endsFirst`: Whether it only listens after that, and says so by ending its way.
    public init(greeting: String, endsFirst: Bool = false) {
        self.greeting = greeting
        self.endsFirst = endsFirst
    }

    deinit { heard.fail(ChannelError.eof) }

    /// Returns what the first client has sent in that protocol, once it has ended its way.
    ///
    /// - Throws: The channel's error if the server goes away before that.
    public func received() async throws -> String { try await heard.futureResult.get() }

    /// Starts to listen on a free port of 127.0.0.1 and returns it.
    ///
    /// - Throws: The system's error if no port can be opened.
    public func start() async throws -> Int {
        let (greeting, endsFirst, heard) = (greeting, endsFirst, heard)
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        Upgrade(greeting, endsFirst: endsFirst, heard)
                    )
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        self.channel.withLockedValue { $0 = channel }
        return channel.localAddress?.port ?? 0
    }

    /// Closes the server.
    public func shutDown() async {
        try? await channel.withLockedValue { $0 }?.close().get()
    }
}

private final class Upgrade: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let greeting: String
    private let endsFirst: Bool
    private let heard: EventLoopPromise<String>
    private var head: String? = ""
    private var text = ""

    init(_ greeting: String, endsFirst: Bool, _ heard: EventLoopPromise<String>) {
        self.greeting = greeting
        self.endsFirst = endsFirst
        self.heard = heard
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        guard let begun = head else {
            text += String(buffer: bytes)
            if !endsFirst { context.writeAndFlush(data, promise: nil) }
            return
        }
        head = begun + String(buffer: bytes)
        guard head?.hasSuffix("\r\n\r\n") == true else { return }
        head = nil
        let answer = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\r\n" + greeting
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer)), promise: nil)
        if endsFirst { context.close(mode: .output, promise: nil) }
    }

    func channelInactive(context: ChannelHandlerContext) { heard.succeed(text) }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed? = event as? ChannelEvent { context.close(promise: nil) }
    }
}
