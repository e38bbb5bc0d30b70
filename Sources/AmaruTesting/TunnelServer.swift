// A proxy on loopback that opens tunnels to one server.
// SPDX-License-Identifier: Apache-2.0

import AmaruHTTP
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import NIOSSL

/// A proxy that answers each CONNECT with 200 and passes the bytes on, always to the same port.
public final class TunnelServer: Sendable {
    private struct State {
        var heads: [String] = []
        var channel: (any Channel)?
        var open: [any Channel] = []
    }

    private let target: Int
    private let certificate: TestCertificate?
    private let state = NIOLockedValueBox(State())

    /// Makes a proxy to a port of 127.0.0.1; with a certificate it speaks TLS itself.
    public init(to target: Int, certificate: TestCertificate? = nil) {
        self.target = target
        self.certificate = certificate
    }

    /// The heads of the requests for tunnels.
    public var heads: [String] { state.withLockedValue { $0.heads } }

    /// Starts to listen on a free port of 127.0.0.1 and returns it.
    public func start() async throws -> Int {
        let context = try certificate?.serverContext()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                self.state.withLockedValue { $0.open.append(channel) }
                return channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let context {
                        try pipeline.addHandler(NIOSSLServerHandler(context: context))
                    }
                    try pipeline.addHandler(TunnelEntrance(self, target: self.target))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        state.withLockedValue { $0.channel = channel }
        return channel.localAddress?.port ?? 0
    }

    /// Closes the proxy and its tunnels.
    public func shutDown() async {
        let (channel, open) = state.withLockedValue { ($0.channel, $0.open) }
        try? await channel?.close().get()
        for channel in open { try? await channel.close().get() }
    }

    fileprivate func received(_ head: String) { state.withLockedValue { $0.heads.append(head) } }
}

/// The end of a tunnel at which the client is.
private final class TunnelEntrance: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let server: TunnelServer
    private let target: Int
    private var head = ""
    private var exit: (any Channel)?

    init(_ server: TunnelServer, target: Int) {
        self.server = server
        self.target = target
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        if let exit { return exit.writeAndFlush(bytes, promise: nil) }
        head += String(buffer: bytes)
        guard head.hasSuffix("\r\n\r\n") else { return }
        server.received(head)
        let entrance = context.channel
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        ClientBootstrap(group: context.eventLoop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(TunnelExit(to: entrance))
                }
            }
            .connect(host: "127.0.0.1", port: target)
            .whenSuccess { exit in
                bound.value.exit = exit
                let answer = ByteBuffer(string: "HTTP/1.1 200 Connected\r\n\r\n")
                entrance.writeAndFlush(answer, promise: nil)
            }
    }

    func channelInactive(context: ChannelHandlerContext) { exit?.close(promise: nil) }
}

/// The end of a tunnel at which the server is.
private final class TunnelExit: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let entrance: any Channel

    init(to entrance: any Channel) { self.entrance = entrance }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        entrance.writeAndFlush(unwrapInboundIn(data), promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) { entrance.close(promise: nil) }
}
