// Routes, keys and observation, over a real engine and a real server.
// SPDX-License-Identifier: Apache-2.0

import AmaruHTTP
import AmaruTesting
import Foundation
import Testing

@Suite(.timeLimit(.minutes(5)))
struct LayerTests {
    static let key = "sk-real-key-123"
    static let openAI = "https://api.openai.com"

    /// A stack that sends requests for api.openai.com to the server.
    func routed(_ backend: NIOHTTPBackend, to server: ScriptedServer) throws -> HTTPStack {
        let routes = try OriginRoutes(parsing: ["\(Self.openAI)=\(server.url)"])
        return try HTTPStack(over: backend, routes: routes)
    }

    @Test func `A routed request keeps its path, and Host follows the target`() async throws {
        let server = ScriptedServer([.text("here")])
        try await withServer(server) { (backend) async throws in
            let stack = try routed(backend, to: server)
            let request = HTTPTransferRequest(
                method: "GET",
                url: "\(Self.openAI)/v1/a%20b?q=1",
                headers: [HTTPHeaderField("host", "api.openai.com"), HTTPHeaderField("X", "1")]
            )
            #expect(try await stack.open(request).text() == "here")
            #expect(server.requests[0].path == "/v1/a%20b?q=1")
            #expect(
                server.requests[0].headers == [
                    HTTPHeaderField("host", "127.0.0.1:\(server.port)"), HTTPHeaderField("X", "1"),
                ]
            )
        }
    }

    @Test(arguments: [
        ("Authorization", "Bearer %", "Bearer sk-real-key-123"),
        ("AUTHORIZATION", "%", "sk-real-key-123"),
        ("api-key", "%", "sk-real-key-123"), ("X-Api-Key", "%", "sk-real-key-123"),
        ("Authorization", "a=%, b=%", "a=sk-real-key-123, b=sk-real-key-123"),
    ])
    func `A key replaces its placeholder, before routing and on loopback`(
        _ name: String,
        _ pattern: String,
        _ expected: String
    ) async throws {
        let server = ScriptedServer([.text("")])
        try await withServer(server) { (backend) async throws in
            let stack = try routed(backend, to: server)
            let origin = try HTTPOrigin(parsing: Self.openAI)
            let placeholder = stack.vault.add(Self.key, for: origin)
            let value = pattern.replacingOccurrences(of: "%", with: placeholder)
            let request = HTTPTransferRequest(
                method: "GET",
                url: "\(Self.openAI)/v1/models",
                headers: [HTTPHeaderField(name, value)]
            )
            _ = try await stack.open(request).text()
            #expect(server.requests[0].header(name) == expected)
        }
    }

    @Test func `Elsewhere in a request a placeholder stays as it is`() async throws {
        let server = ScriptedServer([.text("")])
        try await withServer(server) { (backend) async throws in
            let stack = try HTTPStack(over: backend)
            let placeholder = stack.vault.add(Self.key, for: try HTTPOrigin(parsing: server.url))
            let request = server.request(
                "POST",
                "/\(placeholder)",
                headers: [HTTPHeaderField("X-Other", placeholder)],
                body: .data(Data(placeholder.utf8))
            )
            _ = try await stack.open(request).text()
            #expect(server.requests[0].path == "/\(placeholder)")
            #expect(server.requests[0].header("X-Other") == placeholder)
            #expect(server.requests[0].bodyText == placeholder)
        }
    }

    @Test func `A key is refused to another origin, and nothing is sent`() async throws {
        let server = ScriptedServer([.text("")])
        try await withServer(server) { (backend) async throws in
            let stack = try HTTPStack(over: backend)
            let origin = try HTTPOrigin(parsing: Self.openAI)
            let placeholder = stack.vault.add(Self.key, for: origin)
            for name in ["Authorization", "api-key", "x-api-key"] {
                let field = HTTPHeaderField(name, "Bearer \(placeholder)")
                let failure = try #require(
                    await stack.open(server.request(headers: [field])).failure()
                )
                #expect(failure.code == .secretRefused)
                #expect(failure.message.contains(Self.openAI))
                #expect(failure.message.contains(server.url))
                #expect(!failure.message.contains(Self.key))
            }
            #expect(server.connectionCount == 0)
        }
    }

    @Test(arguments: [
        "http://api.openai.com", "https://api.openai.com:8443",
        "https://api.openai.com.evil.example",
        "https://openai.com", "https://user@evil.example",
    ])
    func `Another scheme, port or host is another origin`(_ other: String) async throws {
        let backend = NIOHTTPBackend()
        let stack = try HTTPStack(over: backend)
        let placeholder = stack.vault.add(Self.key, for: try HTTPOrigin(parsing: Self.openAI))
        let request = HTTPTransferRequest(
            method: "GET",
            url: other + "/v1",
            headers: [HTTPHeaderField("Authorization", "Bearer \(placeholder)")]
        )
        #expect(await stack.open(request).failure()?.code == .secretRefused)
        await stack.shutDown()
    }

    @Test func `A key is refused where routing leads to an open network`() async throws {
        let backend = NIOHTTPBackend()
        let routes = try OriginRoutes(parsing: ["\(Self.openAI)=http://proxy.example:8080"])
        let stack = try HTTPStack(over: backend, routes: routes)
        let placeholder = stack.vault.add(Self.key, for: try HTTPOrigin(parsing: Self.openAI))
        let request = HTTPTransferRequest(
            method: "GET",
            url: Self.openAI + "/v1",
            headers: [HTTPHeaderField("Authorization", "Bearer \(placeholder)")]
        )
        let failure = try #require(await stack.open(request).failure())
        #expect(failure.code == .secretRefused)
        #expect(failure.message.contains(Self.openAI))
        #expect(failure.message.contains("http://proxy.example:8080"))
        await stack.shutDown()
    }

    @Test func `A key of the routing target is not that of the origin`() async throws {
        let server = ScriptedServer([.text("")])
        try await withServer(server) { (backend) async throws in
            let stack = try routed(backend, to: server)
            let placeholder = stack.vault.add(Self.key, for: try HTTPOrigin(parsing: server.url))
            let request = HTTPTransferRequest(
                method: "GET",
                url: Self.openAI + "/v1",
                headers: [HTTPHeaderField("Authorization", "Bearer \(placeholder)")]
            )
            #expect(await stack.open(request).failure()?.code == .secretRefused)
            #expect(server.connectionCount == 0)
        }
    }

    @Test func `Nothing that can be printed shows a key`() throws {
        let vault = SecretVault()
        let placeholder = vault.add(Self.key, for: try HTTPOrigin(parsing: Self.openAI))
        var dumped = ""
        dump(vault, to: &dumped)
        dump(SecretBackend(vault, around: NIOHTTPBackend()), to: &dumped)
        for text in ["\(vault)", String(reflecting: vault), dumped, placeholder] {
            #expect(!text.contains(Self.key))
        }
        #expect("\(vault)" == "SecretVault(1 keys)")
        #expect(placeholder.wholeMatch(of: /amaru-placeholder-[0-9a-f]{32}/) != nil)
        let again = vault.add(Self.key, for: try HTTPOrigin(parsing: Self.openAI))
        #expect(again != placeholder)
    }

    @Test func `The last outcome is known, and what is in flight`() async throws {
        let server = ScriptedServer([.text("no", status: 401), .truncated("a", announced: 5)])
        try await withServer(server) { (backend) async throws in
            let stack = try HTTPStack(over: backend)
            let origin = try HTTPOrigin(parsing: server.url)

            let first = stack.open(server.request())
            #expect(stack.inFlight == 1)
            #expect(try await first.text() == "no")
            #expect(try await first.head().status == 401)
            await ended(stack)
            #expect(stack.lastOutcome?.status == 401)
            #expect(stack.lastOutcome?.origin == origin)

            let second = stack.open(server.request())
            let failure = try #require(await second.failure())
            #expect(failure.code == .remoteProtocol)
            #expect(stack.lastOutcome?.status == 200)
            #expect(stack.lastOutcome?.error == failure)
            await ended(stack)
        }
    }

    @Test func `Letting go of an observed exchange cancels it`() async throws {
        let server = ScriptedServer([.chunks(["first"], then: Gate())])
        try await withServer(server) { (backend) async throws in
            let stack = try HTTPStack(over: backend)
            do {
                let exchange = stack.open(server.request())
                _ = try await exchange.head()
            }
            await ended(stack)
            try await server.closedConnections(reach: 1)
        }
    }

    @Test func `A request that is refused was opened and has ended`() async throws {
        let backend = NIOHTTPBackend()
        let stack = try HTTPStack(over: backend)
        let request = HTTPTransferRequest(method: "GET", url: "gopher://example.com/")
        let exchange = stack.open(request)
        #expect(await exchange.failure()?.code == .unsupportedProtocol)
        await ended(stack)
        #expect(stack.lastOutcome?.error?.code == .unsupportedProtocol)
        await stack.shutDown()
    }

    /// Waits until nothing is in flight; the count may follow the end by a moment.
    private func ended(_ stack: HTTPStack) async {
        while stack.inFlight > 0 { await Task.yield() }
    }
}
