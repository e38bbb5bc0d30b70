// Bodies that are too much.
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AmaruServe

@Suite(.timeLimit(.minutes(5))) struct BodyTests {
    private func configuration() throws -> ServeConfiguration {
        var configuration = try ServeConfiguration(port: 0)
        configuration.limits.pageBody = 1000
        configuration.limits.modelBody = 4000
        configuration.limits.jsonDepth = 8
        configuration.limits.grace = .milliseconds(100)
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

    @Test func `JSON is nested to a bounded depth`() async throws {
        try await ServedRoutes().run(try configuration()) { (probe, _) async throws in
            #expect(try await probe.post("/api/turns", Self.nested(8)).status == 200)
            let reply = try await probe.post("/api/turns", Self.nested(10))
            #expect(reply.status == 400)
            #expect(reply.body.contains("too_deep"))
        }
    }

    @Test(arguments: [
        ("", 0), ("1", 0), ("[]", 1), ("[[],[]]", 2), (#"["[[[[", {"a]": "\"[{"}]"#, 2),
        ("]]][", 1),
        (#""\\"[["#, 2), (#""\"[["#, 0),
    ])
    func `Depth is that of arrays and objects`(_ text: String, _ depth: Int) {
        #expect(max(JSONDepth.of(text.utf8), 0) == depth)
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
