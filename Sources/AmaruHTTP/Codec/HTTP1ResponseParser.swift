// Reads the responses of a connection.
// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Reads one response after another from the bytes of a connection.
///
/// It is pure: bytes in, parts out. How the bytes were divided when they arrived makes no difference,
/// except to the pieces of a body.
///
/// ```swift
/// var parser = HTTP1ResponseParser()
/// parser.expect(method: "GET")
/// parser.append(bytes)
/// while let part = try parser.next() { … }
/// ```
///
/// If the parts are taken whenever bytes have arrived, it keeps a line and the fields of a head at
/// most. The caller bounds what it appends without taking parts, and what it appends to a tunnel.
struct HTTP1ResponseParser {
    private enum State {
        /// No response is due. What arrives all the same belongs to none.
        case idle(mayReuse: Bool)
        case head(HTTP1HeadReader)
        case body(Body, isPersistent: Bool)
        case tunnel
        case failed(HTTP1Fault)
    }

    private enum Body {
        case length(left: Int, of: Int)
        case chunked(HTTP1ChunkReader)
        case untilClose
    }

    private let limits: HTTP1ResponseLimits
    private let origin: HTTPOrigin?
    private var input = HTTP1InputBuffer()
    private var state = State.idle(mayReuse: true)

    /// Makes the parser of a connection; errors name the origin.
    init(limits: HTTP1ResponseLimits = .standard, origin: HTTPOrigin? = nil) {
        self.limits = limits
        self.origin = origin
    }

    /// Whether the parser is between responses.
    var isIdle: Bool {
        if case .idle = state { true } else { false }
    }

    /// Whether the connection may serve another request: the last response has ended, says nothing
    /// against it (RFC 9112 §9.3), could not be misunderstood, and nothing came after it.
    var mayReuse: Bool {
        if case .idle(let mayReuse) = state { mayReuse } else { false }
    }

    /// Whether the connection is a tunnel: after 101, or a 2xx to CONNECT.
    var isTunnel: Bool {
        if case .tunnel = state { true } else { false }
    }

    /// Whether the body that is due lasts as long as the connection does.
    var endsWithConnection: Bool {
        if case .body(.untilClose, _) = state { true } else { false }
    }

    /// Prepares for the response to a request.
    ///
    /// The method matters: HEAD and CONNECT change where the response ends. If the connection may
    /// not be reused, `next()` will throw: what came after a response must not become the answer to
    /// another request.
    mutating func expect(method: String) {
        if case .failed = state { return }
        let reader = HTTP1HeadReader(method: method, limits: limits)
        state = mayReuse ? .head(reader) : .failed(.notReusable)
    }

    /// Adds what arrived.
    mutating func append(_ bytes: ByteBuffer) {
        guard bytes.readableBytes > 0 else { return }
        switch state {
        case .idle: state = .idle(mayReuse: false)
        case .head, .body, .tunnel: input.append(bytes)
        case .failed: break
        }
    }

    /// Returns the next part; nil if more has to arrive first, or none is due.
    ///
    /// - Throws: `.remoteProtocol` with what is wrong with the response, now and in each later call.
    mutating func next() throws(HTTPTransferError) -> HTTP1ResponsePart? {
        do {
            return try read()
        } catch {
            throw failed(error)
        }
    }

    /// Takes the end of the connection, once `next()` has returned nil.
    ///
    /// Returns the end of a response that lasts as long as the connection does; nil if no response is
    /// due. It may be called until it returns nil.
    ///
    /// - Throws: `.remoteProtocol` if the response is incomplete.
    mutating func endOfStream() throws(HTTPTransferError) -> HTTP1ResponsePart? {
        defer { if isIdle { state = .idle(mayReuse: false) } }
        if let part = try next() { return part }
        do {
            return try endBody()
        } catch {
            throw failed(error)
        }
    }

    /// Removes what arrived after the head that opened a tunnel.
    mutating func takeRest() -> ByteBuffer {
        isTunnel ? input.takeRest() : ByteBuffer()
    }
}

