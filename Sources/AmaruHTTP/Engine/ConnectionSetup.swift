// What is done on a new connection before HTTP is spoken with the origin.
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOSSL
import NIOTLS

/// One step of setting up a connection.
enum ConnectionStep: Sendable {
    /// Asks a proxy for a tunnel to an origin.
    case connect(HTTPProxy, HTTPOrigin)
    /// Sets TLS up with a server of that name; for a proxy, its faults are named as such.
    case secure(NIOSSLContext, name: String, proxy: HTTPProxy?)
}

/// Carries out the steps on a channel that the client library believes to be ready.
///
/// The library's own set-up tells neither with which status a proxy refused nor can it speak TLS
/// to a proxy or over a Unix socket. It lets us at the connection before the first request,
/// though, and waits until we are done.
final class ConnectionSetup: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private static let maximumHead = 64 * 1024

    private var steps: ArraySlice<ConnectionStep>
    private let limit: TimeAmount
    private var done: EventLoopPromise<Void>?
    private var timer: Scheduled<Void>?
    private var scanner = ResponseHeadScanner()

    private init(_ steps: [ConnectionStep], limit: TimeAmount, done: EventLoopPromise<Void>) {
        self.steps = steps[...]
        self.limit = limit
        self.done = done
    }

    /// Carries out the steps; to be called on the channel's event loop.
    ///
    /// The channel is closed where one fails, after the future has.
    static func perform(
        _ steps: [ConnectionStep],
        limit: TimeAmount,
        on channel: any Channel
    ) -> EventLoopFuture<Void> {
        guard !steps.isEmpty else { return channel.eventLoop.makeSucceededVoidFuture() }
        let done = channel.eventLoop.makePromise(of: Void.self)
        let setup = ConnectionSetup(steps, limit: limit, done: done)
        do {
            try channel.pipeline.syncOperations.addHandler(setup, position: .first)
        } catch {
            done.fail(error)
        }
        return done.futureResult
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(in: limit) {
            let (setup, context) = bound.value
            setup.fail(ChannelError.connectTimeout(setup.limit), context)
        }
        next(context)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard done != nil, case .connect(let proxy, let origin)? = steps.first else {
            return context.fireChannelRead(data)
        }
        var bytes = unwrapInboundIn(data)
        while let byte = bytes.readInteger(as: UInt8.self) {
            guard scanner.consume(byte) else { continue }
            guard scanner.isInformational else {
                return tunnelAnswered(proxy, origin, hasMore: bytes.readableBytes > 0, context)
            }
            scanner = ResponseHeadScanner()
        }
        if scanner.count > Self.maximumHead {
            fail(Self.refused(proxy, origin, "sent a head without an end"), context)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // Nobody else asks for bytes as long as there is no request.
        if done != nil { context.read() }
        context.fireChannelReadComplete()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case TLSUserEvent.handshakeCompleted = event, done != nil {
            steps.removeFirst()
            return next(context)
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard done != nil else { return context.fireErrorCaught(error) }
        fail(error, context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        if case .connect(let proxy, let origin)? = steps.first {
            fail(Self.refused(proxy, origin, "closed the connection"), context)
        } else {
            fail(ChannelError.eof, context)
        }
        context.fireChannelInactive()
    }
}

extension ConnectionSetup {
    private func next(_ context: ChannelHandlerContext) {
        switch steps.first {
        case nil:
            timer?.cancel()
            let promise = done.take()
            context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
            promise?.succeed()
        case .connect(let proxy, let origin):
            let request = Self.tunnelRequest(proxy, origin)
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: request)), promise: nil)
            context.read()
        case .secure(let tls, let name, _):
            do {
                // An address is no name that could be sent; the library then checks it instead.
                let isAddress = IPAddress.bytes(name) != nil
                let handler = try NIOSSLClientHandler(
                    context: tls,
                    serverHostname: isAddress ? nil : name
                )
                let pipeline = context.pipeline.syncOperations
                try pipeline.addHandler(handler, position: .before(self))
                context.read()
            } catch {
                fail(error, context)
            }
        }
    }

    private func tunnelAnswered(
        _ proxy: HTTPProxy,
        _ origin: HTTPOrigin,
        hasMore: Bool,
        _ context: ChannelHandlerContext
    ) {
        guard let status = scanner.status else {
            return fail(Self.refused(proxy, origin, "did not answer in HTTP"), context)
        }
        guard (200..<300).contains(status) else {
            let reason = String(decoding: scanner.reason.prefix(200), as: UTF8.self)
            let said = reason.isEmpty ? "\(status)" : "\(status) \(reason)"
            let advice =
                status == 407
                ? " Put a user name and password that it accepts into the URL of the proxy." : ""
            let refusal = Self.refused(proxy, origin, "refused with \(said)", advice)
            return fail(refusal, context)
        }
        guard !hasMore else {
            return fail(Self.refused(proxy, origin, "sent more than the head"), context)
        }
        steps.removeFirst()
        next(context)
    }

    private func fail(_ error: any Error, _ context: ChannelHandlerContext) {
        timer?.cancel()
        // The library must hear of the failure before it hears of the end of the connection.
        guard let promise = done.take() else { return }
        if case .secure(_, _, let proxy?)? = steps.first {
            promise.fail(RouteFault(place: "the proxy \(proxy.shown)", error: error))
        } else {
            promise.fail(error)
        }
        context.close(promise: nil)
    }

    private static func tunnelRequest(_ proxy: HTTPProxy, _ origin: HTTPOrigin) -> String {
        // The target is an authority with its port, always (RFC 9110 §9.3.6).
        let host = origin.host.contains(":") ? "[\(origin.host)]" : origin.host
        let target = "\(host):\(origin.port)"
        let authorization = proxy.authorization.map { "Proxy-Authorization: \($0)\r\n" } ?? ""
        return "CONNECT \(target) HTTP/1.1\r\nHost: \(target)\r\n\(authorization)\r\n"
    }

    private static func refused(
        _ proxy: HTTPProxy,
        _ origin: HTTPOrigin,
        _ what: String,
        _ advice: String = ""
    ) -> HTTPTransferError {
        HTTPTransferError(
            .proxy,
            "the proxy \(proxy.shown) \(what) when it was asked to connect to \(origin).\(advice)",
            origin: origin
        )
    }
}

/// A fault of a connection that leads somewhere else than to the origin.
struct RouteFault: Error {
    /// Where it leads, such as `the proxy http://proxy.example:3128`.
    var place: String
    var error: any Error
}
