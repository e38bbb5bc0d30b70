// Whom a certificate is for, where it has names and addresses.
// SPDX-License-Identifier: Apache-2.0

import AmaruHTTP
import AmaruTesting
import Testing

@Suite(.timeLimit(.minutes(5)), .enabled(if: TestCertificates.isAvailable))
struct ServerIdentityTests {
    @Test(arguments: [
        ("DNS:service.internal", "service.internal", true),
        ("DNS:Service.Internal", "service.internal", true),
        ("DNS:*.service.internal", "a.service.internal", true),
        ("DNS:*.service.internal", "a.b.service.internal", false),
        ("DNS:*.service.internal", "service.internal", false),
        ("DNS:*.internal", "service.internal", false),
        ("DNS:other.internal", "service.internal", false),
    ])
    func `The address of the socket does not stand for a name`(
        _ given: String,
        _ name: String,
        _ isTaken: Bool
    ) async throws {
        let authority = try TestCertificates()
        let certificate = try authority.issue(for: [given, "IP:127.0.0.1"])
        let server = ScriptedServer([.text("private")], certificate: certificate)
        try await withServer(server) { (backend) async throws in
            var request = server.request()
            request.url = "https://127.0.0.1:\(server.port)/"
            request.connection.trust = .file(certificate.authority)
            request.connection.serverName = name
            if isTaken {
                #expect(try await backend.open(request).text() == "private")
            } else {
                let failure = try #require(await backend.open(request).failure())
                #expect(failure.code == .connect)
                #expect(failure.message.contains("another host name"), "\(failure)")
            }
        }
    }
}
