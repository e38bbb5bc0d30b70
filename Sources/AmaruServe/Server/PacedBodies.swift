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
    func handle(
        _ request: Request,
        context: ServeContext,
        next: @concurrent (Request, ServeContext) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        response.body = ResponseBody(contentLength: response.body.contentLength) {
            [body = response.body, eventLoop = context.eventLoop] writer in
            try await body.write(PacedWriter(writer: writer, eventLoop: eventLoop))
        }
        return response
    }
}

private struct PacedWriter: ResponseBodyWriter {
    var writer: any ResponseBodyWriter
    let eventLoop: any EventLoop

    @concurrent mutating func write(_ buffer: ByteBuffer) async throws {
        try await writer.write(buffer)
        try await eventLoop.submit {}.get()
    }

    @concurrent consuming func finish(_ trailingHeaders: HTTPFields?) async throws {
        try await writer.finish(trailingHeaders)
    }
}
