// Connections that have left HTTP: after 101, and inside a tunnel that the caller asked for.
// SPDX-License-Identifier: Apache-2.0

import AmaruHTTP
import AmaruTesting
import Foundation
import Testing

@Suite(.timeLimit(.minutes(5)))
struct TunnelTests {
    static let short = Duration.milliseconds(30)
    static let switching = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\r\n"

    static func upgrade(_ port: Int) -> HTTPTransferRequest {
        var request = HTTPTransferRequest(method: "GET", url: "http://127.0.0.1:\(port)/")
        request.headers = [
            HTTPHeaderField("Connection", "Upgrade"), HTTPHeaderField("Upgrade", "echo"),
        ]
        return request
    }

    /// Runs a test on an exchange with a server that has left HTTP and sends back what it gets.
    func withEcho(
        _ body: (any HTTPExchange) async throws -> Void
    ) async throws {
        let server = UpgradeServer(greeting: "welcome")
        let backend = NIOHTTPBackend()
        let exchange = backend.open(Self.upgrade(try await server.start()))
        #expect(try await exchange.head().status == 101)
        #expect(try await exchange.text(ofAtLeast: 7) == "welcome")
        try await body(exchange)
        exchange.cancel()
        await exchange.closed()
        #expect(backend.inFlight == 0)
        await backend.shutDown()
        await server.shutDown()
    }

    // MARK: Reading and writing

