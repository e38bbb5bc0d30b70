// Between the engine's requests and heads and those of the client library.
// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import NIOCore
import NIOHTTP1

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

enum RequestTranslation {
    /// Finds what can be known to be wrong with a request before anything is opened for it.
    static func check(_ request: HTTPTransferRequest) throws(HTTPTransferError) -> HTTPTransferURL {
        let url: HTTPTransferURL
        do throws(HTTPOrigin.ParseError) {
            url = try HTTPTransferURL(parsing: request.url)
        } catch {
            throw HTTPTransferError(error)
        }
        func refuse(_ fault: String) -> HTTPTransferError {
            let message = "cannot send the request to \(url.origin): \(fault)"
            return HTTPTransferError(.localProtocol, message, origin: url.origin)
        }
        if request.method.isEmpty || !request.method.utf8.allSatisfy(isToken) {
            throw refuse("\"\(request.method)\" is not a method")
        }
        if request.method == "CONNECT" {
            throw refuse("tunnels are opened by the engine alone; configure a proxy instead")
        }
        if let target = request.target, !target.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) {
            throw refuse("its target has a blank, a control or a non-ASCII character")
        }
        for field in request.headers {
            if field.name.isEmpty || !field.name.utf8.allSatisfy(isToken) {
                throw refuse("\"\(field.name)\" is not the name of a header")
            }
            if field.name.lowercased().hasPrefix(InternalField.prefix) {
                throw refuse("headers that begin with \"\(InternalField.prefix)\" are reserved")
            }
            // RFC 9110 §5.5; a line break would let a value add headers of its own.
            if !field.bytes.allSatisfy({ $0 == 0x09 || ($0 >= 0x20 && $0 != 0x7F) }) {
                throw refuse("the value of the header \"\(field.name)\" has a control character")
            }
        }
        if case .data(let body) = request.body, let length = declaredLength(request.headers),
            Int(length) != body.count
        {
            throw refuse("its Content-Length is \(length), its body has \(body.count) bytes")
        }
        return url
    }

    static func clientRequest(
        _ core: ExchangeCore,
        by route: ConnectionRoute
    ) -> HTTPClientRequest {
        // The true target is put in later, or the library would parse and re-encode it.
        var request = HTTPClientRequest(url: route.url(for: core.url.origin))
        request.method = HTTPMethod(rawValue: core.request.method)
        if !core.request.headers.contains(where: { $0.isNamed("host") }) {
            request.headers.add(name: "Host", value: core.url.origin.authority)
        }
        var isFramed = false
        for field in core.request.headers {
            if field.isNamed("content-length") || field.isNamed("transfer-encoding") {
                if !isFramed { request.headers.add(name: InternalField.framing, value: field.name) }
                isFramed = true
            } else {
                request.headers.add(name: field.name, value: Latin1.text(field.bytes))
            }
        }
        var target = core.request.target ?? core.url.target
        if case .forwarded(let proxy) = route.way {
            // The absolute form, RFC 9112 §3.2.2.
            if core.request.target == nil { target = core.url.text }
            let isGiven = core.request.headers.contains { $0.isNamed("proxy-authorization") }
            if !isGiven, let value = proxy.authorization {
                request.headers.add(name: "Proxy-Authorization", value: value)
            }
        }
        request.headers.add(name: InternalField.target, value: target)
        request.headers.add(name: InternalField.exchange, value: "\(core.id)")
        request.body = body(core)
        return request
    }

    /// The same for a body that goes with the head; an empty one is none.
    static func request(
        _ core: ExchangeCore,
        by route: ConnectionRoute,
        sending body: Data
    ) throws -> HTTPClient.Request {
        let request = clientRequest(core, by: route)
        return try HTTPClient.Request(
            url: request.url,
            method: request.method,
            headers: request.headers,
            body: body.isEmpty ? nil : .byteBuffer(ByteBuffer(bytes: body))
        )
    }

    static func head(_ response: HTTPClientResponse) -> HTTPTransferHead {
        head(status: response.status, version: response.version, headers: response.headers)
    }

    static func head(
        status: HTTPResponseStatus,
        version: HTTPVersion,
        headers: HTTPHeaders
    ) -> HTTPTransferHead {
        let isHTTP2 = version.major == 2
        var fields = headers.map { name, value in
            // Strings of HTTP/2 are the UTF-8 of the wire.
            let latin1 = isHTTP2 ? nil : Latin1.bytes(value)
            return HTTPHeaderField(name, bytes: latin1 ?? Array(value.utf8))
        }
        var reason: [UInt8] = []
        if let last = fields.last, last.name == InternalField.reason {
            reason = last.bytes
            fields.removeLast()
        }
        return HTTPTransferHead(
            status: Int(status.code),
            reasonBytes: reason,
            version: isHTTP2 ? "HTTP/2" : "\(version)",
            headers: fields
        )
    }

    private static func body(_ core: ExchangeCore) -> HTTPClientRequest.Body? {
        let isChunked = core.request.headers.contains { $0.isNamed("transfer-encoding") }
        let length: Int64?
        switch core.request.body {
        case .none: return nil
        case .data(let data) where data.isEmpty && !isChunked: return nil
        case .data(let data): length = isChunked ? nil : Int64(data.count)
        case .upload: length = isChunked ? nil : declaredLength(core.request.headers)
        }
        return .stream(
            UploadSteps(core: core, keepsPieces: length == nil),
            length: length.map { .known($0) } ?? .unknown
        )
    }

    private static func declaredLength(_ headers: [HTTPHeaderField]) -> Int64? {
        headers.firstValue(of: "content-length").flatMap { Int64($0) }
    }

    /// A character of a token, RFC 9110 §5.6.2.
    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}

/// The pieces of a body as the client library asks for them.
private struct UploadSteps: AsyncSequence, Sendable {
    typealias Element = ByteBuffer
    let core: ExchangeCore
    /// Whether each piece is a chunk on the wire, as its writer made it.
    let keepsPieces: Bool

    struct Abandoned: Error {}

    struct AsyncIterator: AsyncIteratorProtocol {
        /// How many bytes may be given to the connection before it is known to have taken them.
        static let limit = 1 << 20

        let core: ExchangeCore
        let keepsPieces: Bool
        private var givenBytes = 0
        /// What the exchange has handed over, in reverse.
        private var pieces: [Data] = []

        init(core: ExchangeCore, keepsPieces: Bool) {
            self.core = core
            self.keepsPieces = keepsPieces
        }

        mutating func next() async throws -> ByteBuffer? {
            if let piece = pieces.popLast() { return ByteBuffer(bytes: piece) }
            if givenBytes >= Self.limit {
                await core.passWrites()
                givenBytes = 0
            }
            switch await core.uploadStep() {
            case .chunk(let pieces):
                let count = pieces.reduce(0) { $0 + $1.count }
                givenBytes += count
                if keepsPieces {
                    self.pieces = pieces.reversed()
                    return self.pieces.popLast().map { ByteBuffer(bytes: $0) }
                }
                var buffer = ByteBufferAllocator().buffer(capacity: count)
                for piece in pieces { buffer.writeBytes(piece) }
                return buffer
            case .end:
                return nil
            case .abandoned:
                // Makes the library close the connection, which has half a request on it.
                throw Abandoned()
            }
        }
    }

    func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(core: core, keepsPieces: keepsPieces)
    }
}
