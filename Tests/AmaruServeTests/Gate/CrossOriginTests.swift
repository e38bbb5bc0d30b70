// Requests that pages of other origins cause.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting
import Testing

@testable import AmaruServe

@Suite(.timeLimit(.minutes(5))) struct CrossOriginTests {
    private static let json = "Content-Type: application/json"

    @Test(arguments: ["/api/turns", "/v1/chat/completions"])
    func `A page of another origin begins no turn`(_ path: String) async throws {
        let served = ServedRoutes()
        try await served.run(try ServeConfiguration(port: 0)) { (probe, _) async throws in
            let foreign = [
                ["Origin: http://localhost:3000"],
                ["Origin: http://localhost:3000", "Sec-Fetch-Site: same-site"],
                ["Origin: http://localhost:\(probe.port)", "Sec-Fetch-Site: cross-site"],
                ["Origin: null"], ["Origin: null", "Sec-Fetch-Site: cross-site"],
                ["Origin: http://evil.test"], ["Sec-Fetch-Site: cross-site"],
                ["Origin: http://127.0.0.1:\(probe.port)"], ["Origin: rubbish"], ["Origin: "],
                ["Origin: http://localhost:\(probe.port).evil.test"],
            ]
            for fields in foreign {
                let reply = try await probe.post(path, "{}", fields)
                #expect(reply.status == 403, "\(fields)")
                #expect(reply.field("Access-Control-Allow-Origin") == nil)
            }
        }
        #expect(served.turns.all.isEmpty)
    }

    @Test(arguments: ["/api/turns", "/v1/chat/completions"])
    func `A form begins no turn`(_ path: String) async throws {
        let served = ServedRoutes()
        try await served.run(try ServeConfiguration(port: 0)) { (probe, _) async throws in
            let types = [
                "text/plain", "application/x-www-form-urlencoded",
                "multipart/form-data; boundary=x",
                "text/plain; application/json", "application/jsonp",
            ]
            for type in types {
                let reply = try await probe.request(
                    "POST",
                    path,
                    ["Content-Type: \(type)"],
                    body: #"{"message":"hi"}"#
                )
                #expect(reply.status == 415, "\(type)")
            }
            #expect(try await probe.request("POST", path, body: "{}").status == 415)
        }
        #expect(served.turns.all.isEmpty)
    }

    @Test func `A GET begins no turn`() async throws {
        let served = ServedRoutes()
        try await served.run(try ServeConfiguration(port: 0)) { (probe, _) async throws in
            for path in ["/api/turns?message=hi", "/v1/chat/completions?message=hi", "/?q=hi"] {
                _ = try await probe.get(path)
            }
        }
        #expect(served.turns.all.isEmpty)
    }

    @Test func `The page itself and programs begin turns`() async throws {
        let served = ServedRoutes()
        try await served.run(try ServeConfiguration(port: 0)) { (probe, _) async throws in
            let own = [
                [], ["Sec-Fetch-Site: same-origin"], ["Sec-Fetch-Site: none"],
                ["Origin: http://localhost:\(probe.port)"],
            ]
            for fields in own {
                #expect(try await probe.post("/api/turns", "{}", fields).status == 200)
            }
        }
        #expect(served.turns.all.count == 4)
    }

    @Test func `Data is not for pages of other origins, the page is`() async throws {
        try await ServedRoutes().run(try ServeConfiguration(port: 0)) { (probe, _) async throws in
            let fields = ["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate"]
            #expect(try await probe.get("/", fields).status == 200)
            for path in ["/api/state", "/metrics", "/health", "/v1/models"] {
                let reply = try await probe.get(path, fields)
                #expect(reply.status == 403, "\(path)")
            }
        }
    }

    @Test func `Behind a proxy the public URL is the page's origin`() async throws {
        let configuration = try ServeConfiguration(port: 0, publicURL: "https://chat.example/c/")
        try await ServedRoutes().run(configuration) { (probe, _) async throws in
            // What nginx sends by default, and with the host handed on.
            for host in ["127.0.0.1:\(probe.port)", "chat.example"] {
                let fields = ["Host: \(host)", "Origin: https://chat.example"]
                let reply = try await probe.post("/api/turns", "{}", fields)
                #expect(reply.status == 200, "\(host)")
                let other = ["Host: \(host)", "Origin: http://chat.example"]
                let refused = try await probe.post("/api/turns", "{}", other)
                #expect(refused.status == 403, "\(host)")
            }
        }
    }

    @Test func `An allowed origin may use v1, and nothing else`() async throws {
        let origin = "https://app.example"
        let configuration = try ServeConfiguration(port: 0, allowedOrigins: [origin])
        try await ServedRoutes().run(configuration) { (probe, _) async throws in
            let fields = ["Origin: \(origin)", "Sec-Fetch-Site: cross-site"]
            let preflight = try await probe.request(
                "OPTIONS",
                "/v1/chat/completions",
                fields + [
                    "Access-Control-Request-Method: POST",
                    "Access-Control-Request-Headers: authorization, x-stainless-lang, x-evil",
                ]
            )
            #expect(preflight.status == 204)
            #expect(preflight.field("Access-Control-Allow-Origin") == origin)
            #expect(
                preflight.field("Access-Control-Allow-Headers") == "authorization, x-stainless-lang"
            )
            let reply = try await probe.post("/v1/chat/completions", "{}", fields)
            #expect(reply.status == 200)
            #expect(reply.field("Access-Control-Allow-Origin") == origin)
            #expect(reply.field("Access-Control-Allow-Credentials") == nil)
            let exposed = try #require(reply.field("Access-Control-Expose-Headers"))
            #expect(exposed.contains("x-should-retry"))
            #expect(try await probe.post("/api/turns", "{}", fields).status == 403)
            let other = ["Origin: https://app.example.evil.test", "Sec-Fetch-Site: cross-site"]
            #expect(try await probe.post("/v1/chat/completions", "{}", other).status == 403)
        }
    }
}
