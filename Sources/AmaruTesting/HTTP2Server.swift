// An HTTP/2 server on loopback that does what a test tells it.
// SPDX-License-Identifier: Apache-2.0

import AmaruHTTP
import NIOConcurrencyHelpers
import NIOCore
import NIOHPACK
import NIOHTTP2
import NIOPosix
import NIOSSL

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// A real server on 127.0.0.1 that speaks HTTP/2 over TLS and nothing else.
///
/// ```swift
/// let server = HTTP2Server(certificate) { _ in .text("hello") }
/// let port = try await server.start()
/// ```
public final class HTTP2Server: Sendable {
    /// A request as it was in its frames.
    public struct Request: Sendable {
        /// The fields in their order, pseudo-fields included.
        public var fields: [[String]]
        /// The body so far.
        public var body = Data()
        /// The number of the connection, from 1.
        public var connection: Int

        /// The request target.
        public var path: String? { fields.first { $0[0] == ":path" }?[1] }
    }

    /// A frame of an answer.
    public enum Frame: Sendable {
        /// Fields, pseudo-fields included; perhaps the last frame of the stream.
        case fields([(String, String)], isLast: Bool = false)
        /// A piece of the body; perhaps the last frame of the stream.
        case body(String, isLast: Bool = false)
    }

    /// What the server does with a request that it has in full.
    public enum Answer: Sendable {
        /// Answers 200 with a body and these fields.
        case text(String, fields: [(String, String)] = [])
        /// Sends these frames, whether they make sense or not.
        case frames([Frame])
        /// Says nothing.
        case silence
        /// Resets the stream with an error code, before anything else or after a part of the body.
        case reset(Int, after: String? = nil)
        /// Ends the connection with an error code, and says that it did not serve the request.
        case goAway(Int)
        /// Closes the connection without a word.
        case close
    }

    private struct State {
        var requests: [Request] = []
        var resets = 0
        var connections = 0
        var closed = 0
        var channel: (any Channel)?
        var open: [ObjectIdentifier: any Channel] = [:]
        var waiters: [(isMet: @Sendable (State) -> Bool, gate: Gate)] = []
    }

    private let certificate: TestCertificate
    private let maximumStreams: Int
    private let readsBodies: Bool
    private let answer: @Sendable (Request) -> Answer
    private let state = NIOLockedValueBox(State())

    /// Makes a server that answers each request by a closure.
    ///
    /// - `maximumStreams`: How many requests it takes at the same time on a connection.
    /// - `readsBodies`: Whether it reads a request to its end before it answers; otherwise it reads
    ///   the fields alone.
    public init(
        _ certificate: TestCertificate,
        maximumStreams: Int = 100,
        readsBodies: Bool = true,
        answer: @escaping @Sendable (Request) -> Answer
    ) {
        self.certificate = certificate
        self.maximumStreams = maximumStreams
        self.readsBodies = readsBodies
        self.answer = answer
    }

    /// Starts to listen on a free port of 127.0.0.1 and returns it.
    ///
    /// - Throws: The system's error if no port can be opened, or NIOSSL's for the certificate.
    @discardableResult
    public func start() async throws -> Int {
        let context = try certificate.serverContext(protocols: ["h2"])
        var configuration = NIOHTTP2Handler.ConnectionConfiguration()
        configuration.initialSettings = [
            HTTP2Setting(parameter: .maxConcurrentStreams, value: maximumStreams)
        ]
        // The server is to be able to send what no server may.
        configuration.headerBlockValidation = .disabled
        configuration.contentLengthValidation = .disabled
        let rules = configuration
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(NIOSSLServerHandler(context: context))
                    let connection = self.connected(channel)
                    _ = try pipeline.configureHTTP2Pipeline(
                        mode: .server,
                        connectionConfiguration: rules,
                        streamConfiguration: .init()
                    ) { stream in
                        stream.eventLoop.makeCompletedFuture {
                            try stream.pipeline.syncOperations.addHandler(
                                HTTP2ServerStream(
                                    self,
                                    connection: connection,
                                    readsBody: self.readsBodies
                                )
                            )
                        }
                    }
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        state.withLockedValue { $0.channel = channel }
        return channel.localAddress?.port ?? 0
    }

    /// Closes the server and its connections.
    public func shutDown() async {
        let (channel, open) = state.withLockedValue { ($0.channel, Array($0.open.values)) }
        try? await channel?.close().get()
        for channel in open { try? await channel.close().get() }
    }

    /// The URL of the server without a path.
    public var url: String {
        "https://127.0.0.1:\(state.withLockedValue { $0.channel?.localAddress?.port } ?? 0)"
    }

    /// The requests so far.
    public var requests: [Request] { state.withLockedValue { $0.requests } }
    /// The number of connections so far.
    public var connectionCount: Int { state.withLockedValue { $0.connections } }
    /// The number of streams that the client reset.
    public var resetCount: Int { state.withLockedValue { $0.resets } }

