// A proxy on loopback that opens tunnels to one server.
// SPDX-License-Identifier: Apache-2.0

import AmaruHTTP
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import NIOSSL

/// A proxy that opens each tunnel it is asked for and passes the bytes on, always to the same port.
public final class TunnelServer: Sendable {
    /// How the proxy is asked for a tunnel.
    public enum Dialect: Sendable, Hashable {
        /// By CONNECT, which it answers with 200.
        case http
        /// By SOCKS 5, without authentication.
        case socks
        /// By SOCKS 5, with this user name and password.
        case socksLogin(String, String)
    }

    private struct State {
        var heads: [String] = []
        var channel: (any Channel)?
        var open: [any Channel] = []
    }

    private let target: Int
    private let certificate: TestCertificate?
    private let dialect: Dialect
    private let state = NIOLockedValueBox(State())

    /// Makes a proxy to a port of 127.0.0.1; with a certificate it speaks TLS itself.
    public init(
        to target: Int,
        certificate: TestCertificate? = nil,
        dialect: Dialect = .http
    ) {
        self.target = target
        self.certificate = certificate
        self.dialect = dialect
    }

    /// The heads of the requests for tunnels; of SOCKS the host and the port.
    public var heads: [String] { state.withLockedValue { $0.heads } }

    /// Starts to listen on a free port of 127.0.0.1 and returns it.
    ///
    /// - Throws: The system's error if no port can be opened, or NIOSSL's for the certificate.
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
                    try pipeline.addHandler(
                        TunnelEntrance(self, target: self.target, dialect: self.dialect)
                    )
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
    private var request: TunnelRequest
    private var exit: (any Channel)?

    init(_ server: TunnelServer, target: Int, dialect: TunnelServer.Dialect) {
        self.server = server
        self.target = target
        request = TunnelRequest(dialect: dialect)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        if let exit { return exit.writeAndFlush(bytes, promise: nil) }
        request.input.writeBuffer(&bytes)
        while let step = request.next() {
            switch step {
            case .answer(let bytes):
                context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
            case .refuse:
                return context.close(promise: nil)
            case .connect(let head, let answer):
                server.received(head)
                return connect(context, answer)
            }
        }
    }

    private func connect(_ context: ChannelHandlerContext, _ answer: [UInt8]) {
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
                entrance.writeAndFlush(ByteBuffer(bytes: answer), promise: nil)
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

/// The dialogue in which a tunnel is asked for.
private struct TunnelRequest {
    enum Step {
        case answer([UInt8])
        case refuse
        case connect(head: String, answer: [UInt8])
    }

    private enum Place { case greeting, login, request }

    let dialect: TunnelServer.Dialect
    var input = ByteBuffer()
    private var place = Place.greeting

    init(dialect: TunnelServer.Dialect) {
        self.dialect = dialect
    }

    /// The next step; nil if more has to arrive first.
    mutating func next() -> Step? {
        guard dialect != .http else {
            let head = String(buffer: input)
            guard head.hasSuffix("\r\n\r\n") else { return nil }
            return .connect(head: head, answer: Array("HTTP/1.1 200 Connected\r\n\r\n".utf8))
        }
        switch place {
        case .greeting: return greet()
        case .login: return checkLogin()
        case .request: return connect()
        }
    }

    private mutating func greet() -> Step? {
        guard let head = input.getBytes(at: input.readerIndex, length: 2),
            let methods = input.getBytes(at: input.readerIndex + 2, length: Int(head[1]))
        else { return nil }
        input.moveReaderIndex(forwardBy: 2 + methods.count)
        let method: UInt8 = dialect == .socks ? 0 : 2
        guard methods.contains(method) else { return .refuse }
        place = method == 0 ? .request : .login
        return .answer([5, method])
    }

    private mutating func checkLogin() -> Step? {
        guard case .socksLogin(let user, let password) = dialect else { return .refuse }
        let lengths = [UInt8(user.utf8.count), UInt8(password.utf8.count)]
        let right = [1, lengths[0]] + Array(user.utf8) + [lengths[1]] + Array(password.utf8)
        guard let login = input.readBytes(length: right.count) else { return nil }
        guard login == right else { return .refuse }
        place = .request
        return .answer([1, 0])
    }

    private mutating func connect() -> Step? {
        guard let head = input.getBytes(at: input.readerIndex, length: 5) else { return nil }
        let length = head[3] == 3 ? 1 + Int(head[4]) : head[3] == 1 ? 4 : 16
        guard input.readableBytes >= 4 + length + 2,
            let request = input.readBytes(length: 4 + length),
            let port = input.readInteger(as: UInt16.self)
        else { return nil }
        let host =
            head[3] == 3
            ? String(decoding: request[5...], as: UTF8.self)
            : request[4...].map { "\($0)" }.joined(separator: ".")
        return .connect(head: "\(host):\(port)", answer: [5, 0, 0, 1, 0, 0, 0, 0, 0, 0])
    }
}
