// TLS that is set up on a connection that has left HTTP.
// SPDX-License-Identifier: Apache-2.0

import AmaruHTTP
import AmaruTesting
import Foundation
import Testing

@Suite(.timeLimit(.minutes(5)), .enabled(if: TestCertificates.isAvailable))
struct TunnelTLSTests {
    let certificate: TestCertificate
    private let authority: TestCertificates

    init() throws {
        authority = try TestCertificates()
        certificate = try authority.issue(for: ["DNS:localhost", "IP:127.0.0.1"])
    }

    /// Runs a test on a tunnel to a server that speaks TLS.
    func withTunnel(
        to target: String = "localhost:443",
        _ body: (any HTTPExchange, HTTPConnectionOptions) async throws -> Void
    ) async throws {
        let server = ScriptedServer([.text("private")], certificate: certificate)
        try await withServer(server) { (backend) async throws in
            let proxy = TunnelServer(to: server.port)
            let port = try await proxy.start()
            let exchange = backend.open(TunnelTests.connect(port, to: target))
            #expect(try await exchange.head().status == 200)
            var options = HTTPConnectionOptions()
            options.trust = .file(certificate.authority)
            try await body(exchange, options)
            exchange.cancel()
            await exchange.closed()
            await proxy.shutDown()
        }
    }

    @Test(arguments: [("localhost:443", nil), ("other:443", "localhost"), ("127.0.0.1:1", nil)])
    func `What is read and written then is encrypted`(
        _ target: String,
        _ name: String?
    ) async throws {
        try await withTunnel(to: target) { (exchange, options) async throws in
            var options = options
            options.serverName = name
            try await exchange.startTLS(options, within: patience)
            let request = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
            try await exchange.write(Data(request.utf8))
            let answer = try await exchange.text(ofAtLeast: 50)
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n") && answer.hasSuffix("private"))
        }
    }

    @Test(arguments: [("other.example:443", "another host name"), ("127.0.0.2:443", "127.0.0.2")])
    func `A certificate for another server is refused, and the exchange with it`(
        _ target: String,
        _ text: String
    ) async throws {
        try await withTunnel(to: target) { (exchange, options) async throws in
            let failure = await #expect(throws: HTTPTransferError.self) {
                try await exchange.startTLS(options)
            }
            #expect(failure?.code == .connect)
            #expect(failure?.message.contains(text) == true, "\(String(describing: failure))")
            #expect(await exchange.failure()?.code == .connect)
        }
    }

    @Test func `An authority that is not trusted is refused`() async throws {
        try await withTunnel { (exchange, _) async throws in
            let failure = await #expect(throws: HTTPTransferError.self) {
                try await exchange.startTLS()
            }
            #expect(failure?.message.contains("CERTIFICATE_VERIFY_FAILED") == true)
        }
    }

    @Test func `A server that does not answer is waited for as long as allowed`() async throws {
        let switching = TunnelTests.switching
        let server = ScriptedServer([.raw(switching, .wait(Gate()))])
        try await withServer(server) { (backend) async throws in
            let exchange = backend.open(TunnelTests.upgrade(server.port))
            _ = try await exchange.head()
            let failure = await #expect(throws: HTTPTransferError.self) {
                try await exchange.startTLS(within: TunnelTests.short)
            }
            #expect(failure?.code == .connectTimeout)
            try await server.closedConnections(reach: 1)
        }
    }

    @Test func `A cancelled handshake closes the connection`() async throws {
        let server = ScriptedServer([.raw(TunnelTests.switching, .wait(Gate()))])
        try await withServer(server) { (backend) async throws in
            let exchange = backend.open(TunnelTests.upgrade(server.port))
            _ = try await exchange.head()
            let task = Task { try await exchange.startTLS() }
            task.cancel()
            await #expect(throws: HTTPTransferError.self) { try await task.value }
            try await server.closedConnections(reach: 1)
        }
    }

    @Test func `Neither HTTP nor bytes that are not read allow it`() async throws {
        let server = ScriptedServer([
            .text("plain"), .raw(TunnelTests.switching + "unread", .wait(Gate())),
        ])
        try await withServer(server) { (backend) async throws in
            let plain = backend.open(server.request())
            _ = try await plain.head()
            let first = await #expect(throws: HTTPTransferError.self) { try await plain.startTLS() }
            #expect(first?.code == .localProtocol)
            #expect(try await plain.text() == "plain")
            let raw = backend.open(TunnelTests.upgrade(server.port))
            _ = try await raw.head()
            let second = await #expect(throws: HTTPTransferError.self) { try await raw.startTLS() }
            #expect(second?.code == .localProtocol)
            #expect(try await raw.text(ofAtLeast: 6) == "unread")
        }
    }
}
