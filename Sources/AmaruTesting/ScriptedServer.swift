// An HTTP server on loopback that does what a test tells it, faults included.
// SPDX-License-Identifier: Apache-2.0

import AmaruHTTP
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import NIOSSL

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A real server on 127.0.0.1 that answers by a script and records what it was asked.
///
/// ```swift
/// let server = ScriptedServer([.chat("Hello there"), .apiError("slow down", status: 429)])
/// let port = try await server.start()
/// // … requests to http://127.0.0.1:<port> …
/// #expect(server.requests.count == 2)
/// await server.shutDown()
/// ```
///
/// Connections are kept alive between requests unless the script closes them.
public final class ScriptedServer: Sendable {
    /// Makes the answer to a request; `index` numbers the requests of the server from 0.
    public typealias Script = @Sendable (RecordedRequest, _ index: Int) async -> ScriptedResponse

    /// What the server does with the bodies of requests.
    public enum Bodies: Sendable {
        /// Reads the whole body before it answers.
        case read
        /// Answers as soon as it has the head and never reads the body.
        case ignore
    }

    private struct State {
        var requests: [RecordedRequest] = []
        var receivedBytes = 0
        var opened = 0
        var closed = 0
        var waiters: [(isMet: @Sendable (State) -> Bool, gate: Gate)] = []
        var channel: (any Channel)?
        var port = 0
        var connections: [Int: Task<Void, Never>] = [:]
    }

    private let certificate: TestCertificate?
    private let bodies: Bodies
    private let script: Script
    private let state = NIOLockedValueBox(State())

    /// Makes a server that answers each request by a script.
    ///
    /// - `certificate`: With one, the server speaks TLS.
    public init(
        certificate: TestCertificate? = nil,
        bodies: Bodies = .read,
        script: @escaping Script
    ) {
        self.certificate = certificate
        self.bodies = bodies
        self.script = script
    }

    /// Makes a server that gives these answers in turn, and the last one from then on.
    public convenience init(
        _ responses: [ScriptedResponse],
        certificate: TestCertificate? = nil,
        bodies: Bodies = .read
    ) {
        self.init(certificate: certificate, bodies: bodies) { _, index in
            responses.isEmpty ? .closeBeforeHead : responses[min(index, responses.count - 1)]
        }
    }

    /// Starts to listen on a free port of 127.0.0.1, or at a Unix socket, and returns the port.
    ///
    /// - Throws: The system's error if no port can be opened, or NIOSSL's for the certificate.
    @discardableResult
    public func start(at socket: String? = nil) async throws -> Int {
        let context = try certificate?.serverContext()
        let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let context {
                        try pipeline.addHandler(NIOSSLServerHandler(context: context))
                    }
                    let stopsReading = self.bodies == .ignore
                    let bytes = ConnectionBytes(stopsReading: stopsReading) {
                        self.connected(channel, $0)
                    }
                    try pipeline.addHandler(bytes)
                }
            }
        let bound =
            if let socket {
                bootstrap.bind(unixDomainSocketPath: socket)
            } else {
                bootstrap.bind(host: "127.0.0.1", port: 0)
            }
        let channel = try await bound.get()
        state.withLockedValue { $0.channel = channel }
        return update { state in
            state.port = channel.localAddress?.port ?? 0
            return state.port
        }
    }

    /// Closes the server and all its connections, and waits for that.
    public func shutDown() async {
        let channel = state.withLockedValue { $0.channel }
        // It may be closed already, which is as good.
        try? await channel?.close().get()
        let connections = state.withLockedValue { Array($0.connections.values) }
        for connection in connections { connection.cancel() }
        for connection in connections { await connection.value }
    }

    /// The port, or 0 before the start; it stays after the end.
    public var port: Int { state.withLockedValue { $0.port } }

    /// The URL of the server without a path, such as `http://127.0.0.1:49152`.
    public var url: String { "\(certificate == nil ? "http" : "https")://127.0.0.1:\(port)" }

    /// The requests so far, in the order of their heads.
    public var requests: [RecordedRequest] { state.withLockedValue { $0.requests } }

    /// The number of connections so far.
    public var connectionCount: Int { state.withLockedValue { $0.opened } }

    /// Returns when so many requests have arrived.
    ///
    /// - Throws: `CancellationError` if the task is cancelled.
    public func requests(reach count: Int) async throws {
        try await wait { $0.requests.count >= count }
    }

    /// Returns when so many bytes have arrived, heads included.
    ///
    /// - Throws: `CancellationError` if the task is cancelled.
    public func receivedBytes(reach count: Int) async throws {
        try await wait { $0.receivedBytes >= count }
    }

    /// Returns when so many connections have been made.
    ///
    /// - Throws: `CancellationError` if the task is cancelled.
    public func connections(reach count: Int) async throws {
        try await wait { $0.opened >= count }
    }

    /// Returns when so many connections have been closed, by either side.
    ///
    /// - Throws: `CancellationError` if the task is cancelled.
    public func closedConnections(reach count: Int) async throws {
        try await wait { $0.closed >= count }
    }

    /// Returns a port of 127.0.0.1 at which nobody listens as long as the process lives.
    ///
    /// - Throws: The system's error if no port can be opened.
    public static func refusingPort() async throws -> Int {
        try RefusingPort.make()
    }
}

