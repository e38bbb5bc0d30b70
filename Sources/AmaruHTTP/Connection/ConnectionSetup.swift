// What is done on a new connection before HTTP is spoken with the origin.
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOSSL
import NIOTLS

/// One step of setting up a connection.
enum ConnectionStep: Sendable {
    /// Asks a SOCKS proxy for a connection to an origin.
    case socks(HTTPProxy, HTTPOrigin)
    /// Asks a proxy for a tunnel to an origin.
    case connect(HTTPProxy, HTTPOrigin)
    /// Sets TLS up; for a proxy, its faults are named as such.
    case secure(NIOSSLContext, ServerIdentity, proxy: HTTPProxy?)
}

/// Carries out the steps, as the last handler of a channel that does not read by itself.
final class ConnectionSetup: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// A dialogue with a proxy that has begun.
    private enum Dialogue {
        case none
        case socks(SOCKSDialogue)
        case connect(HTTP1ResponseParser)
    }

    private var steps: ArraySlice<ConnectionStep>
    private var dialogue = Dialogue.none
    private var tls: NIOSSLClientHandler?
    private var protocolName: String?
    private var done: EventLoopPromise<String?>?

    private init(_ steps: [ConnectionStep], done: EventLoopPromise<String?>) {
        self.steps = steps[...]
        self.done = done
    }

    /// Carries out the steps; to be called on the channel's event loop.
    ///
    /// The future is fulfilled with the protocol that TLS agreed on, before anything that follows
    /// is read. If a step fails, the channel is closed.
    ///
    /// - `last`: The last handler of the channel, if it has one that is to stay the last.
    static func perform(
        _ steps: [ConnectionStep],
        on channel: any Channel,
        before last: (any ChannelHandler)? = nil
    ) -> EventLoopFuture<String?> {
        guard !steps.isEmpty else { return channel.eventLoop.makeSucceededFuture(nil) }
        let done = channel.eventLoop.makePromise(of: String?.self)
        do {
            let setup = ConnectionSetup(steps, done: done)
            try channel.pipeline.syncOperations.addHandler(
                setup,
                position: last.map { .before($0) } ?? .last
            )
        } catch {
            done.fail(error)
        }
        return done.futureResult
    }

    func handlerAdded(context: ChannelHandlerContext) { begin(context) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        switch dialogue {
        case .none:
            // Nothing is due: TLS has its own handler, which passes nothing on before its end.
            break
        case .socks(var socks):
            dialogue = .none
            do throws(HTTPTransferError) {
                let answer = try socks.receive(bytes)
                dialogue = .socks(socks)
                if let answer { send(answer, context) }
                if socks.isDone { proceed(context) }
            } catch {
                fail(error, context)
            }
        case .connect(var parser):
            dialogue = .none
            parser.append(bytes)
            receive(&parser, context)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // Nobody else asks for bytes as long as there is no request.
        if done != nil { context.read() }
        context.fireChannelReadComplete()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard done != nil, case .secure(_, let identity, _)? = steps.first,
            case TLSUserEvent.handshakeCompleted(let negotiated)? = event as? TLSUserEvent
        else { return context.fireUserInboundEventTriggered(event) }
        do throws(ServerIdentity.Mismatch) {
            try identity.check(tls?.peerCertificate)
            protocolName = negotiated
            proceed(context)
        } catch {
            fail(error, context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard done != nil else { return context.fireErrorCaught(error) }
        fail(error, context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        switch steps.first {
        case .connect(let proxy, let origin)?, .socks(let proxy, let origin)?:
            fail(proxy.refusal(of: origin, "closed the connection"), context)
        case .secure?, nil:
            fail(ConnectionClosed(), context)
        }
        context.fireChannelInactive()
    }
}

extension ConnectionSetup {
    /// Begins the next step, or ends after the last.
    private func begin(_ context: ChannelHandlerContext) {
        do {
            switch steps.first {
            case nil:
                let promise = done.take()
                context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
                promise?.succeed(protocolName)
            case .socks(let proxy, let origin):
                var socks = try SOCKSDialogue(proxy, to: origin)
                send(socks.begin(), context)
                dialogue = .socks(socks)
            case .connect(let proxy, let origin):
                var parser = HTTP1ResponseParser(origin: origin)
                parser.expect(method: "CONNECT")
                dialogue = .connect(parser)
                send(try Self.tunnelRequest(proxy, origin), context)
            case .secure(let tls, let identity, _):
                let handler = try identity.handler(tls)
                self.tls = handler
                let pipeline = context.pipeline.syncOperations
                try pipeline.addHandler(handler, position: .before(self))
                context.read()
            }
        } catch {
            fail(error, context)
        }
    }

    private func proceed(_ context: ChannelHandlerContext) {
        dialogue = .none
        steps.removeFirst()
        begin(context)
    }

    private func send(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
        context.read()
    }

    private func receive(_ parser: inout HTTP1ResponseParser, _ context: ChannelHandlerContext) {
        guard case .connect(let proxy, let origin)? = steps.first else { return }
        let head: HTTP1ResponseHead
        do throws(HTTPTransferError) {
            var part = try parser.next()
            while case .informational? = part { part = try parser.next() }
            guard case .head(let answer)? = part else { return dialogue = .connect(parser) }
            head = answer
        } catch {
            return fail(proxy.refusal(of: origin, "did not answer in HTTP"), context)
        }
        guard (200..<300).contains(head.status) else {
            let reason = String(decoding: head.reason.prefix(200), as: UTF8.self)
            let said = reason.isEmpty ? "\(head.status)" : "\(head.status) \(reason)"
            let advice =
                head.status == 407
                ? " Put a user name and password that it accepts into the URL of the proxy." : ""
            return fail(proxy.refusal(of: origin, "refused with \(said)", advice), context)
        }
        guard parser.takeRest().readableBytes == 0 else {
            return fail(proxy.refusal(of: origin, "sent more than the head"), context)
        }
        proceed(context)
    }

    private func fail(_ error: any Error, _ context: ChannelHandlerContext) {
        guard let promise = done.take() else { return }
        if case .secure(_, _, let proxy?)? = steps.first {
            promise.fail(RouteFault(place: proxy.place, error: error))
        } else {
            promise.fail(error)
        }
        context.close(promise: nil)
    }

    private static func tunnelRequest(
        _ proxy: HTTPProxy,
        _ origin: HTTPOrigin
    ) throws(HTTPTransferError) -> ByteBuffer {
        // The target is an authority with its port, always (RFC 9110 §9.3.6).
        let host = origin.host.contains(":") ? "[\(origin.host)]" : origin.host
        let target = "\(host):\(origin.port)"
        var fields = [HTTPHeaderField("Host", target)] + proxy.headers
        if let authorization = proxy.authorization,
            !fields.contains(where: { $0.isNamed("proxy-authorization") })
        {
            fields.append(HTTPHeaderField("Proxy-Authorization", authorization))
        }
        var request = ByteBuffer()
        try HTTP1RequestEncoder.head(
            method: "CONNECT",
            target: target,
            fields: fields,
            into: &request
        )
        return request
    }
}

extension HTTPProxy {
    /// The error of a proxy that does not connect to an origin.
    func refusal(
        of origin: HTTPOrigin,
        _ what: String,
        _ advice: String = ""
    ) -> HTTPTransferError {
        HTTPTransferError(
            .proxy,
            "\(place) \(what) when it was asked to connect to \(origin).\(advice)",
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

/// The other side has closed the connection, and that is all that is known.
struct ConnectionClosed: Error {
    /// Whether a part of the response had arrived.
    var isAmidResponse = false
}
