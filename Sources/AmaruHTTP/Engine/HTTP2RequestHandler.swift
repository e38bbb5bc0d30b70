// Puts the request head that the caller wrote on a stream of HTTP/2, and says when it is sent.
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1

/// Restores the exact head of the request of one stream.
///
/// HTTP/2 has no framing fields but `Content-Length`, and the strings of the library below are
/// UTF-8 on the wire: field values that are neither cannot be sent.
final class HTTP2RequestHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias InboundOut = HTTPClientResponsePart
    typealias OutboundIn = HTTPClientRequestPart
    typealias OutboundOut = HTTPClientRequestPart

    private let find: (UInt64) -> ExchangeCore?
    private var core: ExchangeCore?

    init(find: @escaping (UInt64) -> ExchangeCore?) {
        self.find = find
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(var head):
            core = head.headers.first(name: InternalField.exchange)
                .flatMap { UInt64($0) }.flatMap(find)
            head.restoreAsGiven()
            guard let headers = Self.utf8(head.headers) else {
                return refuse(context, promise)
            }
            head.headers = headers
            context.write(wrapOutboundOut(.head(head)), promise: promise)
            core?.requestHeadWritten(on: context.eventLoop)
        case .body:
            context.write(data, promise: promise)
        case .end:
            context.write(data, promise: promise)
            core?.perform { $0.requestSent() }
            core = nil
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(var head) = unwrapInboundIn(data) else {
            return context.fireChannelRead(data)
        }
        // The library adds it to heads without a length; HTTP/2 itself has no such field.
        head.headers.remove(name: "transfer-encoding")
        context.fireChannelRead(wrapInboundOut(.head(head)))
    }

    /// Values come as one scalar per byte; here the bytes themselves must be the text.
    private static func utf8(_ headers: HTTPHeaders) -> HTTPHeaders? {
        var restored = HTTPHeaders()
        for (name, value) in headers where name.lowercased() != "transfer-encoding" {
            guard let bytes = Latin1.bytes(value),
                let text = String(validating: bytes, as: UTF8.self)
            else { return nil }
            restored.add(name: name, value: text)
        }
        return restored
    }

    private func refuse(_ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?) {
        let origin = core?.url.origin
        let error = HTTPTransferError(
            .localProtocol,
            "a header for \(origin.map { "\($0)" } ?? "the server") is not UTF-8, "
                + "which cannot be sent over HTTP/2",
            origin: origin
        )
        promise?.fail(error)
        context.fireErrorCaught(error)
    }
}
