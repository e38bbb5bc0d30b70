// The server around its routes: start, answers, end.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting
import NIOCore
import Testing

@testable import AmaruServe

@Suite(.timeLimit(.minutes(5))) struct PageServerTests {
    private func configuration() throws -> ServeConfiguration {
        var configuration = try ServeConfiguration(port: 0)
        configuration.limits.grace = .milliseconds(200)
        return configuration
    }

    // MARK: Start

    @Test func `A port that is taken is named, with what to do`() async throws {
        try await ServedRoutes().run(try configuration()) { (probe, _) async throws in
            let second = PageServer(try ServeConfiguration(port: probe.port)) { _, _ in }
            let error = await #expect(throws: ServeError.self) { try await second.start() }
            #expect(
                error?.description == """
                    the port \(probe.port) of 127.0.0.1 is taken by another program: name another one \
                    with --port, or let the system choose with --port 0.
                    """
            )
        }
    }

    @Test func `An address of another machine is named`() async throws {
        let tokens = try AccessTokens(parsing: "0123456789abcdef", from: "a test")
        let server = PageServer(
            try ServeConfiguration(host: "192.0.2.1", port: 0, tokens: tokens)
        ) { _, _ in }
        let error = await #expect(throws: ServeError.self) { try await server.start() }
        #expect(error?.description.contains("192.0.2.1 is not an address of this machine") == true)
    }

    @Test(arguments: [
        ("127.0.0.1", nil, "http://127.0.0.1:8000/"), ("0.0.0.0", nil, "http://127.0.0.1:8000/"),
        ("::1", nil, "http://[::1]:8000/"), ("[::1]", nil, "http://[::1]:8000/"),
        ("127.0.0.1", "https://chat.example/c/", "https://chat.example/c/"),
    ])
    func `The address is one for browsers`(_ host: String, _ url: String?, _ shown: String) throws {
        let tokens = try AccessTokens(parsing: "0123456789abcdef", from: "a test")
        let configuration = try ServeConfiguration(
            host: host,
            port: 0,
            tokens: tokens,
            publicURL: url
        )
        #expect(configuration.url(port: 8000) == shown)
    }

    // MARK: Answers

    @Test func `Each answer of the page tells browsers what it may do`() async throws {
        try await ServedRoutes().run(try configuration()) { (probe, _) async throws in
            for path in ["/", "/api/state", "/nowhere", "/health", "/api/broken"] {
                let reply = try await probe.get(path)
                let policy = try #require(reply.field("Content-Security-Policy"), "\(path)")
                #expect(policy.hasPrefix("default-src 'none'; script-src 'self'; style-src 'self'"))
                #expect(policy.contains("frame-ancestors 'none'; require-trusted-types-for"))
                #expect(!policy.contains("unsafe"))
                for (name, value) in [
                    ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"),
                    ("Cross-Origin-Opener-Policy", "same-origin"),
                    ("Cross-Origin-Resource-Policy", "same-origin"),
                    ("Permissions-Policy", "camera=(), microphone=(), geolocation=()"),
                    ("Cache-Control", path == "/" ? "no-cache" : "no-store"),
                ] {
                    #expect(reply.field(name) == value, "\(path)")
                }
                #expect(reply.field("Server") == nil)
            }
        }
    }

    @Test func `Errors have the shape of their part`() async throws {
        try await ServedRoutes().run(try configuration()) { (probe, _) async throws in
            let missing = try await probe.get("/nowhere")
            #expect(missing.status == 404)
            #expect(
                missing.body == """
                    {"error":{"code":"not_found","message":"there is no route GET /nowhere",\
                    "remedy":""}}
                    """
            )
            let model = try await probe.get("/v1/nowhere")
            #expect(model.status == 404)
            #expect(
                model.body == """
                    {"error":{"message":"there is no route GET /v1/nowhere",\
                    "type":"invalid_request_error","param":null,"code":"not_found"}}
                    """
            )
            let broken = try await probe.get("/api/broken")
            #expect(broken.status == 500)
            #expect(!broken.body.contains("secret"))
        }
    }

    @Test func `Rubbish is refused, and the server goes on`() async throws {
        try await ServedRoutes().run(try configuration()) { (probe, _) async throws in
            let rubbish = [
                "\u{16}\u{3}\u{1}\u{2}\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
                "\r\n\r\nx\r\n\r\n",
                "GET / HTTP/1.1\r\nHost localhost\r\n\r\n",
                "GET / HTTP/1.1\r\n\(String(repeating: "a: b\r\n", count: 20_000))\r\n",
                "GET /\(String(repeating: "a", count: 200_000)) HTTP/1.1\r\n\r\n",
                "POST /api/turns HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            ]
            for bytes in rubbish {
                let reply = try await probe.send(bytes)
                #expect(reply.status == 0 || (400...499).contains(reply.status), "\(reply)")
            }
            #expect(try await probe.get("/").status == 200)
        }
    }

    @Test func `Files are sent once, and compressed for who can read that`() async throws {
        try await ServedRoutes().run(try configuration()) { (probe, _) async throws in
            let plain = try await probe.get("/")
            #expect(
                plain.body.hasPrefix("<!DOCTYPE html>") || plain.body.hasPrefix("<!doctype html>")
            )
            #expect(plain.field("Content-Encoding") == nil)
            let tag = try #require(plain.field("ETag"))
            #expect(tag.hasPrefix("\"") && tag.hasSuffix("\""))
            #expect(try await probe.get("/", ["If-None-Match: \(tag)"]).status == 304)
            #expect(try await probe.get("/", ["If-None-Match: \"x\", W/\(tag)"]).status == 304)
            let other = try await probe.get("/", ["If-None-Match: \"x\""])
            #expect(other.status == 200)
            let compressed = try await probe.get("/", ["Accept-Encoding: br, gzip;q=0.8"])
            #expect(compressed.field("Content-Encoding") == "gzip")
            #expect(compressed.field("ETag") != tag)
            #expect(compressed.field("Vary") == "Accept-Encoding")
            let refused = try await probe.get("/", ["Accept-Encoding: gzip;q=0"])
            #expect(refused.field("Content-Encoding") == nil)
            let head = try await probe.request("HEAD", "/")
            #expect(head.status == 200 && head.body.isEmpty)
        }
    }

    @Test func `Each file that the page asks for is there, and all are small`() async throws {
        try await ServedRoutes().run(try configuration()) { (probe, _) async throws in
            let page = try await probe.get("/").body
            let names = page.matches(of: #/(?:src|href)="([^":]+)"/#).map { String($0.1) }
            #expect(names.contains("app.js") && names.contains("style.css"))
            var size = 0
            // The last is asked for with the first code.
            for name in [""] + names + ["code.js"] {
                let reply = try await probe.get("/\(name)", ["Accept-Encoding: gzip"])
                #expect(reply.status == 200, "\(name)")
                #expect(reply.field("Content-Encoding") == "gzip", "\(name)")
                size += reply.field("Content-Length").flatMap { Int($0) } ?? 1 << 20
            }
            // With the page itself, its state and its list, five requests.
            #expect(names.count == 2)
            #expect(size <= 40_000)
        }
    }

    @Test func `Metrics count what was answered`() async throws {
        try await ServedRoutes().run(try configuration()) { (probe, server) async throws in
            server.metrics.add("amaru_test", "A test's.") { 7 }
            _ = try await probe.get("/nowhere")
            // The connection before is closed by and by.
            let last = try await bounded {
                while true {
                    let text = try await probe.get("/metrics").body
                    if text.contains("amaru_connections 1\n") { return text }
                }
            }
            let text = try #require(last)
            for line in [
                "amaru_requests_total{status=\"4xx\"} 1", "# TYPE amaru_connections gauge",
                "amaru_connections 1", "amaru_test 7",
            ] {
                #expect(text.split(separator: "\n").contains { $0 == line }, "\(text)")
            }
            #expect(try await probe.get("/health").body == "{\"status\":\"ok\"}\n")
            server.metrics.add("amaru_parts", "Parts.", inHealth: "parts") { 3 }
            let health = try await probe.get("/health").body
            #expect(health == "{\"status\":\"ok\",\"parts\":3}\n")
        }
    }

    // MARK: Limits

    @Test func `A request that does not come is not waited for`() async throws {
        var configuration = try configuration()
        configuration.limits.idleTimeout = .milliseconds(100)
        configuration.limits.bodyTimeout = .milliseconds(100)
        try await ServedRoutes().run(configuration) { (probe, _) async throws in
            let head = "POST /api/turns HTTP/1.1\r\nHost: localhost:\(probe.port)\r\n"
            let starts = [
                "", "GET / HT",
                head + "Content-Type: application/json\r\nContent-Length: 9\r\n\r\n{",
            ]
            // Each returns once the server has closed the connection.
            for start in starts {
                do {
                    _ = try await probe.send(start)
                } catch ChannelError.ioOnClosedChannel {
                    // On a busy machine the server may have closed it before the bytes are written.
                }
            }
        }
    }

    @Test func `An answer that is not taken ends`() async throws {
        var configuration = try configuration()
        configuration.limits.stallTimeout = .milliseconds(100)
        try await ServedRoutes().run(configuration) { (probe, server) async throws in
            try await probe.connected { connection in
                try await connection.write(
                    "GET /api/endless HTTP/1.1\r\nHost: localhost:\(probe.port)\r\n\r\n"
                )
                #expect(try await connection.wait(for: "AAAA"))
                // The test's own end reads no further, but a little that it holds.
                while server.metrics.connections > 0 { await Task.yield() }
            }
        }
    }

    @Test func `Connections beyond the limit wait`() async throws {
        var configuration = try configuration()
        configuration.limits.connections = 2
        try await ServedRoutes().run(configuration) { (probe, server) async throws in
            try await probe.connected { first in
                try await first.write(
                    "GET /api/stream HTTP/1.1\r\nHost: localhost:\(probe.port)\r\n\r\n"
                )
                #expect(try await first.wait(for: "begun"))
                async let replies = [probe.get("/"), probe.get("/"), probe.get("/")]
                #expect(try await replies.map(\.status) == [200, 200, 200])
                #expect(server.metrics.connections <= 2)
            }
        }
    }

    @Test(arguments: [
        "", "GET / HT",
        "GET / HTTP/1.1\r\nHost: localhost\r\n",
        "POST /api/turns HTTP/1.1\r\nHost: localhost:PORT\r\n"
            + "Content-Type: application/json\r\nContent-Length: 9\r\n\r\n{",
        // One that could have another request.
        "GET /nowhere HTTP/1.1\r\nHost: localhost:PORT\r\n\r\n",
    ])
    func `A full server ends the connection that it has waited for the longest`(
        _ start: String
    ) async throws {
        var configuration = try configuration()
        configuration.limits.connections = 3
        try await ServedRoutes().run(configuration) { (probe, server) async throws in
            let start = start.replacing("PORT", with: "\(probe.port)")
            try await probe.connected { follower in
                try await follower.write(
                    "GET /api/stream HTTP/1.1\r\nHost: localhost:\(probe.port)\r\n\r\n"
                )
                #expect(try await follower.wait(for: "begun"))
                let ended = ServedRoutes.Recorded()
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<10 {
                        group.addTask {
                            try await probe.connected { connection in
                                do { try await connection.write(start) } catch {}
                                _ = try await connection.rest()
                            }
                            ended.add("")
                        }
                    }
                    // Two have a place beside the follower.
                    while ended.all.count < 8 { await Task.yield() }
                    // A request of theirs may be on its way to its answer, and so left alone.
                    var isServed = false
                    for _ in 0..<1000 where !isServed {
                        isServed = (try? await probe.get("/health").status) == 200
                    }
                    #expect(isServed)
                    // What is answered is left alone.
                    #expect(!follower.text.contains("ended"))
                    await server.stop()
                    try await group.waitForAll()
                }
                #expect(try await follower.rest().contains("ended"))
            }
        }
    }

    // MARK: End

    @Test func `A hundred open streams are told of the end, and get it whole`() async throws {
        try await ServedRoutes().run(try configuration()) { (probe, server) async throws in
            let ends = try await withThrowingTaskGroup(of: String.self) { group in
                let begun = AsyncStream<Void>.makeStream()
                for _ in 0..<100 {
                    group.addTask {
                        let text = ServedRoutes.Recorded()
                        try await probe.connected { connection in
                            try await connection.write(
                                "GET /api/stream HTTP/1.1\r\nHost: localhost:\(probe.port)\r\n\r\n"
                            )
                            #expect(try await connection.wait(for: "begun"))
                            begun.continuation.yield()
                            text.add(try await connection.rest())
                        }
                        return text.all.joined()
                    }
                }
                var iterator = begun.stream.makeAsyncIterator()
                for _ in 0..<100 { await iterator.next() }
                await server.stop()
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(ends.count == 100)
            // The last chunk, and that of the end.
            #expect(ends.allSatisfy { $0.contains("ended") && $0.hasSuffix("0\r\n\r\n") })
        }
    }

    @Test func `An answer that never ends does not hold up the end`() async throws {
        try await ServedRoutes().run(try configuration()) { (probe, server) async throws in
            try await probe.connected { connection in
                try await connection.write(
                    "GET /api/stuck HTTP/1.1\r\nHost: localhost:\(probe.port)\r\n\r\n"
                )
                #expect(try await connection.wait(for: "begun"))
                await server.stop()
            }
        }
    }
}
