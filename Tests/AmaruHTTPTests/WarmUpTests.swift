// Connections made ahead of requests.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting
import Foundation
import Testing

@testable import AmaruHTTP

@Suite(.timeLimit(.minutes(5)))
struct WarmUpTests {
    @Test func `The first request finds the connection, on which nothing was sent`()
        async throws
    {
        let server = ScriptedServer([.text("quick")])
        try await withServer(server) { (backend) async throws in
            await backend.prepare(for: try HTTPOrigin(parsing: server.url), within: nil)
            try await server.connections(reach: 1)
            #expect(server.requests.isEmpty)
            #expect(try await backend.open(server.request()).text() == "quick")
            #expect(server.connectionCount == 1)
            #expect(server.requests.count == 1)
        }
    }

    @Test(.enabled(if: TestCertificates.isAvailable, "the openssl command is not on the PATH"))
    func `The connection is prepared with TLS, and through a proxy`() async throws {
        let authority = try TestCertificates()
        let certificate = try authority.issue(for: ["DNS:example.internal"])
        let server = ScriptedServer([.text("private")], certificate: certificate)
        try await server.start()
        let proxy = TunnelServer(to: server.port)
        var configuration = HTTPBackendConfiguration()
        configuration.trustRoots = .paths([certificate.authority])
        configuration.proxies.https = HTTPProxy(host: "127.0.0.1", port: try await proxy.start())
        let backend = NIOHTTPBackend(configuration)
        await backend.prepare(for: try HTTPOrigin(parsing: "https://example.internal"), within: nil)
        let request = HTTPTransferRequest(method: "GET", url: "https://example.internal/")
        #expect(try await backend.open(request).text() == "private")
        #expect(server.connectionCount == 1)
        #expect(proxy.heads.count == 1)
        await backend.shutDown()
        await proxy.shutDown()
        await server.shutDown()
    }

    @Test(.enabled(if: TestCertificates.isAvailable, "the openssl command is not on the PATH"))
    func `The authorities are read ahead of the first request`() async throws {
        let authority = try TestCertificates()
        let certificate = try authority.issue(for: ["IP:127.0.0.1"])
        let server = ScriptedServer([.text("private")], certificate: certificate)
        var configuration = HTTPBackendConfiguration()
        configuration.trustRoots = .paths([certificate.authority])
        try await withServer(server, configuration) { (backend) async throws in
            await backend.warmUp()
            try FileManager.default.removeItem(atPath: certificate.authority)
            #expect(try await backend.open(server.request()).text() == "private")
        }
    }

    @Test func `Requests that come meanwhile are not disturbed`() async throws {
        let server = ScriptedServer([.text("fine")])
        try await withServer(server) { (backend) async throws in
            let origin = try HTTPOrigin(parsing: server.url)
            async let prepared: Void = backend.prepare(for: origin, within: nil)
            async let again: Void = backend.prepare(for: origin, within: nil)
            for _ in 0..<20 {
                #expect(try await backend.open(server.request()).text() == "fine")
            }
            await prepared
            await again
            #expect(server.requests.count == 20)
        }
    }

    @Test func `What cannot be prepared is no error`() async throws {
        let port = try await ScriptedServer.refusingPort()
        let backend = NIOHTTPBackend()
        await backend.prepare(for: try HTTPOrigin(parsing: "http://127.0.0.1:\(port)"), within: nil)
        await backend.prepare(
            for: try HTTPOrigin(parsing: "https://no-such-host.invalid"),
            within: nil
        )
        await backend.shutDown()
    }
}
