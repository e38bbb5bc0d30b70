// TLS against servers with certificates of our own.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting
import Foundation
import NIOConcurrencyHelpers
import Testing

@testable import AmaruHTTP

@Suite(
    .timeLimit(.minutes(5)),
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
        configuration.trustRoots = .paths([certificate.authority])
        return configuration
    }

    func request(
        _ server: ScriptedServer,
        _ change: (inout HTTPConnectionOptions) -> Void
    ) -> HTTPTransferRequest {
        var request = server.request()
        change(&request.connection)
        return request
    }

    // MARK: Trust

    @Test(arguments: ["localhost", "127.0.0.1"])
    func `A server of a trusted authority answers`(_ host: String) async throws {
        try await withServer(server, trusting(certificate)) { (backend) async throws in
            let url = "https://\(host):\(server.port)/"
            let exchange = backend.open(HTTPTransferRequest(method: "GET", url: url))
            #expect(try await exchange.text() == "private")
        }
    }

    @Test(arguments: [
        "file", "folder", "hashed folder", "paths", "option file", "option folder", "DER",
        "folders, some missing", "paths, some missing",
    ])
    func `The authorities can be those that are named alone`(_ kind: String) async throws {
        let file = certificate.authority
        // The folder also holds keys and requests, which are no certificates.
        let folder = URL(filePath: file).deletingLastPathComponent().path
        var configuration = HTTPBackendConfiguration()
        var options = HTTPConnectionOptions()
        switch kind {
        case "file": configuration.trustRoots = .paths([file])
        case "folder": configuration.trustRoots = .paths([folder])
        case "hashed folder":
            let hashed = try authority.hashedFolder()
            #expect(CertificateFile.isHashed(hashed) && !CertificateFile.isHashed(folder))
            configuration.trustRoots = .paths([certificate.certificate, hashed])
        case "paths": configuration.trustRoots = .paths([certificate.certificate, folder])
        case "option file": options.trust = .file(file)
        case "option folder": options.trust = .directory(folder)
        case "folders, some missing":
            let empty = try TemporaryFolder()
            options.trust = .directory("/no/such/folder:\(empty.path)::\(folder)")
        case "paths, some missing":
            configuration.trustRoots = .paths(["/no/such/folder", folder, "/nor/this"])
        default:
            let lines = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
            let base64 = lines.filter { !$0.hasPrefix("-----") }.joined()
            options.trust = .certificates([try #require(Data(base64Encoded: base64))])
        }
        try await withServer(server, configuration) { (backend) async throws in
            let request = request(server) { $0 = options }
            #expect(try await backend.open(request).text() == "private")
            #expect(try await backend.open(request).text() == "private")
            #expect(server.connectionCount == 1)
        }
    }

    @Test func `A folder by hash takes the place of a file with as many authorities`() throws {
        let file = certificate.authority
        let hashed = try authority.hashedFolder()
        #expect(CertificateFile.hashedFolder(hashed, besides: file) == hashed)
        let text = try String(contentsOfFile: file, encoding: .utf8)
        let more = try authority.file("more.pem", with: text + text)
        #expect(CertificateFile.hashedFolder(hashed, besides: more) == nil)
        let empty = try authority.file("empty.pem", with: "")
        let plain = try TemporaryFolder()
        #expect(CertificateFile.hashedFolder(plain.path, besides: empty) == nil)
        #expect(CertificateFile.hashedFolder(hashed, besides: "/no/such/file") == nil)
        #expect(CertificateFile.hashedFolder("/no/such/folder", besides: file) == nil)
    }

    @Test func `The option for the system's authorities leaves out those of the program`()
        async throws
    {
        try await withServer(server, trusting(certificate)) { (backend) async throws in
            let request = request(server) { $0.trust = .system }
            #expect(await backend.open(request).failure()?.code == .connect)
        }
    }

    static let badFiles: [(text: String?, words: [String])] = [
        (nil, ["No such file"]), ("hello", ["no certificates in PEM form"]),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", ["in PEM form"]),
    ]

    @Test(arguments: badFiles.indices)
    func `A file of authorities that cannot be used is named`(_ index: Int) async throws {
        let (text, words) = Self.badFiles[index]
        var path = "/no/such/authorities.pem"
        if let text { path = try authority.file("bad.pem", with: text) }
        try await withServer(server) { (backend) async throws in
            for trust in [HTTPConnectionOptions.Trust.file(path), .directory(path)] {
                let request = request(server) { $0.trust = trust }
                let failure = try #require(await backend.open(request).failure())
                #expect(failure.code == .connect)
                for word in words + [path, server.url] {
                    #expect(failure.message.contains(word), "\(failure)")
                }
            }
            #expect(server.connectionCount == 0)
        }
    }

    // MARK: Refusals

    static let refusals: [(name: String, words: [String])] = [
        ("unknown authority", ["not signed by an authority", "CERTIFICATE_VERIFY_FAILED"]),
        ("other host", ["another host name"]),
        ("expired", ["expired", "CERTIFICATE_VERIFY_FAILED"]),
        ("future", ["not valid yet", "CERTIFICATE_VERIFY_FAILED"]),
        ("client certificate", ["certificate", "show"]),
        ("outdated", ["version of TLS"]),
    ]

    func server(that name: String) throws -> ScriptedServer {
        var shown = certificate
        switch name {
        case "other host": shown = try authority.issue(for: ["DNS:other.example"])
        case "expired": shown = try authority.issue(for: ["DNS:localhost"], valid: .expired)
        case "future": shown = try authority.issue(for: ["DNS:localhost"], valid: .future)
        case "client certificate": shown.clientAuthority = certificate.authority
        case "outdated": shown.isOutdated = true
        default: break
        }
        return ScriptedServer([.text("private")], certificate: shown)
    }

    @Test(arguments: refusals.indices)
    func `A handshake that fails has its reason in words`(_ index: Int) async throws {
        let (name, words) = Self.refusals[index]
        let server = try server(that: name)
        let trust = name == "unknown authority" ? .init() : trusting(certificate)
        try await withServer(server, trust) { (backend) async throws in
            let url = "https://localhost:\(server.port)/"
            let request = HTTPTransferRequest(method: "GET", url: url)
            let failure = try #require(await backend.open(request).failure())
            #expect(failure.code == .connect, "\(name): \(failure)")
            for word in words + ["localhost:\(server.port)"] {
                #expect(failure.message.contains(word), "\(name): \(failure)")
            }
        }
    }

    /// Each case has a server of its own: they run at the same time.
    static let nonsense: [(server: @Sendable () -> RawServer, word: String)] = [
        ({ RawServer("HTTP/1.1 400 Bad Request\r\n\r\n") }, "does not speak TLS"),
        ({ RawServer() }, "closed the connection"), ({ RawServer(then: .reset) }, "reset"),
    ]

    @Test(arguments: nonsense.indices, [false, true])
    func `A server that does not answer the handshake is refused`(
        _ index: Int,
        _ isTunnelled: Bool
    ) async throws {
        let (makeServer, word) = Self.nonsense[index]
        let server = makeServer()
        let port = try await server.start()
        let proxy = TunnelServer(to: port)
        let backend = NIOHTTPBackend()
        let url = "https://localhost:\(port)/"
        var request = HTTPTransferRequest(method: "GET", url: url)
        if isTunnelled {
            request.connection.proxy = .proxy(
                HTTPProxy(host: "127.0.0.1", port: try await proxy.start())
            )
        }
        let failure = try #require(await backend.open(request).failure())
        #expect(failure.code == .connect, "\(failure)")
        // Through the tunnel a reset arrives as an end.
        let expected = isTunnelled && word == "reset" ? "localhost" : word
        for word in [expected, "localhost:\(port)"] {
            #expect(failure.message.contains(word), "\(failure)")
        }
        await backend.shutDown()
        await proxy.shutDown()
        await server.shutDown()
    }

    // MARK: Less verification

    @Test func `Without verification anyone answers, and that is said once`() async throws {
        let warnings = NIOLockedValueBox<[String]>([])
        try await server.start()
        let backend = NIOHTTPBackend { text in warnings.withLockedValue { $0.append(text) } }
        let request = request(server) { $0.verification = .none }
        #expect(try await backend.open(request).text() == "private")
        #expect(try await backend.open(request).text() == "private")
        #expect(warnings.withLockedValue { $0.count } == 1)
        #expect(warnings.withLockedValue { $0.first?.contains(server.url) } == true)
        // A connection made without verification serves nobody who wants it.
        #expect(await backend.open(server.request()).failure()?.code == .connect)
        await backend.shutDown()
        await server.shutDown()
    }

    @Test func `Without the name, the authority still counts`() async throws {
        let other = try authority.issue(for: ["DNS:other.example"])
        let server = ScriptedServer([.text("private")], certificate: other)
        try await withServer(server) { (backend) async throws in
            let trusted = request(server) {
                $0.verification = .withoutName
                $0.trust = .file(other.authority)
            }
            #expect(try await backend.open(trusted).text() == "private")
            let unknown = request(server) { $0.verification = .withoutName }
            #expect(await backend.open(unknown).failure()?.code == .connect)
        }
    }

    // MARK: Certificates of clients

    @Test(arguments: [nil, "pass word"])
    func `A client can show a certificate`(_ password: String?) async throws {
        let own = try authority.issue(for: ["DNS:client"])
        var shown = certificate
        shown.clientAuthority = certificate.authority
        let server = ScriptedServer([.text("known")], certificate: shown)
        let key = try password.map {
            try authority.encryptKey(of: own, password: $0.replacing(" ", with: ""))
        }
        try await withServer(server, trusting(certificate)) { (backend) async throws in
            let request = request(server) {
                $0.clientCertificate = .init(
                    chainFile: own.certificate,
                    keyFile: key ?? own.key,
                    password: password?.replacing(" ", with: "")
                )
            }
            #expect(try await backend.open(request).text() == "known")
        }
    }

    @Test(arguments: ["password", "no password", "key", "chain", "pair"])
    func `A client's certificate that cannot be used is named`(_ fault: String) async throws {
        let own = try authority.issue(for: ["DNS:client"])
        let encrypted = try authority.encryptKey(of: own, password: "right")
        var mine = HTTPConnectionOptions.ClientCertificate(
            chainFile: own.certificate,
            keyFile: own.key
        )
        let word: String
        switch fault {
        case "password": (mine.keyFile, mine.password, word) = (encrypted, "wr0ng", encrypted)
        case "no password": (mine.keyFile, word) = (encrypted, "no password was given")
        case "key": (mine.keyFile, word) = (own.certificate, "no private key")
        case "chain": (mine.chainFile, word) = ("/no/such/chain.pem", "/no/such/chain.pem: No such")
        default: (mine.keyFile, word) = (certificate.key, "not the one of the certificate")
        }
        try await withServer(server, trusting(certificate)) { (backend) async throws in
            let request = request(server) { $0.clientCertificate = mine }
            let failure = try #require(await backend.open(request).failure())
            #expect(failure.code == .connect)
            #expect(failure.message.contains(word), "\(failure)")
            #expect(!failure.message.contains("wr0ng"))
            #expect(server.connectionCount == 0)
        }
    }

    // MARK: Versions and ciphers

    @Test func `An outdated server answers those who allow it`() async throws {
        let server = try server(that: "outdated")
        try await withServer(server, trusting(certificate)) { (backend) async throws in
            let request = request(server) { $0.minimumTLSVersion = .tls10 }
            #expect(try await backend.open(request).text() == "private")
        }
    }

    static let demands: [@Sendable (inout HTTPConnectionOptions) -> Void] = [
        { $0.maximumTLSVersion = .tls12 }, { $0.minimumTLSVersion = .tls13 },
        {
            $0.maximumTLSVersion = .tls12
            $0.cipherSuites = ["ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-ECDSA-AES256-GCM-SHA384", "?"]
        },
    ]

    @Test(arguments: demands.indices)
    func `Versions and ciphers can be chosen`(_ index: Int) async throws {
        try await withServer(server, trusting(certificate)) { (backend) async throws in
            let request = request(server, Self.demands[index])
            #expect(try await backend.open(request).text() == "private")
        }
    }

    static let impossible:
        [(change: @Sendable (inout HTTPConnectionOptions) -> Void, word: String)] =
            [
                ({ $0.cipherSuites = [] }, "none of them is known"),
                ({ $0.cipherSuites = ["no-such-cipher", "@SECLEVEL=9"] }, "no-such-cipher"),
                (
                    {
                        $0.minimumTLSVersion = .tls13
                        $0.maximumTLSVersion = .tls12
                    }, "TLS handshake"
                ),
                ({ $0.localAddress = "nonsense" }, "could not connect"),
                ({ $0.localAddress = "192.0.2.1" }, "assign requested address"),
            ]

    @Test(arguments: impossible.indices)
    func `What cannot be is an error of connecting`(_ index: Int) async throws {
        let (change, word) = Self.impossible[index]
        try await withServer(server, trusting(certificate)) { (backend) async throws in
            let failure = try #require(await backend.open(request(server, change)).failure())
            #expect(failure.code == .connect, "\(failure)")
            #expect(failure.message.contains(word), "\(failure)")
            #expect(server.requests.isEmpty)
        }
    }

    @Test func `The address to connect from can be chosen`() async throws {
        try await withServer(server, trusting(certificate)) { (backend) async throws in
            let request = request(server) { $0.localAddress = "127.0.0.1" }
            #expect(try await backend.open(request).text() == "private")
        }
    }

    // MARK: Names and ways

    @Test func `Another name is asked for and checked in place of the host`() async throws {
        let other = try authority.issue(for: ["DNS:service.internal"])
        let server = ScriptedServer([.text("private")], certificate: other)
        try await withServer(server, trusting(other)) { (backend) async throws in
            let named = request(server) { $0.serverName = "service.internal" }
            #expect(try await backend.open(named).text() == "private")
            #expect(server.requests[0].header("Host") == "127.0.0.1:\(server.port)")
            let wrong = request(server) { $0.serverName = "other.internal" }
            let failure = try #require(await backend.open(wrong).failure())
            #expect(failure.message.contains("another host name"), "\(failure)")
        }
    }

    @Test(arguments: [HTTPProxy.Scheme.http, .https])
    func `A tunnel is opened by a proxy, and TLS is spoken inside it`(
        _ scheme: HTTPProxy.Scheme
    ) async throws {
        try await server.start()
        let isSecure = scheme == .https
        let proxy = TunnelServer(to: server.port, certificate: isSecure ? certificate : nil)
        let port = try await proxy.start()
        let backend = NIOHTTPBackend(trusting(certificate))
        for _ in 0..<2 {
            var request = HTTPTransferRequest(method: "GET", url: "https://localhost:1/path")
            request.connection.proxy = .proxy(
                HTTPProxy(scheme: scheme, host: "localhost", port: port, username: "me")
            )
            #expect(try await backend.open(request).text() == "private")
        }
        #expect(server.requests.map(\.path) == ["/path", "/path"])
        #expect(server.requests.allSatisfy { $0.header("Proxy-Authorization") == nil })
        #expect(server.connectionCount == 1)
        #expect(proxy.heads.count == 1)
        #expect(proxy.heads.first?.hasPrefix("CONNECT localhost:1 HTTP/1.1\r\n") == true)
        await backend.shutDown()
        await proxy.shutDown()
        await server.shutDown()
    }

    @Test func `A plain request is forwarded by a proxy over TLS`() async throws {
        let proxy = ScriptedServer([.text("forwarded")], certificate: certificate)
        try await withServer(proxy, trusting(certificate)) { (backend) async throws in
            var request = HTTPTransferRequest(method: "GET", url: "http://example.com/")
            request.connection.proxy = .proxy(
                HTTPProxy(scheme: .https, host: "localhost", port: proxy.port)
            )
            #expect(try await backend.open(request).text() == "forwarded")
            #expect(proxy.requests[0].path == "http://example.com/")
        }
    }

    @Test func `A proxy whose certificate is refused is named`() async throws {
        let proxy = ScriptedServer([.text("")], certificate: certificate)
        try await withServer(proxy) { (backend) async throws in
            var request = HTTPTransferRequest(method: "GET", url: "https://example.com/")
            request.connection.proxy = .proxy(
                HTTPProxy(scheme: .https, host: "localhost", port: proxy.port)
            )
            request.connection.verification = .none
            let failure = try #require(await backend.open(request).failure())
            #expect(failure.code == .connect)
            #expect(failure.message.contains("proxy https://localhost:\(proxy.port)"), "\(failure)")
            #expect(proxy.requests.isEmpty)
        }
    }

    // MARK: Its end

    @Test(arguments: [
        ("HTTP/1.1 200 OK\r\n\r\nhello", true), ("HTTP/1.0 200 OK\r\n\r\n", true),
        ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", false),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", false),
        ("HTTP/1.1 200 OK\r\nA: ", false),
    ])
    func `An end without TLS's own ends a body that nothing else does`(
        _ response: String,
        _ isTaken: Bool
    ) async throws {
        let server = ScriptedServer([.raw(response, .cut)], certificate: certificate)
        try await withServer(server, trusting(certificate)) { (backend) async throws in
            let exchange = backend.open(server.request())
            if isTaken {
                #expect(try await exchange.text() == (response.hasSuffix("hello") ? "hello" : ""))
            } else {
                let failure = try #require(await exchange.failure())
                #expect(failure.code == .remoteProtocol, "\(failure)")
                #expect(failure.message.contains("peer closed connection"), "\(failure)")
            }
        }
    }

    @Test func `Ever new options do not collect connections`() async throws {
        var configuration = trusting(certificate)
        configuration.maximumConnections = 4
        try await withServer(server, configuration) { (backend) async throws in
            for number in 0..<10 {
                let request = request(server) {
                    $0.clientCertificate = .init(
                        chainFile: certificate.certificate,
                        keyFile: certificate.key,
                        password: "\(number)"
                    )
                }
                #expect(try await backend.open(request).text() == "private")
            }
            try await server.closedConnections(reach: 6)
        }
    }
}
