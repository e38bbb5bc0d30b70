// Cancelling an exchange in each of its states.
// SPDX-License-Identifier: Apache-2.0

import AmaruHTTP
import AmaruTesting
import Foundation
import Testing

@Suite(.timeLimit(.minutes(5)))
struct CancellationTests {
    @Test func `At once, before anything was awaited`() async throws {
        let server = ScriptedServer([.stall(until: Gate())])
        try await withServer(server) { (backend) async throws in
            let exchange = backend.open(server.request())
            exchange.cancel()
            exchange.cancel()
            #expect(await exchange.failure()?.code == .cancelled)
            await exchange.closed()
            #expect(backend.inFlight == 0)
        }
    }

    @Test func `In the queue for a connection`() async throws {
        let gate = Gate()
        let server = ScriptedServer([.stall(until: gate), .text("next")])
        var configuration = HTTPBackendConfiguration()
        configuration.maximumConnections = 1
        try await withServer(server, configuration) { (backend) async throws in
            let first = backend.open(server.request("GET", "/first"))
            let queued = backend.open(server.request("GET", "/queued"))
            let behind = backend.open(server.request("GET", "/behind"))
            queued.cancel()
            await queued.closed()
            #expect(await queued.failure()?.code == .cancelled)
            gate.open()
            #expect(try await first.text() == "late")
            #expect(try await behind.text() == "next")
            #expect(server.requests.map(\.path) == ["/first", "/behind"])
        }
    }

    @Test func `While it connects`() async throws {
        // A server without TLS never answers the start of a handshake.
        let server = ScriptedServer([.text("")])
        try await withServer(server) { (backend) async throws in
            let url = "https://127.0.0.1:\(server.port)/"
            let exchange = backend.open(HTTPTransferRequest(method: "GET", url: url))
            try await server.receivedBytes(reach: 1)
            exchange.cancel()
            #expect(await exchange.failure()?.code == .cancelled)
            await exchange.closed()
        }
    }

    @Test func `While it waits for the head, which closes the connection`() async throws {
        let server = ScriptedServer([.stall(until: Gate())])
        try await withServer(server) { (backend) async throws in
            let exchange = backend.open(server.request())
            async let failure = exchange.failure()
            try await server.requests(reach: 1)
            exchange.cancel()
            #expect(await failure?.code == .cancelled)
            try await server.closedConnections(reach: 1)
            await exchange.closed()
        }
    }

    @Test func `In the middle of the body, which closes the connection`() async throws {
        let server = ScriptedServer([.chunks(["first"], then: Gate())])
        try await withServer(server) { (backend) async throws in
            let exchange = backend.open(server.request())
            #expect(try await exchange.text(ofAtLeast: 5) == "first")
            async let failure = exchange.failure()
            exchange.cancel()
            #expect(await failure?.code == .cancelled)
            try await server.closedConnections(reach: 1)
        }
    }

    @Test func `With an unread body behind it`() async throws {
        let server = ScriptedServer([.text(String(repeating: "a", count: 8 << 20))])
        try await withServer(server) { (backend) async throws in
            let exchange = backend.open(server.request())
            _ = try await exchange.head()
            exchange.cancel()
            #expect(await exchange.failure()?.code == .cancelled)
            try await server.closedConnections(reach: 1)
        }
    }

    @Test func `In the middle of an upload`() async throws {
        let server = ScriptedServer([.text("")])
        try await withServer(server) { (backend) async throws in
            let exchange = backend.open(server.request("POST", body: .upload))
            let writer = Task {
                while true { try await exchange.write(Data(count: 64 << 10)) }
            }
            try await server.receivedBytes(reach: 256 << 10)
            exchange.cancel()
            await #expect(throws: HTTPTransferError.self) { try await writer.value }
            #expect(await exchange.failure()?.code == .cancelled)
            try await server.closedConnections(reach: 1)
        }
    }

    @Test func `After the end it does nothing, and the connection is kept`() async throws {
        let server = ScriptedServer([.text("one"), .text("two")])
        try await withServer(server) { (backend) async throws in
            for expected in ["one", "two"] {
                let exchange = backend.open(server.request())
                #expect(try await exchange.text() == expected)
                exchange.cancel()
                #expect(try await exchange.read() == nil)
                await exchange.closed()
            }
            #expect(server.connectionCount == 1)
        }
    }

    @Test func `A cancelled task stops waiting and the exchange goes on`() async throws {
        let gate = Gate()
        let server = ScriptedServer([.stall(until: gate)])
        try await withServer(server) { (backend) async throws in
            let exchange = backend.open(server.request())
            let waiter = Task { try await exchange.head() }
            try await server.requests(reach: 1)
            waiter.cancel()
            let error = await #expect(throws: HTTPTransferError.self) { try await waiter.value }
            #expect(error?.code == .cancelled)
            gate.open()
            #expect(try await exchange.text() == "late")
        }
    }

    @Test func `Letting go of an exchange cancels it`() async throws {
        let server = ScriptedServer([.chunks(["first"], then: Gate())])
        try await withServer(server) { (backend) async throws in
            do {
                let exchange = backend.open(server.request())
                _ = try await exchange.head()
            }
            try await server.closedConnections(reach: 1)
        }
    }

    @Test func `The shutdown ends what is in flight`() async throws {
        let server = ScriptedServer([.stall(until: Gate())])
        try await withServer(server) { (backend) async throws in
            let exchange = backend.open(server.request())
            try await server.requests(reach: 1)
            await backend.shutDown()
            #expect(await exchange.failure()?.code == .cancelled)
            #expect(backend.inFlight == 0)
        }
    }

    @Test func `Cancelling at any moment releases everything`() async throws {
        let server = ScriptedServer { _, _ in .chunks(["a", "b", "c"]) }
        try await withServer(server) { (backend) async throws in
            try await withThrowingTaskGroup { group in
                for number in 0..<100 {
                    group.addTask {
                        let exchange = backend.open(server.request())
                        let reader = Task { await exchange.failure() }
                        for _ in 0..<number { await Task.yield() }
                        exchange.cancel()
                        let failure = await reader.value
                        #expect(failure == nil || failure?.code == .cancelled)
                        await exchange.closed()
                    }
                }
                try await group.waitForAll()
            }
            #expect(backend.inFlight == 0)
        }
    }
}
