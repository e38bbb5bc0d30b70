// The connections of pools: whose they are, how many there are, and when they end.
// SPDX-License-Identifier: Apache-2.0

import AmaruHTTP
import AmaruTesting
import Foundation
import Testing

@Suite(.timeLimit(.minutes(5)))
struct PoolTests {
    /// Nothing expires while these tests run.
    static let keeping: HTTPBackendConfiguration = {
        var configuration = HTTPBackendConfiguration()
        configuration.idleConnectionLifetime = .seconds(600)
        return configuration
    }()

    @Test func `The end of a pool closes its connections`() async throws {
        let server = ScriptedServer([.text("one")])
        try await withServer(server, Self.keeping) { (backend) async throws in
            var request = server.request()
            request.pool = HTTPConnectionPool()
            #expect(try await backend.open(request).text() == "one")
            request.pool = nil
            try await server.closedConnections(reach: 1)
        }
    }

    @Test func `Each pool has connections of its own`() async throws {
        let server = ScriptedServer([.text("one")])
        try await withServer(server, Self.keeping) { (backend) async throws in
            var (first, second) = (server.request(), server.request())
            (first.pool, second.pool) = (HTTPConnectionPool(), HTTPConnectionPool())
            #expect(try await backend.open(first).text() == "one")
            for _ in 0..<2 { #expect(try await backend.open(second).text() == "one") }
            #expect(server.connectionCount == 2)
            first.pool = nil
            try await server.closedConnections(reach: 1)
        }
    }

    @Test func `A response that is still read keeps its connection`() async throws {
        let gate = Gate()
        let server = ScriptedServer([.stall(until: gate, then: "late")])
        try await withServer(server, Self.keeping) { (backend) async throws in
            var request = server.request()
            request.pool = HTTPConnectionPool()
            do {
                let exchange = backend.open(request)
                request.pool = nil
                try await server.requests(reach: 1)
                gate.open()
                #expect(try await exchange.text() == "late")
            }
            // The exchange has held the pool.
            try await server.closedConnections(reach: 1)
        }
    }

    @Test func `Requests without a pool leave the connection to the next`() async throws {
        let server = ScriptedServer([.text("one"), .text("two")])
        try await withServer(server, Self.keeping) { (backend) async throws in
            #expect(try await backend.open(server.request()).text() == "one")
            #expect(try await backend.open(server.request()).text() == "two")
            #expect(server.connectionCount == 1)
        }
    }

    @Test(.enabled(if: TestCertificates.isAvailable, "the openssl command is not on the PATH"))
    func `A closing connection serves nobody, over TLS neither`() async throws {
        let authority = try TestCertificates()
        defer { withExtendedLifetime(authority) {} }
        let certificate = try authority.issue(for: ["DNS:localhost", "IP:127.0.0.1"])
        let server = ScriptedServer([.text("fine")], certificate: certificate)
        var configuration = Self.keeping
        configuration.trustRoots = .paths([certificate.authority])
        try await withServer(server, configuration) { (backend) async throws in
            for _ in 0..<60 {
                var request = server.request()
                request.pool = HTTPConnectionPool()
                #expect(try await backend.open(request).text() == "fine")
            }
        }
    }

    @Test(arguments: ["GET", "POST"])
    func `A connection that the server has closed is not used again`(
        _ method: String
    ) async throws {
        let server = ScriptedServer([.text("one"), .raw("", .close), .text("two")])
        try await withServer(server, Self.keeping) { (backend) async throws in
            #expect(try await backend.open(server.request()).text() == "one")
            _ = await backend.open(server.request("POST", headers: [])).failure()
            try await server.closedConnections(reach: 1)
            #expect(try await backend.open(server.request(method)).text() == "two")
        }
    }

    /// The server closes or resets a used connection as its answer to the second request.
    static let staleness: [(method: String, end: ScriptedResponse, isRepeated: Bool)] = [
        ("GET", .closeBeforeHead, true), ("GET", .resetBeforeHead, true),
        ("DELETE", .closeBeforeHead, true), ("PUT", .closeBeforeHead, true),
        ("POST", .closeBeforeHead, false), ("POST", .resetBeforeHead, false),
    ]

    @Test(arguments: staleness.indices)
    func `A request on a stale connection is repeated if that does no harm`(
        _ index: Int
    ) async throws {
        let (method, end, isRepeated) = Self.staleness[index]
        let server = ScriptedServer([.text("one"), end, .text("again")])
        try await withServer(server, Self.keeping) { (backend) async throws in
            #expect(try await backend.open(server.request()).text() == "one")
            let hasBody = method == "PUT" || method == "POST"
            let body = HTTPTransferRequest.Body.data(Data("body".utf8))
            let exchange = backend.open(server.request(method, body: hasBody ? body : .none))
            guard isRepeated else { return #expect(await exchange.failure() != nil) }
            #expect(try await exchange.text() == "again")
            #expect(server.requests.map(\.method) == ["GET", method, method])
            #expect(server.requests[2].bodyText == (hasBody ? "body" : ""))
        }
    }

    @Test func `A new connection that is closed is not tried again`() async throws {
        let server = ScriptedServer([.closeBeforeHead])
        try await withServer(server) { (backend) async throws in
            #expect(await backend.open(server.request()).failure()?.code == .remoteProtocol)
            #expect(server.connectionCount == 1)
        }
    }

    @Test func `A wish to close the connection is sent and followed`() async throws {
        let server = ScriptedServer([.text("fine")])
        try await withServer(server, Self.keeping) { (backend) async throws in
            let close = HTTPHeaderField("Connection", "keep-alive, Close")
            #expect(try await backend.open(server.request(headers: [close])).text() == "fine")
            try await server.closedConnections(reach: 1)
            #expect(server.requests[0].header("Connection") == "keep-alive, Close")
        }
    }

    @Test func `No more connections are idle than the pool keeps`() async throws {
        let gate = Gate()
        let server = ScriptedServer { _, _ in .stall(until: gate, then: "fine") }
        try await withServer(server, Self.keeping) { (backend) async throws in
            let pool = HTTPConnectionPool(maximumIdleConnections: 2)
            let exchanges = (0..<5).map { _ in
                var request = server.request()
                request.pool = pool
                return backend.open(request)
            }
            try await server.requests(reach: 5)
            gate.open()
            for exchange in exchanges { #expect(try await exchange.text() == "fine") }
            try await server.closedConnections(reach: 3)
            withExtendedLifetime(pool) {}
        }
    }

    @Test func `An idle connection is closed after its time`() async throws {
        let server = ScriptedServer([.text("fine")])
        try await withServer(server, Self.keeping) { (backend) async throws in
            var request = server.request()
            let pool = HTTPConnectionPool(idleLifetime: .milliseconds(1))
            request.pool = pool
            #expect(try await backend.open(request).text() == "fine")
            try await server.closedConnections(reach: 1)
        }
    }

    @Test func `The connections with one origin can be limited`() async throws {
        let gate = Gate()
        let (first, second) = (
            ScriptedServer { _, _ in .stall(until: gate, then: "fine") },
            ScriptedServer([.text("other")])
        )
        try await second.start()
        try await withServer(first) { (backend) async throws in
            let pool = HTTPConnectionPool(maximumConnectionsPerOrigin: 1)
            var (one, other) = (first.request(), second.request())
            (one.pool, other.pool) = (pool, pool)
            let held = backend.open(one)
            let waiting = backend.open(one)
            #expect(try await backend.open(other).text() == "other")
            gate.open()
            #expect(try await held.text() == "fine")
            #expect(try await waiting.text() == "fine")
            #expect(first.connectionCount == 1)
        }
        await second.shutDown()
    }

    @Test func `A pool may serve several backends, whose places it counts together`() async throws {
        let gate = Gate()
        let server = ScriptedServer([.stall(until: gate), .text("next")])
        try await withServer(server) { (backend) async throws in
            let other = NIOHTTPBackend()
            var request = server.request()
            request.pool = HTTPConnectionPool(maximumConnections: 1)
            let first = backend.open(request)
            try await server.requests(reach: 1)
            let second = other.open(request)
            let third = other.open(request)
            second.cancel()
            await second.closed()
            gate.open()
            #expect(try await first.text() == "late")
            #expect(try await third.text() == "next")
            #expect(server.requests.count == 2)
            await other.shutDown()
        }
    }

    @Test func `Ever new origins do not collect connections`() async throws {
        let servers = (0..<8).map { _ in ScriptedServer([.text("fine")]) }
        for server in servers { try await server.start() }
        var configuration = Self.keeping
        configuration.maximumConnections = 2
        let backend = NIOHTTPBackend(configuration)
        for server in servers { #expect(try await backend.open(server.request()).text() == "fine") }
        for server in servers.dropLast(2) { try await server.closedConnections(reach: 1) }
        await backend.shutDown()
        for server in servers { await server.shutDown() }
    }
}
