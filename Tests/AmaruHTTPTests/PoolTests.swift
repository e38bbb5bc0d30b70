// The connections of pools: whose they are, how many there are, and when they end.
// SPDX-License-Identifier: Apache-2.0

import AmaruHTTP
import AmaruTesting
import Testing

@Suite(.timeLimit(.minutes(1)))
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
}
