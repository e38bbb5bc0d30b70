// Each limit, reached against a real server.
// SPDX-License-Identifier: Apache-2.0

import AmaruHTTP
import AmaruTesting
import Foundation
import Testing

@Suite(.timeLimit(.minutes(5)))
struct TimeoutTests {
    /// A limit that is set only when nothing can arrive any more.
    static let short = Duration.milliseconds(30)

    @Test func `Waiting for the head`() async throws {
        let server = ScriptedServer([.stall(until: Gate())])
        try await withServer(server) { (backend) async throws in
            let limits = HTTPTimeouts(read: Self.short)
            let failure = await backend.open(server.request(timeouts: limits)).failure()
            #expect(failure?.code == .readTimeout)
            #expect(failure?.message.contains("0.030 s") == true)
            try await server.closedConnections(reach: 1)
        }
    }

    @Test func `Waiting for the next piece of the body`() async throws {
        let server = ScriptedServer([.chunks(["first"], then: Gate())])
        try await withServer(server) { (backend) async throws in
            let exchange = backend.open(server.request())
            #expect(try await exchange.text(ofAtLeast: 5) == "first")
            exchange.limit(.read, to: Self.short)
            #expect(await exchange.failure()?.code == .readTimeout)
        }
    }

    @Test func `A body that nobody reads does not time out`() async throws {
        let gate = Gate()
        let server = ScriptedServer([
            .chunks(["first"], then: gate, ["second"]), .stall(until: gate),
        ])
        try await withServer(server) { (backend) async throws in
            let limits = HTTPTimeouts(read: Self.short)
            let exchange = backend.open(server.request())
            #expect(try await exchange.text(ofAtLeast: 5) == "first")
            exchange.limit(.read, to: Self.short)
            // Another exchange with the same limit runs into it meanwhile.
            let other = await backend.open(server.request(timeouts: limits)).failure()
            #expect(other?.code == .readTimeout)
            gate.open()
            exchange.limit(.read, to: nil)
            #expect(try await exchange.text() == "second")
        }
    }

    @Test func `Connecting, the TLS handshake included`() async throws {
        // A server without TLS never answers the start of a handshake.
        let server = ScriptedServer([.text("")])
        try await withServer(server) { (backend) async throws in
            let request = HTTPTransferRequest(
                method: "GET",
                url: "https://127.0.0.1:\(server.port)/",
                timeouts: HTTPTimeouts(connect: Self.short)
            )
            let failure = await backend.open(request).failure()
            #expect(failure?.code == .connectTimeout)
            #expect(failure?.message.contains("https://127.0.0.1:\(server.port)") == true)
        }
    }

    @Test func `Waiting for a free connection`() async throws {
        let gate = Gate()
        let server = ScriptedServer([.stall(until: gate), .text("next")])
        var configuration = HTTPBackendConfiguration()
        configuration.maximumConnections = 1
        try await withServer(server, configuration) { (backend) async throws in
            let first = backend.open(server.request())
            let limits = HTTPTimeouts(pool: Self.short)
            let second = backend.open(server.request(timeouts: limits))
            #expect(await second.failure()?.code == .poolTimeout)
            await second.closed()
            gate.open()
            #expect(try await first.text() == "late")
            #expect(try await backend.open(server.request()).text() == "next")
        }
    }

    @Test func `Writing a body of known content`() async throws {
        let server = ScriptedServer([.stall(until: Gate())], bodies: .ignore)
        try await withServer(server) { (backend) async throws in
            let limits = HTTPTimeouts(write: Self.short)
            let body = HTTPTransferRequest.Body.data(Data(count: 64 << 20))
            let request = server.request("POST", body: body, timeouts: limits)
            #expect(await backend.open(request).failure()?.code == .writeTimeout)
        }
    }

    @Test func `Writing an upload`() async throws {
        let server = ScriptedServer([.stall(until: Gate())], bodies: .ignore)
        try await withServer(server) { (backend) async throws in
            let limits = HTTPTimeouts(write: Self.short)
            let request = server.request("POST", body: .upload, timeouts: limits)
            let exchange = backend.open(request)
            let error = await #expect(throws: HTTPTransferError.self) {
                while true { try await exchange.write(Data(count: 1 << 20)) }
            }
            #expect(error?.code == .writeTimeout)
        }
    }
}
