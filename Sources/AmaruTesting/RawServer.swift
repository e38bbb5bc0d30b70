// A server on loopback that answers whatever it gets with the same bytes.
// SPDX-License-Identifier: Apache-2.0

import AmaruHTTP
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// A server that sends some bytes as soon as it gets any, and ends the connection.
public final class RawServer: Sendable {
    /// How a connection ends.
    public enum End: Sendable {
        /// In order.
        case close
        /// By a reset.
        case reset
    }

    private let answer: String
    private let end: End
    private let channel = NIOLockedValueBox<(any Channel)?>(nil)

    /// Makes a server with its answer.
    public init(_ answer: String = "", then end: End = .close) {
        self.answer = answer
        self.end = end
    }

    /// Starts to listen on a free port of 127.0.0.1 and returns it.
    ///
    /// - Throws: The system's error if no port can be opened.
    public func start() async throws -> Int {
        let (answer, end) = (answer, end)
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(RawAnswer(answer, end))
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

private final class RawAnswer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let answer: String
    private let end: RawServer.End

    init(_ answer: String, _ end: RawServer.End) {
        self.answer = answer
        self.end = end
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer)), promise: nil)
        switch end {
        case .close:
            // Of its own end alone: a close with something unread would be a reset.
            context.close(mode: .output, promise: nil)
        case .reset:
            // Lingering for no time at all makes close() send a reset.
            if let socket = context.channel as? any SocketOptionProvider {
                _ = socket.setSoLinger(linger(l_onoff: 1, l_linger: 0))
            }
            context.close(promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
