// Keys, and what a script may ask of the connection that they go over.
// SPDX-License-Identifier: Apache-2.0

import AmaruHTTP
import AmaruTesting
import Foundation
import Testing

@Suite(.timeLimit(.minutes(1)))
struct SecretConnectionTests {
    typealias Change = @Sendable (inout HTTPConnectionOptions) -> Void

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
        let stack = try HTTPStack(over: NIOHTTPBackend())
        let placeholder = stack.vault.add("secret", for: try HTTPOrigin(parsing: url))
        var request = HTTPTransferRequest(method: "GET", url: url)
        request.headers = [HTTPHeaderField("Authorization", "Bearer \(placeholder)")]
        change(&request.connection)
        let failure = try #require(await stack.open(request).failure(), "\(name)")
        #expect(failure.code == .secretRefused, "\(name): \(failure)")
        #expect(!failure.message.contains("secret\""))
        await stack.shutDown()
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
