// What the tests of the network share.
// SPDX-License-Identifier: Apache-2.0

import AmaruHTTP
import AmaruTesting
import Foundation
import Testing

/// Runs a test against a scripted server, and makes sure that nothing is left in flight.
func withServer(
    _ server: ScriptedServer,
    _ configuration: HTTPBackendConfiguration = HTTPBackendConfiguration(),
    sourceLocation: SourceLocation = #_sourceLocation,
    _ body: (NIOHTTPBackend) async throws -> Void
) async throws {
    try await server.start()
    let backend = NIOHTTPBackend(configuration)
    do {
        try await body(backend)
    } catch {
        await backend.shutDown()
        await server.shutDown()
        throw error
    }
    await backend.shutDown()
    await server.shutDown()
    #expect(backend.inFlight == 0, sourceLocation: sourceLocation)
}

extension ScriptedServer {
    func request(
        _ method: String = "GET",
        _ path: String = "/",
        headers: [HTTPHeaderField] = [],
        body: HTTPTransferRequest.Body = .none,
        timeouts: HTTPTimeouts = .unlimited
    ) -> HTTPTransferRequest {
        HTTPTransferRequest(
            method: method,
            url: url + path,
            headers: headers,
            body: body,
            timeouts: timeouts
        )
    }
}

extension HTTPExchange {
    /// Reads the rest of the body.
    func rest() async throws(HTTPTransferError) -> Data {
        var body = Data()
        while let piece = try await read() { body += piece }
        return body
    }

    func text() async throws(HTTPTransferError) -> String {
        String(decoding: try await rest(), as: UTF8.self)
    }

    /// Reads until so many bytes are there.
    func text(ofAtLeast count: Int) async throws(HTTPTransferError) -> String {
        var body = Data()
        while body.count < count, let piece = try await read() { body += piece }
        return String(decoding: body, as: UTF8.self)
    }

    /// Reads everything and returns the error that comes instead of the end.
    func failure() async -> HTTPTransferError? {
        do throws(HTTPTransferError) {
            _ = try await head()
            _ = try await rest()
            return nil
        } catch {
            return error
        }
    }
}

extension HTTPStack {
    /// A stack with these routes and nothing else.
    convenience init(over engine: any HTTPBackend, routes: OriginRoutes) throws(HTTPFileError) {
        var layers = Layers()
        layers.routes = routes
        try self.init(over: engine, layers: layers)
    }
}
