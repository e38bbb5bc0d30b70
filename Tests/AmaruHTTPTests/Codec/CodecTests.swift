// What the tests of the codec share: rows of tables, and what a parser makes of some bytes.
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing

@testable import AmaruHTTP

/// The codec of HTTP/1.1; each of its files has a suite in here.
@Suite struct CodecTests {}

/// Everything that a parser says about the response to one request.
struct ParserOutcome: Hashable {
    var informational: [HTTP1ResponseHead] = []
    var head: HTTP1ResponseHead?
    var body: [UInt8] = []
    var trailers: [HTTPHeaderField]?
    var failure: HTTPTransferError?
    var mayReuse = false
    var isTunnel = false
    var rest: [UInt8] = []

    /// Feeds a new parser these pieces, and the end of the connection if it ends.
    init(
        of pieces: [ArraySlice<UInt8>],
        method: String = "GET",
        closes: Bool = false,
        limits: HTTP1ResponseLimits = .standard
    ) {
        var parser = HTTP1ResponseParser(limits: limits)
        parser.expect(method: method)
        do throws(HTTPTransferError) {
            for piece in pieces {
                parser.append(ByteBuffer(bytes: piece))
                while let part = try parser.next() { add(part) }
            }
            if closes { while let part = try parser.endOfStream() { add(part) } }
        } catch {
            failure = error
        }
        mayReuse = parser.mayReuse
        isTunnel = parser.isTunnel
        rest = Array(parser.takeRest().readableBytesView)
    }

    private mutating func add(_ part: HTTP1ResponsePart) {
        switch part {
        case .informational(let head): informational.append(head)
        case .head(let head): self.head = head
        case .body(let piece): body += piece.readableBytesView
        case .end(let trailers): self.trailers = trailers
        }
    }
}

/// A row of a table: some bytes, and what the parser is to make of them.
struct CodecRow: CustomTestStringConvertible, Sendable {
    enum Expectation: Sendable {
        /// A response, whole. Of the fields and trailers only those named are compared, if any are.
        case reads(
            _ body: String = "",
            status: Int = 200,
            reason: String? = nil,
            fields: [String]? = nil,
            trailers: [String] = [],
            informational: [Int] = [],
            reuse: Bool = true
        )
        /// An error whose message has these words.
        case refuses(String)
        /// More has to arrive.
        case waits
        /// A tunnel, with these bytes in it.
        case tunnels(String, status: Int)
    }

    let testDescription: String
    let bytes: [UInt8]
    let method: String
    let closes: Bool
    let expectation: Expectation

    /// Makes a row; each scalar of the text is a byte.
    init(
        _ name: String,
        _ text: String,
        method: String = "GET",
        closes: Bool = false,
        _ expectation: Expectation
    ) {
        testDescription = name
        bytes = Latin1.bytes(text) ?? []
        (self.method, self.closes, self.expectation) = (method, closes, expectation)
    }

    func outcome(of pieces: [ArraySlice<UInt8>]) -> ParserOutcome {
        ParserOutcome(of: pieces, method: method, closes: closes)
    }

    /// Compares what the parser makes of the bytes, in one piece, to what is expected.
    func check() {
        let outcome = outcome(of: [bytes[...]])
        switch expectation {
        case .reads(
            let body,
            let status,
            let reason,
            let fields,
            let trailers,
            let early,
            let reuse
        ):
            #expect(outcome.failure == nil)
            #expect(outcome.head?.status == status)
            if let reason { #expect(outcome.head?.reason == Latin1.bytes(reason)) }
            if let fields { #expect(outcome.head?.fields.map(\.line) == fields) }
            #expect(Latin1.text(outcome.body) == body)
            #expect(outcome.trailers?.map(\.line) == trailers)
            #expect(outcome.informational.map(\.status) == early)
            #expect(outcome.mayReuse == reuse)
        case .refuses(let words):
            #expect(outcome.failure?.code == .remoteProtocol)
            #expect(outcome.failure?.message.contains(words) == true, "\(outcome)")
            #expect(outcome.trailers == nil)
            #expect(!outcome.mayReuse)
        case .waits:
            #expect(outcome.failure == nil)
            #expect(outcome.trailers == nil)
            #expect(!outcome.mayReuse)
        case .tunnels(let rest, let status):
            #expect(outcome.failure == nil)
            #expect(outcome.head?.status == status)
            #expect(outcome.isTunnel)
            #expect(outcome.trailers == nil)
            #expect(Latin1.text(outcome.rest) == rest)
        }
    }
}

extension HTTPHeaderField {
    /// The field as a line of a head, each byte a scalar.
    var line: String { "\(name): \(Latin1.text(bytes))" }
}

extension CodecTests {
    /// A head of these lines, with a body of five bytes.
    static func five(_ lines: String..., status: String = "HTTP/1.1 200 OK") -> String {
        ([status] + lines + ["Content-Length: 5"]).joined(separator: "\r\n") + "\r\n\r\nhello"
    }

    /// A head with these lines and nothing else.
    static func head(_ lines: String..., status: String = "HTTP/1.1 200 OK") -> String {
        ([status] + lines).joined(separator: "\r\n") + "\r\n\r\n"
    }

    static let chunked = head("Transfer-Encoding: chunked")
    static let early = "peer closed connection without sending complete message body"

    /// Every row of every table: whatever holds for any bytes is tested with these.
    static let rows: [CodecRow] =
        StatusLine.rows + Fields.rows + Framing.rows + Chunks.rows + Parser.rows
}