extension ScriptedServer {
    private func wait(until isMet: @escaping @Sendable (State) -> Bool) async throws {
        let gate = Gate()
        update { $0.waiters.append((isMet, gate)) }
        try await gate.wait()
    }

    private func update<Result>(_ change: (inout State) -> Result) -> Result {
        let (result, gates) = state.withLockedValue { state in
            let result = change(&state)
            let met = state.waiters.filter { $0.isMet(state) }.map(\.gate)
            if !met.isEmpty {
                let current = state
                state.waiters.removeAll { $0.isMet(current) }
            }
            return (result, met)
        }
        for gate in gates { gate.open() }
        return result
    }

    /// Serves a connection in a task of its own, which ends with it.
    private func connected(_ channel: any Channel, _ inbound: AsyncStream<ByteBuffer>) {
        channel.closeFuture.whenComplete { _ in self.update { $0.closed += 1 } }
        update { state in
            state.opened += 1
            let number = state.opened
            state.connections[number] = Task {
                // A client that goes away in the middle is no fault of the server.
                try? await self.serve(channel, inbound, number)
                try? await channel.close().get()
                self.update { _ = $0.connections.removeValue(forKey: number) }
            }
        }
    }

    private func serve(
        _ channel: any Channel,
        _ inbound: AsyncStream<ByteBuffer>,
        _ number: Int
    ) async throws {
        var reader = RequestReader(connection: number, bodies: bodies)
        for await bytes in inbound {
            update { $0.receivedBytes += bytes.readableBytes }
            reader.append(bytes.readableBytesView)
            while let request = try reader.next() {
                guard try await answer(request, channel) else { return }
            }
        }
    }

    private func answer(_ request: RecordedRequest, _ channel: any Channel) async throws -> Bool {
        let index = update { state in
            state.requests.append(request)
            return state.requests.count - 1
        }
        let response = await script(request, index)
        for step in response.steps(request) {
            guard try await perform(step, channel) else { return false }
        }
        return bodies == .read
    }

    /// Returns whether the connection goes on.
    private func perform(
        _ step: ScriptedResponse.Step,
        _ channel: any Channel
    ) async throws -> Bool {
        switch step {
        case .bytes(let data):
            try await channel.writeAndFlush(ByteBuffer(bytes: data))
            return true
        case .wait(let gate):
            try await gate.wait()
            return true
        case .call(let body):
            body()
            return true
        case .close:
            return false
        case .cut:
            try await channel.eventLoop.submit {
                let pipeline = channel.pipeline.syncOperations
                try pipeline.context(handlerType: NIOSSLServerHandler.self).close(promise: nil)
            }
            .get()
            return false
        case .reset:
            // Lingering for no time at all makes close() send a reset.
            let socket = channel as? any SocketOptionProvider
            try await socket?.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
            return false
        }
    }
}

/// Hands the bytes of a connection over to its task.
private final class ConnectionBytes: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let stream: AsyncStream<ByteBuffer>
    private let continuation: AsyncStream<ByteBuffer>.Continuation
    private let stopsReading: Bool
    private let connected: (AsyncStream<ByteBuffer>) -> Void

    init(stopsReading: Bool, connected: @escaping (AsyncStream<ByteBuffer>) -> Void) {
        // Unbounded, but a server that does not read stops the channel itself.
        (stream, continuation) = AsyncStream.makeStream()
        self.stopsReading = stopsReading
        self.connected = connected
    }

    func channelActive(context: ChannelHandlerContext) {
        connected(stream)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // At once: until the server's task runs, much could be read.
        if stopsReading { _ = context.channel.setOption(.autoRead, value: false) }
        continuation.yield(unwrapInboundIn(data))
    }

    func channelInactive(context: ChannelHandlerContext) {
        continuation.finish()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
