// TLS against servers with certificates of our own.
// SPDX-License-Identifier: Apache-2.0

import AmaruHTTP
import AmaruTesting
import Testing

@Suite(
    .timeLimit(.minutes(1)),
    .enabled(if: TestCertificates.isAvailable, "the openssl command is not on the PATH")
)
struct TLSTests {
    let authority: TestCertificates
    let certificate: TestCertificate
    let server: ScriptedServer

    init() throws {
        authority = try TestCertificates()
        certificate = try authority.issue(for: ["DNS:localhost", "IP:127.0.0.1"])
        server = ScriptedServer([.text("private")], certificate: certificate)
    }

    func trusting(_ certificate: TestCertificate) -> HTTPBackendConfiguration {
        var configuration = HTTPBackendConfiguration()
        configuration.additionalTrustRoots = [certificate.authority]
        return configuration
    }

    @Test(arguments: ["localhost", "127.0.0.1"])
    func `A server of a trusted authority answers`(_ host: String) async throws {
        try await withServer(server, trusting(certificate)) { (backend) async throws in
            let url = "https://\(host):\(server.port)/"
            let exchange = backend.open(HTTPTransferRequest(method: "GET", url: url))
            #expect(try await exchange.text() == "private")
        }
    }

    @Test func `The authorities can be those of a file alone`() async throws {
        var configuration = HTTPBackendConfiguration()
        configuration.trustRoots = .file(certificate.authority)
        try await withServer(server, configuration) { (backend) async throws in
            #expect(try await backend.open(server.request()).text() == "private")
        }
    }

    @Test func `A server of an unknown authority is refused, with the reason`() async throws {
        try await withServer(server) { (backend) async throws in
            let failure = await backend.open(server.request()).failure()
            #expect(failure?.code == .connect)
            #expect(failure?.message.contains("not signed by an authority") == true, "\(failure)")
            #expect(failure?.message.contains("127.0.0.1:\(server.port)") == true)
            #expect(server.requests.isEmpty)
        }
    }

    @Test func `A certificate for another host is refused, with the reason`() async throws {
        let other = try authority.issue(for: ["DNS:other.example"])
        let server = ScriptedServer([.text("private")], certificate: other)
        try await withServer(server, trusting(other)) { (backend) async throws in
            for host in ["localhost", "127.0.0.1"] {
                let url = "https://\(host):\(server.port)/"
                let request = HTTPTransferRequest(method: "GET", url: url)
                let failure = await backend.open(request).failure()
                #expect(failure?.code == .connect)
                #expect(failure?.message.contains("another host name") == true, "\(failure)")
            }
            #expect(server.requests.isEmpty)
        }
    }

    @Test func `A file of authorities that is not there is said to be the trouble`() async throws {
        var configuration = HTTPBackendConfiguration()
        configuration.trustRoots = .file("/no/such/authorities.pem")
        try await withServer(server, configuration) { (backend) async throws in
            let failure = await backend.open(server.request()).failure()
            #expect(failure?.code == .connect)
            #expect(
                failure?.message.contains("/no/such/authorities.pem: No such file") == true,
                "\(failure)"
            )
        }
    }
}
