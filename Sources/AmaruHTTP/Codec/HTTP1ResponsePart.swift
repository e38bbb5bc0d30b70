// What a response consists of.
// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// A part of a response, in the order in which the parser returns them.
///
/// A response is any number of informational heads, one head, any number of pieces of the body,
/// and the end. After a head that opens a tunnel (101, or a 2xx to CONNECT) there is no end.
enum HTTP1ResponsePart: Sendable, Hashable {
    /// A head that another one follows: 100, 102, 103 and the like, but not 101.
    case informational(HTTP1ResponseHead)
    /// The head of the response; 101 too, which ends HTTP on the connection.
    case head(HTTP1ResponseHead)
    /// A piece of the body, never empty. It shares the memory of what arrived.
    case body(ByteBuffer)
    /// The end of the response, with the fields that a chunked body may have after it.
    case end([HTTPHeaderField])
}
