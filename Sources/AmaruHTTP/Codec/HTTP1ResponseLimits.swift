// How much of a response, apart from its body, the parser accepts.
// SPDX-License-Identifier: Apache-2.0

/// The bounds of what the parser keeps or skips while it waits for the end of a head.
///
/// http.client allows 100 lines of 64 KiB, and h11 100 KiB for a head (as httpx sets it up). These
/// limits are wider, but for the sum of http.client's, which nobody sends.
struct HTTP1ResponseLimits: Sendable {
    static let standard = HTTP1ResponseLimits()

    /// Bytes of a line: a status line, a header field, the size of a chunk with its extensions.
    var line = 128 * 1024
    /// Bytes of all the fields of a head, and again of the trailers.
    var fields = 1024 * 1024
    /// Empty lines before a status line.
    var emptyLines = 16
    /// Informational heads before the head of the response.
    var informational = 1000
}
