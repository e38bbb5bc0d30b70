// Keeps the bytes of HTTP/1.1 heads exact through a library that takes them for UTF-8.
// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// What the two handlers of a connection tell each other; both run on its event loop.
final class HTTP1HeadExchange {
    /// The next write of bytes is the head of a request.
    var nextWriteIsHead = false
    /// The reason phrases of the heads received, which the decoder drops.
    var reasons: [[UInt8]] = []
}

/// Translates heads between Latin-1 on the wire and UTF-8 in memory.
///
/// NIO holds field values in `String`s: it sends them as UTF-8, and replaces received bytes that are
/// no UTF-8, for good. Heads are Latin-1 where they are not ASCII, so with this handler next to
/// the socket a `String` in between holds one scalar per byte, exactly, both ways. Bodies pass.
final class HTTP1HeadTransliterator: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    private let exchange: HTTP1HeadExchange
    private var head: ResponseHeadScanner?

    init(_ exchange: HTTP1HeadExchange) {
        self.exchange = exchange
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard exchange.nextWriteIsHead, case .byteBuffer(let buffer) = unwrapOutboundIn(data) else {
            return context.write(data, promise: promise)
        }
        exchange.nextWriteIsHead = false
        head = ResponseHeadScanner()
        guard buffer.readableBytesView.contains(where: { $0 >= 0x80 }) else {
            return context.write(data, promise: promise)
        }
        let text = String(decoding: buffer.readableBytesView, as: UTF8.self)
        var bytes = context.channel.allocator.buffer(capacity: buffer.readableBytes)
        bytes.writeBytes(text.unicodeScalars.lazy.map { UInt8(truncatingIfNeeded: $0.value) })
        context.write(wrapOutboundOut(.byteBuffer(bytes)), promise: promise)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard var scanner = head.take() else { return context.fireChannelRead(data) }
        let buffer = unwrapInboundIn(data)
        var output = context.channel.allocator.buffer(capacity: buffer.readableBytes + 16)
        var rest = buffer.readableBytesView[...]
        while let byte = rest.first {
            rest = rest.dropFirst()
            if byte < 0x80 {
                output.writeInteger(byte)
            } else {
                output.writeInteger(0xC0 | byte >> 6)
                output.writeInteger(0x80 | byte & 0x3F)
            }
            guard scanner.consume(byte) else { continue }
            exchange.reasons.append(scanner.reason)
            guard scanner.isInformational else {
                output.writeBytes(rest)
                return context.fireChannelRead(wrapInboundOut(output))
            }
            scanner = ResponseHeadScanner()
        }
        head = scanner
        context.fireChannelRead(wrapInboundOut(output))
    }
}

/// Finds the end of a response head and the reason phrase in it, byte by byte.
struct ResponseHeadScanner: Sendable {
    private var statusLine: [UInt8] = []
    private var isInStatusLine = true
    private var lineLength = 0
    /// How many bytes it has seen.
    private(set) var count = 0

    /// Takes the next byte and returns whether it was the last one of the head.
    mutating func consume(_ byte: UInt8) -> Bool {
        count += 1
        switch byte {
        case UInt8(ascii: "\n"):
            let isEnd = lineLength == 0 && !isInStatusLine
            // Empty lines before the status line are skipped, as RFC 9112 §2.2 wishes.
            if lineLength > 0 { isInStatusLine = false }
            lineLength = 0
            return isEnd
        case UInt8(ascii: "\r"):
            return false
        default:
            lineLength += 1
            // What goes on longer than this is no status line; the decoder will refuse it.
            if isInStatusLine, statusLine.count < 8192 { statusLine.append(byte) }
            return false
        }
    }

    private var words: [ArraySlice<UInt8>] {
        statusLine.split(separator: 0x20, maxSplits: 2, omittingEmptySubsequences: false)
    }

    /// The status code; nil where the head does not begin as one of HTTP/1 does.
    var status: Int? {
        guard words.count > 1, words[0].starts(with: "HTTP/1.".utf8), words[1].count == 3
        else { return nil }
        return Int(String(decoding: words[1], as: UTF8.self))
    }

    var reason: [UInt8] { words.count == 3 ? Array(words[2]) : [] }

    /// Whether another head follows: 1xx, except for 101 which ends HTTP.
    var isInformational: Bool {
        guard words.count > 1 else { return false }
        return words[1].first == UInt8(ascii: "1") && !words[1].elementsEqual("101".utf8)
    }
}
