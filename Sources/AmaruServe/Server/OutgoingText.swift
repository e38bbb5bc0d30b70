// Text for a client, with bytes in it that are encoded as the client takes them.
// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import NIOCore

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A text to be sent, in which some parts are bytes that become base64.
///
/// A picture of an answer is a third larger as text: encoded piece by piece, a client that takes
/// nothing holds one piece of it, and the bytes that all share.
struct OutgoingText: Sendable {
    private struct Part {
        let text: String
        /// What follows the text, as base64.
        let bytes: Data
    }

    /// The bytes that are encoded at once: a multiple of three, so that no piece is padded but the
    /// last.
    private static let step = 48 << 10
    /// From this size on, in bytes, a piece is sent.
    private static let pieceSize = 64 << 10

    private var parts: [Part] = []
    /// What follows the parts.
    var end = ""

    init(_ text: String = "") { end = text }

    /// Adds bytes as base64.
    mutating func append(base64 bytes: Data) {
        parts.append(Part(text: end, bytes: bytes))
        end = ""
    }

    /// Adds another text.
    mutating func append(_ other: OutgoingText) {
        guard let first = other.parts.first else {
            end += other.end
            return
        }
        parts.append(Part(text: end + first.text, bytes: first.bytes))
        parts += other.parts.dropFirst()
        end = other.end
    }

    /// The number of bytes on the wire.
    var count: Int {
        parts.reduce(end.utf8.count) { $0 + $1.text.utf8.count + ($1.bytes.count + 2) / 3 * 4 }
    }

    /// The text in pieces, each made when it is asked for.
    var pieces: some Sequence<ByteBuffer> {
        let state = (parts: parts[...], taken: 0, end: Optional(end))
        return sequence(state: state) { rest in
            var piece = ByteBuffer()
            while piece.readableBytes < Self.pieceSize, let part = rest.parts.first {
                if rest.taken == 0 { piece.writeString(part.text) }
                let bytes = part.bytes.dropFirst(rest.taken).prefix(Self.step)
                piece.writeString(bytes.base64EncodedString())
                rest.taken += bytes.count
                guard rest.taken == part.bytes.count else { continue }
                (rest.parts, rest.taken) = (rest.parts.dropFirst(), 0)
            }
            if rest.parts.isEmpty, let end = rest.end {
                piece.writeString(end)
                rest.end = nil
            }
            return piece.readableBytes > 0 ? piece : nil
        }
    }
}

extension OutgoingText: Equatable {
    static func == (one: OutgoingText, other: OutgoingText) -> Bool { "\(one)" == "\(other)" }
}

extension OutgoingText: CustomStringConvertible, ExpressibleByStringLiteral {
    init(stringLiteral text: String) { self.init(text) }

    /// The whole text.
    var description: String {
        parts.isEmpty ? end : pieces.map { String(buffer: $0) }.joined()
    }
}

extension ResponseBodyWriter {
    /// Writes a text; each piece is encoded once those before it are taken.
    @concurrent mutating func write(_ text: OutgoingText) async throws {
        // `write(contentsOf:)` would have all pieces made first.
        for piece in text.pieces { try await write(piece) }
    }
}

extension ResponseBody {
    /// A body that is a text.
    init(_ text: OutgoingText) {
        self.init(contentLength: text.count) { body in
            try await body.write(text)
            try await body.finish(nil)
        }
    }
}
