// Has bodies written no faster than clients take them.
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import NIOCore

/// Lets the next piece of a body be made once the connection has had the one before.
///
/// NIO's writer hands a piece to the connection's thread, which tells it that the client takes no
/// more only after that: a task that is faster is let write several mebibytes until then.
struct PacedBodies: RouterMiddleware {
    /// The bytes of a write from which on it is paced.
    var least = 0

    func handle(
        _ request: Request,
        context: ServeContext,
        next: @concurrent (Request, ServeContext) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        response.body = ResponseBody(contentLength: response.body.contentLength) {
            [body = response.body, eventLoop = context.eventLoop] writer in
            try await body.write(PacedWriter(writer: writer, eventLoop: eventLoop, least: least))
        }
        return response
    }
}

struct PacedWriter: ResponseBodyWriter {
    /// The most bytes that are written at once.
    private static let pieceSize = 32 << 10

    var writer: any ResponseBodyWriter
    let eventLoop: any EventLoop
    let least: Int

    @concurrent mutating func write(_ buffer: ByteBuffer) async throws {
        guard buffer.readableBytes >= least else { return try await writer.write(buffer) }
        let isWhole = buffer.readableBytes <= Self.pieceSize
        var rest = buffer
        while let piece = rest.readSlice(length: min(rest.readableBytes, Self.pieceSize)),
            piece.readableBytes > 0
        {
            // Memory of its own: until a slice is taken, it keeps all that it is cut from.
            try await writer.write(isWhole ? piece : ByteBuffer(buffer: piece))
            try await eventLoop.submit {}.get()
        }
    }

    @concurrent consuming func finish(_ trailingHeaders: HTTPFields?) async throws {
        try await writer.finish(trailingHeaders)
    }
}