    @Test func `A read that takes too long is no end, and the next one goes on`() async throws {
        try await withEcho { (exchange) async throws in
            exchange.limit(.read, to: Self.short)
            let failure = await #expect(throws: HTTPTransferError.self) {
                _ = try await exchange.read()
            }
            #expect(failure?.code == .readTimeout)
            exchange.limit(.read, to: nil)
            try await exchange.write(Data("more".utf8))
            #expect(try await exchange.text(ofAtLeast: 4) == "more")
        }
    }

    @Test func `What was sent before the end is read, and then writing fails before long`()
        async throws
    {
        let server = ScriptedServer([.raw(Self.switching + "half a fra", .close)])
        try await withServer(server) { (backend) async throws in
            let exchange = backend.open(Self.upgrade(server.port))
            #expect(try await exchange.text() == "half a fra")
            // The first bytes make the server's system say that nobody takes them.
            let failure = await #expect(throws: HTTPTransferError.self) {
                while true { try await exchange.write(Data("x".utf8)) }
            }
            #expect([.write, .read].contains(failure?.code))
            await exchange.closed()
        }
    }

    @Test(arguments: [false, true])
    func `After the server's end more can be written, and after ours more be read`(
        _ isServerFirst: Bool
    ) async throws {
        let server = UpgradeServer(greeting: "welcome", endsFirst: isServerFirst)
        let backend = NIOHTTPBackend()
        let exchange = backend.open(Self.upgrade(try await server.start()))
        #expect(try await exchange.text(ofAtLeast: 7) == "welcome")
        if isServerFirst { #expect(try await exchange.read() == nil) }
        try await exchange.write(Data("still here".utf8))
        try await exchange.finish()
        #expect(try await exchange.text() == (isServerFirst ? "" : "still here"))
        await exchange.closed()
        #expect(try await server.received() == "still here")
        #expect(backend.inFlight == 0)
        await backend.shutDown()
        await server.shutDown()
    }

    @Test func `A second reader is refused, and the first loses nothing`() async throws {
        let (gate, key) = (Gate(), "sk-real-key-123")
        let server = ScriptedServer([
            .raw(Self.switching, .text("<sk-real"), .wait(gate), .text("-key-123>"), .wait(Gate()))
        ])
        try await withServer(server) { (backend) async throws in
            let stack = try HTTPStack(over: backend)
            _ = stack.vault.add(key, for: try HTTPOrigin(parsing: server.url))
            let exchange = stack.open(Self.upgrade(server.port))
            #expect(try await exchange.text(ofAtLeast: 1) == "<")
            let text = await withCheckedContinuation { first in
                exchange.read { first.resume(returning: try? $0.get()) }
                exchange.read { second in
                    #expect(throws: HTTPTransferError.self) { try second.get() }
                    gate.open()
                }
            }
            let erased = String(repeating: "*", count: key.utf8.count) + ">"
            #expect(text.map { String(decoding: Data($0.joined()), as: UTF8.self) } == erased)
        }
    }

    @Test func `A reset is an error`() async throws {
        let gate = Gate()
        let server = ScriptedServer([.raw(Self.switching, .wait(gate), .reset)])
        try await withServer(server) { (backend) async throws in
            let exchange = backend.open(Self.upgrade(server.port))
            _ = try await exchange.head()
            gate.open()
            #expect(await exchange.failure()?.code == .read)
        }
    }

    @Test func `Letting go closes the connection and gives its place back`() async throws {
        let server = ScriptedServer([.raw(Self.switching, .wait(Gate())), .text("next")])
        try await withServer(server) { (backend) async throws in
            let pool = HTTPConnectionPool(maximumConnections: 1)
            var request = Self.upgrade(server.port)
            request.pool = pool
            func use() async throws {
                let exchange = backend.open(request)
                #expect(try await exchange.head().status == 101)
            }
            try await use()
            try await server.closedConnections(reach: 1)
            #expect(try await backend.open(request).text() == "next")
        }
    }

    @Test func `The ends of the connection are known`() async throws {
        try await withEcho { (exchange) async throws in
            guard case .internet("127.0.0.1", let port)? = exchange.ends?.remote,
                case .internet("127.0.0.1", let own)? = exchange.ends?.local
            else { return #expect(Bool(false), "\(String(describing: exchange.ends))") }
            #expect(port > 0 && own > 0)
            #expect(exchange.arrival == .nothing)
            exchange.cancel()
            #expect(exchange.arrival != .nothing)
        }
    }

    @Test(arguments: [3, 4, 10])
    func `A key that arrives in two pieces is erased, also after a read that took too long`(
        _ cut: Int
    ) async throws {
        let key = "sk-real-key-0123456789"
        let folder = try TemporaryFolder()
        let gate = Gate()
        let server = ScriptedServer([
            .raw(
                Self.switching,
                .text("<" + key.prefix(cut)),
                .wait(gate),
                .text(key.dropFirst(cut) + ">"),
                .wait(Gate())
            )
        ])
        try await withServer(server) { (backend) async throws in
            let vault = SecretVault()
            let placeholder = vault.add(key, for: try HTTPOrigin(parsing: server.url))
            let recording = try RecordingBackend(
                to: folder.path + "/session.jsonl",
                vault: vault,
                around: SecretBackend(vault, around: backend)
            )
            var request = Self.upgrade(server.port)
            request.headers.append(HTTPHeaderField("Authorization", "Bearer \(placeholder)"))
            let exchange = recording.open(request)
            #expect(try await exchange.head().status == 101)
            // Fewer than four characters may begin any word, and are not held back.
            var text = try await exchange.text(ofAtLeast: cut < 4 ? 1 + cut : 1)
            exchange.limit(.read, to: .milliseconds(200))
            while let pieces = try? await exchange.readAvailable() {
                text += pieces.map { String(decoding: $0, as: UTF8.self) }.joined()
            }
            gate.open()
            exchange.limit(.read, to: nil)
            while !text.hasSuffix(">") {
                text += try await exchange.readAvailable()
                    .map { String(decoding: $0, as: UTF8.self) }.joined()
            }
            let begin = cut < 4 ? String(key.prefix(cut)) : String(repeating: "*", count: cut)
            #expect(text == "<" + begin + String(repeating: "*", count: key.count - cut) + ">")
            exchange.cancel()
            await exchange.closed()
        }
        let recorded = try String(contentsOfFile: folder.path + "/session.jsonl", encoding: .utf8)
        #expect(recorded.contains("**") && !recorded.contains(key.suffix(12)))
    }

    // MARK: Tunnels

    static func connect(_ proxy: Int, to target: String?) -> HTTPTransferRequest {
        var request = HTTPTransferRequest(method: "CONNECT", url: "http://127.0.0.1:\(proxy)/")
        request.target = target
        return request
    }

    @Test func `A tunnel that the caller asks for is its own`() async throws {
        let server = ScriptedServer([.text("inside")])
        try await withServer(server) { (backend) async throws in
            let proxy = TunnelServer(to: server.port)
            let port = try await proxy.start()
            let exchange = backend.open(Self.connect(port, to: "example.com:80"))
            #expect(try await exchange.head().status == 200)
            #expect(proxy.heads.first?.hasPrefix("CONNECT example.com:80 HTTP/1.1\r\n") == true)
            let request = "GET / HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n\r\n"
            try await exchange.write(Data(request.utf8))
            let answer = try await exchange.text(ofAtLeast: 20)
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
            exchange.cancel()
            await proxy.shutDown()
        }
    }

    @Test func `A proxy on the way there is asked for a tunnel of its own`() async throws {
        let server = ScriptedServer([.text("inside")])
        try await withServer(server) { (backend) async throws in
            let end = TunnelServer(to: server.port)
            let endPort = try await end.start()
            let way = TunnelServer(to: endPort)
            var request = Self.connect(endPort, to: "example.com:80")
            request.connection.proxy = .proxy(
                HTTPProxy(host: "127.0.0.1", port: try await way.start())
            )
            let exchange = backend.open(request)
            #expect(try await exchange.head().status == 200)
            #expect(way.heads.first?.hasPrefix("CONNECT 127.0.0.1:\(endPort) ") == true)
            #expect(end.heads.first?.hasPrefix("CONNECT example.com:80 ") == true)
            exchange.cancel()
            await exchange.closed()
            await way.shutDown()
            await end.shutDown()
        }
    }

    @Test func `A tunnel that is refused is a response`() async throws {
        let server = ScriptedServer([.text("no", status: 403, reason: "Forbidden")])
        try await withServer(server) { (backend) async throws in
            let exchange = backend.open(Self.connect(server.port, to: "example.com:80"))
            #expect(try await exchange.head().status == 403)
            #expect(try await exchange.text() == "no")
        }
    }

    @Test(arguments: [nil, "/", "*", "example.com", "example.com:", "a@example.com:1", "x:y"])
    func `A tunnel has an end`(_ target: String?) async throws {
        let backend = NIOHTTPBackend()
        let failure = await backend.open(Self.connect(9, to: target)).failure()
        #expect(failure?.code == .localProtocol)
        #expect(failure?.message.contains("such as example.com:443") == true)
        await backend.shutDown()
    }

    @Test(arguments: [
        ("https://evil.example", "evil.example:443"), ("http://evil.example", "evil.example:80"),
        ("https://evil.example:8080", "evil.example:8080"),
    ])
    func `The end of a tunnel must be allowed`(_ origin: String, _ target: String) async throws {
        let server = ScriptedServer([.text("reached", status: 403)])
        try await withServer(server) { (backend) async throws in
            let list = try HTTPAllowList(parsing: [server.url])
            let layer = AllowedBackend(list, option: "--allow-net", around: backend)
            let request = Self.connect(server.port, to: target)
            let failure = try #require(await layer.open(request).failure())
            #expect(failure.code == .notAllowed)
            #expect(failure.message.contains("use --allow-net \(origin)."), "\(failure)")
            #expect(server.connectionCount == 0)
            layer.allow(try HTTPOrigin(parsing: origin))
            #expect(try await layer.open(request).text() == "reached")
        }
    }

    @Test(arguments: [
        ("end.example:443", true), ("end.example", true), ("other.example:443", false),
        ("end.example:80", false), ("a@end.example", false),
    ])
    func `The Host of a request for a tunnel is judged as the end of one`(
        _ host: String,
        _ isAllowed: Bool
    ) async throws {
        let server = ScriptedServer([.text("reached", status: 403)])
        try await withServer(server) { (backend) async throws in
            let list = try HTTPAllowList(parsing: [server.url, "https://end.example"])
            let layer = AllowedBackend(list, option: "--allow-net", around: backend)
            var request = Self.connect(server.port, to: "end.example:443")
            request.headers = [HTTPHeaderField("Host", host)]
            #expect(await layer.open(request).failure()?.code == (isAllowed ? nil : .notAllowed))
        }
    }

    // MARK: Keys

    @Test func `A tunnel gets no key, not even one to the key's own origin`() async throws {
        let server = ScriptedServer([.text("reached")])
        try await withServer(server) { (backend) async throws in
            let stack = try HTTPStack(over: backend)
            let owner = try HTTPOrigin(parsing: server.url)
            let placeholder = stack.vault.add("sk-real-123", for: owner)
            var request = Self.connect(server.port, to: "127.0.0.1:\(server.port)")
            request.headers = [HTTPHeaderField("Authorization", "Bearer \(placeholder)")]
            let failure = try #require(await stack.open(request).failure())
            #expect(failure.code == .secretRefused)
            #expect(failure.message.contains("CONNECT"))
            #expect(server.connectionCount == 0)
        }
    }

    @Test func `What comes back after 101 has the key erased; what goes out is left as it is`()
        async throws
    {
        let key = "sk-real-key-123"
        let server = UpgradeServer(greeting: "\u{1}<\(key)>")
        let backend = NIOHTTPBackend()
        let stack = try HTTPStack(over: backend)
        var request = Self.upgrade(try await server.start())
        let placeholder = stack.vault.add(key, for: try HTTPOrigin(parsing: request.url))
        request.headers.append(HTTPHeaderField("Authorization", "Bearer \(placeholder)"))
        let exchange = stack.open(request)
        let erased = "\u{1}<" + String(repeating: "*", count: key.utf8.count) + ">"
        #expect(try await exchange.text(ofAtLeast: erased.utf8.count) == erased)
        try await exchange.write(Data(placeholder.utf8))
        #expect(try await exchange.text(ofAtLeast: placeholder.utf8.count) == placeholder)
        exchange.cancel()
        await backend.shutDown()
        await server.shutDown()
    }
}
