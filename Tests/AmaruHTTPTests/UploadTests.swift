// Bodies that are written piece by piece.
// SPDX-License-Identifier: Apache-2.0

import AmaruHTTP
import AmaruTesting
import Foundation
import Testing

@Suite(.timeLimit(.minutes(5)))
struct UploadTests {
    @Test func `Pieces are sent as they are written, chunked`() async throws {
        let server = ScriptedServer([.text("thanks")])
        try await withServer(server) { (backend) async throws in
            let exchange = backend.open(server.request("POST", body: .upload))
            let first = String(repeating: "first", count: 200)
            try await exchange.write(Data(first.utf8))
            try await server.receivedBytes(reach: first.utf8.count)
            #expect(server.requests.isEmpty)
            try await exchange.write(Data(" second".utf8))
            try await exchange.write(Data())
            try await exchange.finish()
            #expect(try await exchange.text() == "thanks")
            #expect(server.requests[0].bodyText == first + " second")
            #expect(server.requests[0].header("transfer-encoding") == "chunked")
        }
    }

    @Test func `A declared length is used instead of chunks`() async throws {
        let server = ScriptedServer([.text("thanks")])
        try await withServer(server) { (backend) async throws in
            let length = HTTPHeaderField("Content-Length", "6")
            let request = server.request("PUT", headers: [length], body: .upload)
            let exchange = backend.open(request)
            try await exchange.write(Data("abc".utf8))
            try await exchange.write(Data("def".utf8))
            try await exchange.finish()
            #expect(try await exchange.text() == "thanks")
            #expect(server.requests[0].bodyText == "abcdef")
            #expect(server.requests[0].header("transfer-encoding") == nil)
        }
    }

    @Test(arguments: ["ab", "abcdef"])
    func `A body that is not as long as declared is refused`(_ body: String) async throws {
        let server = ScriptedServer([.text("thanks")])
        try await withServer(server) { (backend) async throws in
            let length = HTTPHeaderField("Content-Length", "4")
            let request = server.request("PUT", headers: [length], body: .upload)
            let exchange = backend.open(request)
            try? await exchange.write(Data(body.utf8))
            try? await exchange.finish()
            #expect(await exchange.failure()?.code == .localProtocol)
            #expect(server.requests.isEmpty)
        }
    }

    @Test func `A large body of known content arrives whole`() async throws {
        let server = ScriptedServer([.text("thanks")])
        try await withServer(server) { (backend) async throws in
            let body = Data((0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })
            let exchange = backend.open(server.request("POST", body: .data(body)))
            #expect(try await exchange.text() == "thanks")
            #expect(server.requests[0].body == body)
        }
    }

    @Test(arguments: [200, 413])
    func `An early answer is read while the upload goes on`(_ status: Int) async throws {
        let server = ScriptedServer([.text("enough", status: status)], bodies: .ignore)
        try await withServer(server) { (backend) async throws in
            let exchange = backend.open(server.request("POST", body: .upload))
            try await exchange.write(Data("first".utf8))
            #expect(try await exchange.head().status == status)
            #expect(try await exchange.text() == "enough")
            // What comes too late is discarded, without an error.
            try await exchange.write(Data("second".utf8))
            try await exchange.finish()
            await exchange.closed()
            try await server.closedConnections(reach: 1)
        }
    }

    @Test func `A server that reads nothing holds the writer back`() async throws {
        let gate = Gate()
        let server = ScriptedServer([.stall(until: gate, then: "")], bodies: .ignore)
        try await withServer(server) { (backend) async throws in
            let written = Counter()
            let exchange = backend.open(server.request("POST", body: .upload))
            let writer = Task {
                for _ in 0..<64 {
                    try await exchange.write(Data(count: 1 << 20))
                    written.add(1)
                }
            }
            try await server.requests(reach: 1)
            // A whole other exchange passes, so that an unbounded writer would be through.
            let other = ScriptedServer([.text(String(repeating: "a", count: 32 << 20))])
            try await other.start()
            let passing = backend.open(other.request())
            #expect(try await passing.rest().count == 32 << 20)
            await other.shutDown()
            #expect(written.value < 40)
            gate.open()
            #expect(try await exchange.head().status == 200)
            exchange.cancel()
            _ = try? await writer.value
        }
    }

    @Test func `Writing to a request without an upload is refused`() async throws {
        let server = ScriptedServer([.text("")])
        try await withServer(server) { (backend) async throws in
            let exchange = backend.open(server.request())
            let error = await #expect(throws: HTTPTransferError.self) {
                try await exchange.write(Data("a".utf8))
            }
            #expect(error?.code == .localProtocol)
        }
    }
}
