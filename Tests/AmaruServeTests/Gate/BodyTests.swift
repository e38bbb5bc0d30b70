// Bodies that are too much.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting
import Testing

@testable import AmaruServe

@Suite(.timeLimit(.minutes(5))) struct BodyTests {
    private func configuration() throws -> ServeConfiguration {
        var configuration = try ServeConfiguration(port: 0)
        configuration.limits.pageBody = 1000
        configuration.limits.modelBody = 4000
        configuration.limits.jsonDepth = 8
        return configuration
    }

    private static func text(_ count: Int) -> String {
        "\"" + String(repeating: "x", count: count - 2) + "\""
    }

    private static func nested(_ depth: Int) -> String {
        let (start, end) = (#"[{"a":"#, "}]")
        return String(repeating: start, count: depth / 2) + "1"
            + String(repeating: end, count: depth / 2)
    }

    @Test func `A body has a bound, another one for v1`() async throws {
        let served = ServedRoutes()
        try await served.run(try configuration()) { (probe, _) async throws in
            #expect(try await probe.post("/api/turns", Self.text(1000)).status == 200)
            #expect(try await probe.post("/api/turns", Self.text(1001)).status == 413)
            #expect(try await probe.post("/v1/chat/completions", Self.text(4000)).status == 200)
            let reply = try await probe.post("/v1/chat/completions", Self.text(4001))
            #expect(reply.status == 413)
            #expect(reply.body.contains(#""type":"invalid_request_error""#))
        }
        #expect(served.turns.all.count == 2)
    }

    @Test func `A body in chunks has the same bound`() async throws {
        let served = ServedRoutes()
        try await served.run(try configuration()) { (probe, _) async throws in
            let chunk = "200\r\n\(String(repeating: " ", count: 512))\r\n"
            let reply = try await probe.send(
                "POST /api/turns HTTP/1.1\r\nHost: localhost:\(probe.port)\r\n"
                    + "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n"
                    + "Connection: close\r\n\r\n\(chunk)\(chunk)0\r\n\r\n"
            )
            #expect(reply.status == 413)
        }
        #expect(served.turns.all.isEmpty)
    }

    @Test func `A request that only reads has no body`() async throws {
        try await ServedRoutes().run(try configuration()) { (probe, _) async throws in
            #expect(try await probe.request("GET", "/api/state", body: "{}").status == 400)
            #expect(try await probe.request("GET", "/api/state", body: "").status == 200)
        }
    }

    @Test(arguments: ["GET /api/state", "POST /api/turns", "POST /nowhere"])
    func `A body that does not end ends the connection`(_ target: String) async throws {
        var configuration = try configuration()
        configuration.limits.bodyTimeout = .milliseconds(100)
        let served = ServedRoutes()
        try await served.run(configuration) { (probe, _) async throws in
            // Returns once the server has closed the connection.
            let reply = try await probe.send(
                "\(target) HTTP/1.1\r\nHost: localhost:\(probe.port)\r\n"
                    + "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n1\r\n"
            )
            #expect(reply.status != 200)
        }
        #expect(served.turns.all.isEmpty)
    }

    @Test func `Few large bodies are held at a time`() async throws {
        var configuration = try configuration()
        configuration.limits.largeBodies = 1
        try await ServedRoutes().run(configuration) { (probe, _) async throws in
            let path = "/v1/chat/completions"
            try await probe.connected { first in
                try await first.write(
                    "POST \(path) HTTP/1.1\r\nHost: localhost:\(probe.port)\r\n"
                        + "Content-Type: application/json\r\nContent-Length: 3000\r\n\r\n"
                )
                // Until the server has seen the head of the first.
                var reply = try await probe.post(path, Self.text(3000))
                while reply.status == 200 { reply = try await probe.post(path, Self.text(3000)) }
                #expect(reply.status == 503)
                #expect(reply.field("Retry-After") == "1")
                #expect(try await probe.post(path, Self.text(1000)).status == 200)
                try await first.write(Self.text(3000))
                #expect(try await first.wait(for: "local 3000"))
            }
            #expect(try await probe.post(path, Self.text(3000)).status == 200)
        }
    }

    @Test func `JSON is nested to a bounded depth`() async throws {
        try await ServedRoutes().run(try configuration()) { (probe, _) async throws in
            #expect(try await probe.post("/api/turns", Self.nested(8)).status == 200)
            let reply = try await probe.post("/api/turns", Self.nested(10))
            #expect(reply.status == 400)
            #expect(reply.body.contains("nested more than 8 deep"))
        }
    }

    @Test func `A length that is no number ends in a refusal`() async throws {
        let served = ServedRoutes()
        try await served.run(try configuration()) { (probe, _) async throws in
            for length in ["-1", "99999999999999999999", "1e3", "5, 6"] {
                let head = "POST /api/turns HTTP/1.1\r\nHost: localhost:\(probe.port)\r\n"
                let reply = try await probe.send(
                    head + "Content-Type: application/json\r\nConnection: close\r\n"
                        + "Content-Length: \(length)\r\n\r\n{}   "
                )
                #expect((400...499).contains(reply.status), "\(length): \(reply)")
            }
        }
        #expect(served.turns.all.isEmpty)
    }
}
