// Compression of what is sent often.
// SPDX-License-Identifier: Apache-2.0

import CZlib

/// Gzip as RFC 1952 defines it.
enum Gzip {
    /// Returns all of the bytes compressed; nil if zlib fails.
    static func compress(_ bytes: [UInt8]) -> [UInt8]? {
        var stream = z_stream()
        guard amaru_gzip_begin(&stream) == Z_OK else { return nil }
        defer { deflateEnd(&stream) }
        var (input, output) = (bytes, [UInt8](repeating: 0, count: bytes.count + 1024))
        let room = output.count
        return input.withUnsafeMutableBufferPointer { input in
            output.withUnsafeMutableBufferPointer { output in
                stream.next_in = input.baseAddress
                stream.avail_in = UInt32(input.count)
                stream.next_out = output.baseAddress
                stream.avail_out = UInt32(output.count)
                guard deflate(&stream, Z_FINISH) == Z_STREAM_END else { return nil }
                return Array(output.prefix(room - Int(stream.avail_out)))
            }
        }
    }
}
