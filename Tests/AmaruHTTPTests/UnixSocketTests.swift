// Servers at Unix sockets.
// SPDX-License-Identifier: Apache-2.0

import AmaruHTTP
import AmaruTesting
import Foundation
import Testing

@Suite(.timeLimit(.minutes(5)))
struct UnixSocketTests {
    let path = "/tmp/amaru %41 \(UUID().uuidString.prefix(8)).sock"

    func request(_ url: String) -> HTTPTransferRequest {
        var request = HTTPTransferRequest(method: "GET", url: url)
        request.connection.unixSocket = path
        return request
    }

    @Test func `The request goes to the socket as it is, and the connection is kept`()
        async throws
    {
        let server = ScriptedServer([.text("local")])
        try await server.start(at: path)
        var configuration = HTTPBackendConfiguration()
        configuration.proxies.http = HTTPProxy(host: "no-such-proxy.invalid", port: 1)
        let backend = NIOHTTPBackend(configuration)
        for _ in 0..<2 {
            let exchange = backend.open(request("http://docker.example:99/v1/a%2Fb?c=d"))
            #expect(try await exchange.text() == "local")
        }
        #expect(server.requests[0].path == "/v1/a%2Fb?c=d")
        #expect(server.requests[0].header("Host") == "docker.example:99")
        #expect(server.connectionCount == 1)
        await backend.shutDown()
        await server.shutDown()
    }

    @Test(.enabled(if: TestCertificates.isAvailable, "the openssl command is not on the PATH"))
    func `TLS is spoken over a socket, with the name of the URL`() async throws {
        let authority = try TestCertificates()
        defer { withExtendedLifetime(authority) {} }
        let certificate = try authority.issue(for: ["DNS:service.internal"])
        let server = ScriptedServer([.text("private")], certificate: certificate)
        try await server.start(at: path)
        var configuration = HTTPBackendConfiguration()
        configuration.trustRoots = .paths([certificate.authority])
        let backend = NIOHTTPBackend(configuration)
        #expect(try await backend.open(request("https://service.internal/")).text() == "private")
        let failure = try #require(await backend.open(request("https://other.internal/")).failure())
        #expect(failure.code == .connect)
        #expect(failure.message.contains("another host name"), "\(failure)")
        await backend.shutDown()
        await server.shutDown()
    }

    @Test(arguments: ["http", "https"])
    func `A socket that is not there is a failure to connect`(_ scheme: String) async throws {
        let backend = NIOHTTPBackend()
        let failure = try #require(await backend.open(request("\(scheme)://example/")).failure())
        #expect(failure.code == .connect)
        #expect(failure.message.contains("No such file"), "\(failure)")
        #expect(failure.message.contains(path), "\(failure)")
        await backend.shutDown()
    }
}