extension HTTP1ResponseParser {
    private mutating func failed(_ fault: HTTP1Fault) -> HTTPTransferError {
        state = .failed(fault)
        input = HTTP1InputBuffer()
        return HTTPTransferError(fault, origin: origin)
    }

    private mutating func read() throws(HTTP1Fault) -> HTTP1ResponsePart? {
        // No `switch` that would hold on to the state, and so have each line copy the fields.
        if let part = try readHead() { return part }
        if let part = try readChunks() { return part }
        switch state {
        case .body(let body, let isPersistent): return read(body, isPersistent)
        case .failed(let fault): throw fault
        case .idle, .head, .tunnel: return nil
        }
    }

    private mutating func readHead() throws(HTTP1Fault) -> HTTP1ResponsePart? {
        guard case .head(var reader) = state else { return nil }
        state = .idle(mayReuse: false)  // Or each line would copy the fields.
        while true {
            try input.withBytes(reader.check(beginning:))
            let step = try input.withLine(limit: limits.line) { (line) throws(HTTP1Fault) in
                try reader.take(line)
            }
            switch step {
            case .incomplete?: continue
            case .head(let head, let framing)?:
                begin(framing)
                return .head(head)
            case .informational(let head)?:
                state = .head(reader)
                return .informational(head)
            case nil:
                state = .head(reader)
                return nil
            }
        }
    }

    private mutating func begin(_ framing: HTTP1Framing) {
        let isPersistent = framing.isPersistent
        switch framing.body {
        case .empty: state = .body(.length(left: 0, of: 0), isPersistent: isPersistent)
        case .length(let length):
            state = .body(.length(left: length, of: length), isPersistent: isPersistent)
        case .chunked: state = .body(.chunked(HTTP1ChunkReader()), isPersistent: isPersistent)
        case .untilClose: state = .body(.untilClose, isPersistent: isPersistent)
        case .tunnel: state = .tunnel
        }
    }

    private mutating func read(
        _ body: Body,
        _ isPersistent: Bool
    ) -> HTTP1ResponsePart? {
        switch body {
        case .length(0, _):
            return end([], isPersistent)
        case .length(let left, let length):
            guard let piece = input.piece(atMost: left) else { return nil }
            let body = Body.length(left: left - piece.readableBytes, of: length)
            state = .body(body, isPersistent: isPersistent)
            return .body(piece)
        case .chunked:
            return nil
        case .untilClose:
            return input.piece(atMost: .max).map { .body($0) }
        }
    }

    private mutating func readChunks() throws(HTTP1Fault) -> HTTP1ResponsePart? {
        guard case .body(.chunked(var reader), let isPersistent) = state else { return nil }
        state = .idle(mayReuse: false)  // Or each line of the trailers would copy them.
        let step = try reader.next(from: &input, limits: limits)
        if case .end(let trailers)? = step {
            return end(trailers.fields, isPersistent && !trailers.isAmbiguous)
        }
        state = .body(.chunked(reader), isPersistent: isPersistent)
        guard case .piece(let piece)? = step else { return nil }
        return .body(piece)
    }

    private mutating func end(
        _ trailers: [HTTPHeaderField],
        _ isPersistent: Bool
    ) -> HTTP1ResponsePart {
        state = .idle(mayReuse: isPersistent && input.isEmpty)
        input = HTTP1InputBuffer()
        return .end(trailers)
    }

    /// What the end of the connection means to a response that is not complete.
    private mutating func endBody() throws(HTTP1Fault) -> HTTP1ResponsePart? {
        switch state {
        case .idle, .tunnel:
            return nil
        case .head(let reader):
            throw reader.isAtStart && input.isEmpty ? .noResponse : .incompleteHead
        case .body(.untilClose, _):
            return end([], false)
        case .body(.chunked(let reader), _):
            guard let trailers = reader.trailers else {
                throw .incompleteChunks(received: reader.received)
            }
            return end(trailers.fields, false)
        case .body(.length(let left, let length), _):
            throw .incompleteBody(received: length - left, expected: length)
        case .failed(let fault):
            throw fault
        }
    }
}
