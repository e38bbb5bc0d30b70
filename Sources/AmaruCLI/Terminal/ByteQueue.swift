// Bytes read and not yet used.
// SPDX-License-Identifier: Apache-2.0

/// A first-in-first-out queue of bytes that finds lines without looking twice.
struct ByteQueue: Sendable {
    private var bytes: [UInt8] = []
    private var head = 0
    private var searched = 0

    /// The bytes that wait.
    var count: Int { bytes.count - head }

    mutating func append(_ chunk: some Sequence<UInt8>) {
        bytes.append(contentsOf: chunk)
    }

    mutating func popFirst() -> UInt8? {
        guard head < bytes.count else { return nil }
        defer { dropFirst(1) }
        return bytes[head]
    }

    /// Takes the first line, without its newline (and the carriage return before it).
    mutating func popLine() -> String? {
        guard let end = bytes[max(head, searched)...].firstIndex(of: 0x0A) else {
            searched = bytes.count
            return nil
        }
        let isReturned = end > head && bytes[end - 1] == 0x0D
        let line = String(decoding: bytes[head..<(isReturned ? end - 1 : end)], as: UTF8.self)
        dropFirst(end + 1 - head)
        return line
    }

    /// Takes all bytes as the last line, which nothing ended; nil if there are none.
    mutating func popRest() -> String? {
        guard count > 0 else { return nil }
        defer { self = ByteQueue() }
        return String(decoding: bytes[head...], as: UTF8.self)
    }

    private mutating func dropFirst(_ count: Int) {
        head += count
        // Moving the rest only when half is used keeps the cost per byte constant.
        guard head * 2 >= bytes.count else { return }
        bytes.removeFirst(head)
        searched = max(0, searched - head)
        head = 0
    }
}