    /// Returns when so many requests have arrived.
    ///
    /// - Throws: `CancellationError` if the task is cancelled.
    public func requests(reach count: Int) async throws {
        try await wait { $0.requests.count >= count }
    }

    /// Returns when the client has reset so many streams.
    ///
    /// - Throws: `CancellationError` if the task is cancelled.
    public func resets(reach count: Int) async throws {
        try await wait { $0.resets >= count }
    }

    /// Returns when so many connections have been closed, by either side.
    ///
    /// - Throws: `CancellationError` if the task is cancelled.
    public func closedConnections(reach count: Int) async throws {
        try await wait { $0.closed >= count }
    }

    private func wait(until isMet: @escaping @Sendable (State) -> Bool) async throws {
        let gate = Gate()
        update { $0.waiters.append((isMet, gate)) }
        try await gate.wait()
    }

    private func update(_ change: (inout State) -> Void) {
        let gates = state.withLockedValue { state in
            change(&state)
            let current = state
            let met = state.waiters.filter { $0.isMet(current) }.map(\.gate)
            state.waiters.removeAll { $0.isMet(current) }
            return met
        }
        for gate in gates { gate.open() }
    }

    private func connected(_ channel: any Channel) -> Int {
        let id = ObjectIdentifier(channel)
        channel.closeFuture.whenComplete { _ in
            self.update { state in
                state.open[id] = nil
                state.closed += 1
            }
        }
        return state.withLockedValue { state in
            state.open[id] = channel
            state.connections += 1
            return state.connections
        }
    }

    fileprivate func received(_ request: Request) -> Answer {
        update { $0.requests.append(request) }
        return answer(request)
    }

    fileprivate func wasReset() { update { $0.resets += 1 } }
}

/// One stream of a connection.
private final class HTTP2ServerStream: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame.FramePayload
    typealias OutboundOut = HTTP2Frame.FramePayload

    private let server: HTTP2Server
    private let readsBody: Bool
    private var request: HTTP2Server.Request

    init(_ server: HTTP2Server, connection: Int, readsBody: Bool) {
        self.server = server
        self.readsBody = readsBody
        request = HTTP2Server.Request(fields: [], connection: connection)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .headers(let headers):
            request.fields += headers.headers.map { [$0.name, $0.value] }
            if headers.endStream || !readsBody {
                if !readsBody { stopReading(context) }
                answer(context)
            }
        case .data(let data):
            if case .byteBuffer(let bytes) = data.data {
                request.body += Data(bytes.readableBytesView)
            }
            if data.endStream, readsBody { answer(context) }
        case .rstStream:
            server.wasReset()
        default:
            break
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if error is NIOHTTP2Errors.StreamClosed { server.wasReset() }
        context.close(promise: nil)
    }

    /// Has the window of the stream run out.
    private func stopReading(_ context: ChannelHandlerContext) {
        try? context.channel.syncOptions?.setOption(.autoRead, value: false)
    }

    private func answer(_ context: ChannelHandlerContext) {
        switch server.received(request) {
        case .silence:
            break
        case .text(let text, let fields):
            head(context, fields)
            body(context, text, isLast: true)
        case .frames(let frames):
            for frame in frames {
                switch frame {
                case .fields(let fields, let isLast): self.fields(context, fields, isLast: isLast)
                case .body(let text, let isLast): body(context, text, isLast: isLast)
                }
            }
            context.flush()
        case .reset(let code, let part):
            if let part {
                head(context, [])
                body(context, part, isLast: false)
            }
            let frame = HTTP2Frame.FramePayload.rstStream(HTTP2ErrorCode(networkCode: code))
            context.writeAndFlush(wrapOutboundOut(frame), promise: nil)
        case .goAway(let code):
            let frame = HTTP2Frame(
                streamID: .rootStream,
                payload: .goAway(
                    lastStreamID: .rootStream,
                    errorCode: HTTP2ErrorCode(networkCode: code),
                    opaqueData: nil
                )
            )
            let connection = context.channel.parent
            connection?.writeAndFlush(frame).whenComplete { _ in
                connection?.close(promise: nil)
            }
        case .close:
            context.channel.parent?.close(promise: nil)
        }
    }

    private func head(_ context: ChannelHandlerContext, _ fields: [(String, String)]) {
        self.fields(context, [(":status", "200")] + fields, isLast: false)
    }

    private func fields(
        _ context: ChannelHandlerContext,
        _ fields: [(String, String)],
        isLast: Bool
    ) {
        let frame = HTTP2Frame.FramePayload.headers(
            .init(headers: HPACKHeaders(fields), endStream: isLast)
        )
        context.write(wrapOutboundOut(frame), promise: nil)
    }

    private func body(_ context: ChannelHandlerContext, _ text: String, isLast: Bool) {
        let bytes = IOData.byteBuffer(ByteBuffer(string: text))
        let frame = HTTP2Frame.FramePayload.data(.init(data: bytes, endStream: isLast))
        context.writeAndFlush(wrapOutboundOut(frame), promise: nil)
    }
}
