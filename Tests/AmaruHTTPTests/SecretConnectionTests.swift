// Keys, and what a script may ask of the connection that they go over.
// SPDX-License-Identifier: Apache-2.0

import AmaruHTTP
import AmaruTesting
import Foundation
import Testing

@Suite(.timeLimit(.minutes(5)))
struct SecretConnectionTests {
    typealias Change = @Sendable (inout HTTPConnectionOptions) -> Void

    static let programProxy = HTTPProxy(host: "proxy.invalid", port: 80, username: "me")

    /// A stack of a program that has a proxy.
    static func stack(over backend: any HTTPBackend) throws -> HTTPStack {
        var layers = HTTPStack.Layers()
        layers.proxies.https = programProxy
        return try HTTPStack(over: backend, layers: layers)
    }

    static let changes: [(name: String, url: String, change: Change)] = [
        ("nothing verified", "https://example.com", { $0.verification = .none }),
        ("no name verified", "https://example.com", { $0.verification = .withoutName }),
        (
            "an authority of the script's", "https://example.com",
            { $0.trust = .file("/tmp/ca.pem") }
        ),
        ("certificates", "https://example.com", { $0.trust = .certificates([Data([1])]) }),
        ("another name", "https://example.com", { $0.serverName = "evil.example" }),
        ("a socket in clear", "http://127.0.0.1:9", { $0.unixSocket = "/tmp/socket" }),
        ("a socket", "https://example.com", { $0.unixSocket = "/tmp/socket" }),
        ("a socket of this machine", "https://localhost:9", { $0.unixSocket = "/tmp/socket" }),
        (
            "a proxy of the script's", "https://example.com",
            { $0.proxy = .proxy(HTTPProxy(host: "127.0.0.1", port: 9)) }
        ),
        (
            "another proxy than the program's", "https://example.com",
            { $0.proxy = .proxy(HTTPProxy(host: "proxy.invalid", port: 81)) }
        ),
        (
            "the program's proxy, for another scheme", "http://127.0.0.1:9",
            { $0.proxy = .proxy(programProxy) }
        ),
        (
            "the program's proxy, and an authority of the script's", "https://example.com",
            {
                $0.proxy = .proxy(programProxy)
                $0.trust = .file("/tmp/ca.pem")
            }
        ),
        (
            "a proxy in clear", "http://127.0.0.1:9",
            { $0.proxy = .proxy(HTTPProxy(host: "127.0.0.1", port: 9)) }
        ),
        (
            "a proxy, and nothing verified", "https://localhost:9",
            {
                $0.proxy = .proxy(HTTPProxy(host: "127.0.0.1", port: 9))
                $0.verification = .none
            }
        ),
    ]

    @Test(arguments: changes.indices)
    func `A key is not sent where the options let others read it`(_ index: Int) async throws {
        let (name, url, change) = Self.changes[index]
        let stack = try Self.stack(over: NIOHTTPBackend())
        let placeholder = stack.vault.add("secret", for: try HTTPOrigin(parsing: url))
        var request = HTTPTransferRequest(method: "GET", url: url)
        request.headers = [HTTPHeaderField("Authorization", "Bearer \(placeholder)")]
        change(&request.connection)
        let failure = try #require(await stack.open(request).failure(), "\(name)")
        #expect(failure.code == .secretRefused, "\(name): \(failure)")
        #expect(!failure.message.contains("secret\""))
        await stack.shutDown()
    }

    @Test func `A client may name the proxy that the program has anyway`() async throws {
        struct Answering: HTTPBackend {
            func open(_ request: HTTPTransferRequest) -> any HTTPExchange {
                let sent = request.headers.firstValue(of: "authorization") ?? ""
                return FailedExchange(HTTPTransferError(.proxy, "sent \(sent)"))
            }
            func shutDown() async {}
        }
        let stack = try Self.stack(over: Answering())
        let url = "https://example.com"
        let placeholder = stack.vault.add("secret", for: try HTTPOrigin(parsing: url))
        var request = HTTPTransferRequest(method: "GET", url: url)
        request.headers = [HTTPHeaderField("Authorization", placeholder)]
        request.connection.proxy = .proxy(Self.programProxy)
        #expect(await stack.open(request).failure()?.message == "sent secret")
    }

    @Test func `Without a key these options are the script's business`() async throws {
        let proxy = ScriptedServer([.text("fine")])
        try await withServer(proxy) { (backend) async throws in
            var request = HTTPTransferRequest(method: "GET", url: "http://127.0.0.1:9/")
            request.connection.proxy = .proxy(HTTPProxy(host: "127.0.0.1", port: proxy.port))
            #expect(try await HTTPStack(over: backend).open(request).text() == "fine")
        }
    }
}
