// A body in chunks.
// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Reads a chunked body.
///
/// The rule is https://www.rfc-editor.org/rfc/rfc9112#section-7.1. Like http.client it allows zeros before a size, blanks around it and LF after it, and ignores
/// extensions. It allows no sign, prefix or underscore, which only Python's `int` reads, and after
/// the data nothing but CR LF: LF would hide a size that is wrong by one.
struct HTTP1ChunkReader {
    enum Step {
        case piece(ByteBuffer)
        case end(HTTP1FieldSection)
    }

    private enum Place {
        case size
        case data(left: Int)
        case endOfData
        case trailers(HTTP1FieldSection)
    }

    private var place = Place.size
    /// Bytes of the body so far.
    private(set) var received = 0

    /// The trailers so far, if the last chunk was read: the body is complete then, even if the
    /// connection ends before the trailers do. https://www.rfc-editor.org/rfc/rfc9112#section-8
    var trailers: HTTP1FieldSection? {
        guard case .trailers(let section) = place else { return nil }
        return section
    }

    /// Reads the next piece or the end; nil if more has to arrive first.
    mutating func next(
        from input: inout HTTP1InputBuffer,
        limits: HTTP1ResponseLimits
    ) throws(HTTP1Fault) -> Step? {
        while true {
            switch place {
            case .size:
                let size = try input.withLine(limit: limits.line, Self.size)
                guard let size else { return nil }
                place = size > 0 ? .data(left: size) : .trailers(HTTP1FieldSection())
            case .data(let left):
                return input.piece(atMost: left).map { advance($0, of: left) }
            case .endOfData:
                guard try input.skipEndOfChunk() else { return nil }
                place = .size
            case .trailers:
                return try readTrailers(&input, limits)
            }
        }
    }

    private mutating func advance(_ piece: ByteBuffer, of left: Int) -> Step {
        let rest = left - piece.readableBytes
        received += piece.readableBytes
        place = rest > 0 ? .data(left: rest) : .endOfData
        return .piece(piece)
    }

    private mutating func readTrailers(
        _ input: inout HTTP1InputBuffer,
        _ limits: HTTP1ResponseLimits
    ) throws(HTTP1Fault) -> Step? {
        guard case .trailers(var section) = place else { return nil }
        place = .size  // Or each line would copy the fields.
        while true {
            let isLast = try input.withLine(limit: limits.line) { (line) throws(HTTP1Fault) in
                if !line.isEmpty { try section.add(line, limit: limits.fields) }
                return line.isEmpty
            }
            if isLast == true { return .end(section) }
            if isLast == nil { break }
        }
        place = .trailers(section)
        return nil
    }

    private static func size(_ line: UnsafeRawBufferPointer) throws(HTTP1Fault) -> Int {
        let end = line.offset(of: UInt8(ascii: ";")) ?? line.count
        let digits = line[..<end].trimmed(of: HTTP1Syntax.isBlank)
        guard let size = Int(hexadecimal: digits) else { throw .chunkSize }
        return size
    }
}
