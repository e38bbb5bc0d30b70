// What has arrived on a connection and was not read yet.
// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// The unread bytes of a connection, read by lines and by pieces.
///
/// Lines are lent for the time of a closure, pieces share the memory of what arrived; nothing is
/// copied unless bytes arrive while a line is incomplete.
struct HTTP1InputBuffer {
    private var bytes = ByteBuffer()
    /// So many of the first bytes are known to hold no line feed: none is searched twice.
    private var searched = 0

    var isEmpty: Bool { bytes.readableBytes == 0 }

    mutating func append(_ arrived: ByteBuffer) {
        guard !isEmpty else { return bytes = arrived }
        // Or a copy would include what was read already, if pieces share the memory.
        bytes.discardReadBytes()
        bytes.writeImmutableBuffer(arrived)
    }

    /// Lends the next line without its end, which is LF or CR LF; nil if there is no whole line.
    mutating func withLine<Value>(
        limit: Int,
        _ body: (UnsafeRawBufferPointer) throws(HTTP1Fault) -> Value
    ) throws(HTTP1Fault) -> Value? {
        guard let length = try lengthOfLine(limit: limit) else { return nil }
        searched = 0
        let line = bytes.readSlice(length: length) ?? ByteBuffer()
        bytes.moveReaderIndex(forwardBy: 1)
        return try line.withUnsafeReadableBytes { (line) throws(HTTP1Fault) in
            let hasReturn = line.last == HTTP1Syntax.carriageReturn
            return try body(UnsafeRawBufferPointer(rebasing: line.dropLast(hasReturn ? 1 : 0)))
        }
    }

    /// Removes the CR LF after the data of a chunk; returns whether it has arrived.
    mutating func skipEndOfChunk() throws(HTTP1Fault) -> Bool {
        let isPossible = bytes.withUnsafeReadableBytes { unread in
            "\r\n".utf8.starts(with: unread.prefix(2))
        }
        guard isPossible else { throw .chunkEnd }
        guard bytes.readableBytes >= 2 else { return false }
        bytes.moveReaderIndex(forwardBy: 2)
        searched = 0
        return true
    }

    /// Lends all unread bytes.
    func withBytes<Value>(
        _ body: (UnsafeRawBufferPointer) throws(HTTP1Fault) -> Value
    ) throws(HTTP1Fault) -> Value {
        try bytes.withUnsafeReadableBytes(body)
    }

    /// Removes at most that many bytes; nil if the buffer is empty.
    mutating func piece(atMost count: Int) -> ByteBuffer? {
        searched = 0
        return isEmpty ? nil : bytes.readSlice(length: min(count, bytes.readableBytes))
    }

    /// Removes everything.
    mutating func takeRest() -> ByteBuffer {
        defer { self = HTTP1InputBuffer() }
        return bytes.slice()
    }

    private mutating func lengthOfLine(limit: Int) throws(HTTP1Fault) -> Int? {
        let found = bytes.withUnsafeReadableBytes { unread in
            unread.offset(of: HTTP1Syntax.lineFeed, from: searched)
        }
        guard found ?? bytes.readableBytes <= limit else { throw .lineTooLong(limit: limit) }
        searched = bytes.readableBytes
        return found
    }
}
