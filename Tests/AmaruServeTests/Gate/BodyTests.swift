// Bodies that are too much.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting
import Dispatch
import Testing

@testable import AmaruServe

@Suite(.timeLimit(.minutes(5))) struct BodyTests {
    private func configuration() throws -> ServeConfiguration {
        var configuration = try ServeConfiguration(port: 0)
        configuration.limits.loginBody = 500
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
            #expect(try await probe.post("/api/login", Self.text(501)).status == 413)
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

    /// Begins a body in chunks, as large as those of the page and a little more.
    private static func begin(_ connection: HTTPProbe.Connection, _ fields: [String]) async throws {
        let head = ["POST /v1/chat/completions HTTP/1.1", "Content-Type: application/json"]
        let chunked = head + fields + ["Transfer-Encoding: chunked"]
        try await connection.write(chunked.joined(separator: "\r\n") + "\r\n\r\n")
        try await connection.write("7d0\r\n\"\(String(repeating: "x", count: 1999))\r\n")
    }

    /// Waits until the server holds a number of large bodies.
    private static func untilHeld(
        _ count: Int,
        _ probe: HTTPProbe,
        _ fields: [String] = []
    ) async throws {
        let line = "amaru_large_bodies \(count)\n"
        while try await !probe.get("/metrics", fields).body.contains(line) {}
    }

    @Test func `Few large bodies are held at a time`() async throws {
        var configuration = try configuration()
        configuration.limits.largeBodies = 1
        try await ServedRoutes().run(configuration) { (probe, _) async throws in
            let path = "/v1/chat/completions"
            try await probe.connected { first in
                try await Self.begin(first, ["Host: localhost:\(probe.port)"])
                try await Self.untilHeld(1, probe)
                let reply = try await probe.post(path, Self.text(3000))
                #expect(reply.status == 503)
                #expect(reply.field("Retry-After") == "1")
                #expect(try await probe.post(path, Self.text(1000)).status == 200)
                try await first.write("1\r\n\"\r\n0\r\n\r\n")
                #expect(try await first.wait(for: "local 2001"))
            }
            #expect(try await probe.post(path, Self.text(3000)).status == 200)
        }
    }

    @Test func `A head that announces a large body takes nothing from others`() async throws {
        var configuration = try configuration()
        configuration.limits.largeBodies = 1
        try await ServedRoutes().run(configuration) { (probe, _) async throws in
            let path = "/v1/chat/completions"
            let heads = [
                "POST /api/turns HTTP/1.1\r\nContent-Length: 900\r\n",
                "POST \(path) HTTP/1.1\r\nContent-Length: 3000\r\n",
                "POST \(path) HTTP/1.1\r\nTransfer-Encoding: chunked\r\n",
            ]
            for head in heads {
                try await probe.connected { idle in
                    let fields = "Host: localhost:\(probe.port)\r\nContent-Type: application/json"
                    // The answer to the first request tells that the second has been read.
                    try await idle.write(
                        "GET /health HTTP/1.1\r\n\(fields)\r\n\r\n\(head)\(fields)\r\n\r\n"
                    )
                    #expect(try await idle.wait(for: "ok"))
                    for _ in 0..<3 {
                        #expect(try await probe.post(path, Self.text(3000)).status == 200)
                    }
                }
            }
        }
    }

    @Test func `No user takes all places of large bodies`() async throws {
        let (ann, bob) = (String(repeating: "a", count: 16), String(repeating: "b", count: 16))
        let tokens = try AccessTokens(parsing: "ann:\(ann)\nbob:\(bob)", from: "a test")
        var configuration = try ServeConfiguration(port: 0, tokens: tokens)
        configuration.limits = try self.configuration().limits
        configuration.limits.largeBodies = 3
        try await ServedRoutes().run(configuration) { (probe, _) async throws in
            let path = "/v1/chat/completions"
            try await probe.connected { first in
                try await probe.connected { second in
                    for connection in [first, second] {
                        let host = "Host: localhost:\(probe.port)"
                        try await Self.begin(connection, [host, "x-api-key: \(ann)"])
                    }
                    try await Self.untilHeld(2, probe, ["x-api-key: \(ann)"])
                    let more = try await probe.post(path, Self.text(3000), ["x-api-key: \(ann)"])
                    #expect(more.status == 503)
                    let other = try await probe.post(path, Self.text(3000), ["x-api-key: \(bob)"])
                    #expect(other.status == 200)
                }
            }
        }
    }

    @Test func `What is done with large bodies stops no other answers`() async throws {
        try await ServedRoutes().run(try configuration()) { (probe, _) async throws in
            let hold = DispatchSemaphore(value: 0)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<64 {
                    group.addTask {
                        try await RequestBodies.working(on: 1 << 20) { hold.wait() }
                    }
                }
                #expect(try await probe.post("/v1/chat/completions", Self.text(900)).status == 200)
                for _ in 0..<64 { hold.signal() }
                try await group.waitForAll()
            }
        }
    }

    @Test(arguments: [
        ("Transfer-Encoding: chunked", "zz\r\n{}\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked", "2\r\n{}xx0\r\n\r\n"),
        ("Transfer-Encoding: chunked", "fffffffffffffffffff\r\n{}\r\n0\r\n\r\n"),
        ("Transfer-Encoding: gzip", "2\r\n{}\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked, gzip", "2\r\n{}\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked\r\nContent-Length: 2", "2\r\n{}\r\n0\r\n\r\n"),
        ("Content-Length: 2\r\nContent-Length: 3", "{} "), ("Content-Length: -2", "{}"),
        ("Content-Length: 2x", "{}"),
    ])
    func `A request that is framed wrongly ends its connection`(
        fields: String,
        body: String
    ) async throws {
        let served = ServedRoutes()
        try await served.run(try configuration()) { (probe, _) async throws in
            for path in ["/api/turns", "/v1/chat/completions"] {
                // Returns once the server has closed the connection.
                let reply = try await probe.send(
                    "POST \(path) HTTP/1.1\r\nHost: localhost:\(probe.port)\r\n"
                        + "Content-Type: application/json\r\n\(fields)\r\n\r\n\(body)"
                )
                #expect(reply.status == 400, "\(reply)")
                #expect(reply.field("Connection") == "close")
                #expect(reply.description.split(separator: "HTTP/1.1 4").count == 1)
            }
        }
        #expect(served.turns.all.isEmpty)
    }

    @Test(arguments: ["GET /api/state", "POST /nowhere", "POST /v1/chat/completions"])
    func `A request that was refused has no second response, however it is framed`(
        target: String
    ) async throws {
        try await ServedRoutes().run(try configuration()) { (probe, _) async throws in
            let reply = try await probe.send(
                "\(target) HTTP/1.1\r\nHost: localhost:\(probe.port)\r\n"
                    + "Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n"
            )
            #expect([400, 415].contains(reply.status))
            #expect(reply.description.split(separator: "HTTP/1.1 4").count == 1, "\(reply)")
        }
    }

    @Test func `JSON is nested to a bounded depth`() async throws {
        try await ServedRoutes().run(try configuration()) { (probe, _) async throws in
            #expect(try await probe.post("/api/turns", Self.nested(8)).status == 200)
            let reply = try await probe.post("/api/turns", Self.nested(10))
            #expect(reply.status == 400)
            #expect(reply.body.contains("more than 8 levels of nesting"))
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
