// Bytes of a program's output, cut into lines.
// SPDX-License-Identifier: Apache-2.0

/// Cuts a stream of bytes into lines of bounded length.
///
/// A carriage return ends a line too: progress bars redraw themselves with it. Invalid UTF-8 is
/// repaired; empty lines are dropped.
struct LineSplitter {
    /// The bytes after which a line is cut.
    static let maximumLineLength = 64 * 1024

    private var partial: [UInt8] = []

    /// Takes a chunk and returns the lines that it completes.
    mutating func feed(_ bytes: some Sequence<UInt8>) -> [String] {
        var lines: [String] = []
        for byte in bytes {
            if byte == 0x0A || byte == 0x0D {
                lines += finish()
                continue
            }
            partial.append(byte)
            if partial.count >= Self.maximumLineLength { lines += finish() }
        }
        return lines
    }

    /// Returns the line that no newline ended, if there is one.
    mutating func finish() -> [String] {
        guard !partial.isEmpty else { return [] }
        defer { partial.removeAll(keepingCapacity: true) }
        return [String(decoding: partial, as: UTF8.self)]
    }
}
