// Requests through SOCKS proxies.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting
import NIOCore
import Testing

@testable import AmaruHTTP

@Suite(.timeLimit(.minutes(5)))
struct SOCKSTests {
    func request(_ url: String, through proxy: String) throws -> HTTPTransferRequest {
        var request = HTTPTransferRequest(method: "GET", url: url)
        request.connection.proxy = .proxy(try HTTPProxy(parsing: proxy))
        return request
    }

    @Test(arguments: ["", "user:p%3Ass@"])
    func `The proxy connects by the name of the host, and the connection is kept`(
        _ login: String
    ) async throws {
        let server = ScriptedServer([.text("through")])
        try await withServer(server) { (backend) async throws in
            let dialect = login.isEmpty ? TunnelServer.Dialect.socks : .socksLogin("user", "p:ss")
            let proxy = TunnelServer(to: server.port, dialect: dialect)
            let port = try await proxy.start()
            let request = try request(
                "http://example.internal:81/a",
                through: "socks5h://\(login)127.0.0.1:\(port)"
            )
            for _ in 0..<2 { #expect(try await backend.open(request).text() == "through") }
            #expect(proxy.heads == ["example.internal:81"])
            #expect(server.requests.map(\.path) == ["/a", "/a"])
            #expect(server.requests[0].header("Host") == "example.internal:81")
            #expect(server.requests[0].header("Proxy-Authorization") == nil)
            await proxy.shutDown()
        }
    }

    @Test(
        .enabled(if: TestCertificates.isAvailable, "the openssl command is not on the PATH"),
        arguments: [TunnelServer.Dialect.socks, .http]
    )
    func `TLS and HTTP/2 go through a tunnel, for a name and for an address`(
        _ dialect: TunnelServer.Dialect
    ) async throws {
        let authority = try TestCertificates()
        let certificate = try authority.issue(for: ["DNS:example.internal", "IP:192.0.2.1"])
        let server = HTTP2Server(certificate) { _ in .text("two") }
        let proxy = TunnelServer(to: try await server.start(), dialect: dialect)
        let port = try await proxy.start()
        let scheme = dialect == .http ? "http" : "socks5"
        let backend = NIOHTTPBackend()
        for host in ["example.internal", "192.0.2.1", "other.internal", "192.0.2.2", "127.0.0.1"] {
            var request = try request("https://\(host)/", through: "\(scheme)://127.0.0.1:\(port)")
            request.connection.allowsHTTP2 = true
            request.connection.trust = .file(certificate.authority)
            let exchange = backend.open(request)
            guard ["example.internal", "192.0.2.1"].contains(host) else {
                let failure = try #require(await exchange.failure())
                #expect(failure.code == .connect, "\(failure)")
                #expect(failure.message.contains("another host name"), "\(failure)")
                continue
            }
            #expect(try await exchange.text() == "two")
            #expect(try await exchange.head().version == "HTTP/2")
        }
        await backend.shutDown()
        await proxy.shutDown()
        await server.shutDown()
    }

    static let refusals: [(answer: [[UInt8]], login: String, word: String)] = [
        ([[5, 0xFF]], "", "wants a user name and password"),
        ([[5, 0xFF]], "user:secret@", "another way to log in"),
        ([[5, 2], [1, 1]], "user:secret@", "refused the user name and password"),
        ([[5, 0], [5, 5, 0, 1, 0, 0, 0, 0, 0, 0]], "", "connection refused"),
        ([[5, 0], [5, 0, 0, 9, 0, 0]], "", "did not answer in SOCKS 5"),
        ([[5, 0], [5, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1]], "", "more than was due"),
        ([Array("HTTP/1.1 400 Bad\r\n\r\n".utf8)], "", "did not answer in SOCKS 5"),
        ([[5, 2]], "", "another way to log in"),
    ]

    @Test(arguments: refusals.indices)
    func `A proxy that does not connect is named, and no password is shown`(
        _ index: Int
    ) throws {
        let (answers, login, word) = Self.refusals[index]
        let proxy = try HTTPProxy(parsing: "socks5://\(login)127.0.0.1:9")
        let origin = try HTTPOrigin(parsing: "http://example.com")
        let error = #expect(throws: HTTPTransferError.self) {
            var dialogue = try SOCKSDialogue(proxy, to: origin)
            _ = dialogue.begin()
            for answer in answers { _ = try dialogue.receive(ByteBuffer(bytes: answer)) }
        }
        #expect(error?.code == .proxy)
        for part in [word, "socks5://127.0.0.1:9", "http://example.com"] {
            #expect(error?.message.contains(part) == true, "\(error)")
        }
        #expect(error?.message.contains("secret") == false)
    }

    @Test func `Answers may come together`() throws {
        let proxy = try HTTPProxy(parsing: "socks5://u:p@127.0.0.1:9")
        var dialogue = try SOCKSDialogue(proxy, to: try HTTPOrigin(parsing: "http://[::1]:80"))
        _ = dialogue.begin()
        let answers: [UInt8] = [5, 2, 1, 0, 5, 0, 0, 1, 127, 0, 0, 1, 0, 80]
        let sent = try dialogue.receive(ByteBuffer(bytes: answers))
        #expect(dialogue.isDone)
        let address = [UInt8](repeating: 0, count: 15) + [1]
        #expect(sent == ByteBuffer(bytes: [1, 1, 0x75, 1, 0x70, 5, 1, 0, 4] + address + [0, 80]))
    }

    @Test func `Answers may come byte by byte`() throws {
        let proxy = try HTTPProxy(parsing: "socks5://u:p@127.0.0.1:9")
        var dialogue = try SOCKSDialogue(proxy, to: try HTTPOrigin(parsing: "http://[::1]:80"))
        #expect(dialogue.begin() == ByteBuffer(bytes: [5, 2, 0, 2]))
        var sent: [ByteBuffer] = []
        let name: [UInt8] = [5, 0, 0, 3, 2, 0x61, 0x62, 0, 80]
        for byte in [5, 2, 1, 0] + name {
            #expect(!dialogue.isDone)
            if let next = try dialogue.receive(ByteBuffer(bytes: [byte])) { sent.append(next) }
        }
        #expect(dialogue.isDone)
        let address = [UInt8](repeating: 0, count: 15) + [1]
        #expect(
            sent == [
                ByteBuffer(bytes: [1, 1, 0x75, 1, 0x70]),
                ByteBuffer(bytes: [5, 1, 0, 4] + address + [0, 80]),
            ]
        )
    }
}
