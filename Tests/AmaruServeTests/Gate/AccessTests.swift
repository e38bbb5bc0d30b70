// Who is let in, and by what.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting
import Testing

@testable import AmaruServe

@Suite(.timeLimit(.minutes(5))) struct AccessTests {
    private static let users =
        "ann: \(String(repeating: "a", count: 16))\nbob: bbbbbbbbbbbbbbbb-bb\n"
    private static let ann = String(repeating: "a", count: 16)
    private static let bob = "bbbbbbbbbbbbbbbb-bb"

    private func configuration(_ publicURL: String? = nil) throws -> ServeConfiguration {
        let tokens = try AccessTokens(parsing: Self.users, from: "a test")
        return try ServeConfiguration(port: 0, tokens: tokens, publicURL: publicURL)
    }

    /// Logs in and returns the cookie.
    private static func cookie(_ probe: HTTPProbe, _ token: String) async throws -> String {
        let reply = try await probe.post("/api/login", #"{"token":"\#(token)"}"#)
        #expect(reply.status == 204)
        let field = try #require(reply.field("Set-Cookie"))
        return "Cookie: theme=dark; \(field.prefix { $0 != ";" })"
    }

    @Test func `A cookie is for the page of its user`() async throws {
        try await ServedRoutes().run(try configuration()) { (probe, _) async throws in
            let (ann, bob) = (
                try await Self.cookie(probe, Self.ann), try await Self.cookie(probe, Self.bob)
            )
            #expect(try await probe.get("/api/state", [ann]).body.contains("ann"))
            #expect(try await probe.get("/api/state", [bob]).body.contains("bob"))
            #expect(try await probe.get("/health", [ann]).status == 200)
            for path in ["/v1/models", "/v1/nowhere"] {
                let reply = try await probe.get(path, [ann])
                #expect(reply.status == 401)
                #expect(reply.body.contains(#""code":"invalid_api_key""#))
                #expect(reply.body.contains(#""param":null"#))
            }
        }
    }

    @Test func `A token is for v1, and not for the page`() async throws {
        try await ServedRoutes().run(try configuration()) { (probe, _) async throws in
            let bearer = "Authorization: Bearer \(Self.bob)"
            #expect(try await probe.get("/v1/models", [bearer]).body.contains("bob"))
            #expect(
                try await probe.get("/v1/models", ["authorization: bearer \(Self.bob)"]).status
                    == 200
            )
            #expect(
                try await probe.get("/v1/models", ["x-api-key: \(Self.ann)"]).body.contains("ann")
            )
            #expect(try await probe.get("/metrics", [bearer]).status == 200)
            #expect(try await probe.get("/api/state", [bearer]).status == 401)
        }
    }

    @Test func `Nobody else is let in anywhere`() async throws {
        let served = ServedRoutes()
        try await served.run(try configuration()) { (probe, _) async throws in
            let wrong = [
                "Authorization: Bearer \(Self.ann)x", "Authorization: Bearer aaaaaaaaaaaaaaa",
                "Authorization: Bearer ", "Authorization: Basic \(Self.ann)", "X-None: 1",
                "Authorization: \(Self.ann)", "x-api-key: ann", "Cookie: amaru_\(probe.port)=",
                "Cookie: amaru_\(probe.port)=\(Self.ann)", "Cookie: amaru_1=\(Self.ann)",
            ]
            for field in wrong {
                for path in ["/api/state", "/v1/models", "/health", "/metrics", "/nowhere"] {
                    let reply = try await probe.get(path, [field])
                    #expect(reply.status == 401, "\(path) \(field)")
                }
                #expect(try await probe.post("/v1/chat/completions", "{}", [field]).status == 401)
                #expect(try await probe.post("/api/turns", "{}", [field]).status == 401)
            }
            for path in [
                "//api//state", "/api/state/", "/API/state", "/api/./state", "/%61pi/state",
            ] {
                let reply = try await probe.get(path)
                #expect([401, 404].contains(reply.status), "\(path)")
            }
            #expect(try await probe.get("/").status == 200)
        }
        #expect(served.turns.all.isEmpty)
    }

    @Test func `A login wants a token, and a body of JSON`() async throws {
        try await ServedRoutes().run(try configuration()) { (probe, _) async throws in
            #expect(
                try await probe.post("/api/login", #"{"token":"aaaaaaaaaaaaaaax"}"#).status == 401
            )
            #expect(try await probe.post("/api/login", #"{"token":""}"#).status == 401)
            for body in ["", "{", "[]", #"{"token":1}"#, "\u{0}"] {
                #expect([400, 415].contains(try await probe.post("/api/login", body).status))
            }
            #expect(try await probe.get("/api/login").status == 401)
        }
    }

    @Test func `A link logs in once`() async throws {
        try await ServedRoutes().run(try configuration()) { (probe, server) async throws in
            let code = server.logins.makeCode(for: "ann")
            let cookie = try await Self.cookie(probe, code)
            #expect(try await probe.get("/api/state", [cookie]).body.contains("ann"))
            let again = try await probe.post("/api/login", #"{"token":"\#(code)"}"#)
            #expect(again.status == 401)
        }
    }

    @Test func `A browser that is logged in stays who it is`() async throws {
        try await ServedRoutes().run(try configuration()) { (probe, _) async throws in
            let bob = try await Self.cookie(probe, Self.bob)
            let reply = try await probe.post(
                "/api/login",
                #"{"token":"\#(Self.ann)"}"#,
                [bob]
            )
            #expect(reply.status == 204)
            #expect(reply.field("Set-Cookie") == nil)
            #expect(try await probe.get("/api/state", [bob]).body.contains("bob"))
        }
    }

    @Test func `The cookie has the port, and is for the server alone`() async throws {
        try await ServedRoutes().run(try configuration()) { (probe, _) async throws in
            let reply = try await probe.post("/api/login", #"{"token":"\#(Self.ann)"}"#)
            let cookie = try #require(reply.field("Set-Cookie"))
            #expect(cookie.hasPrefix("amaru_\(probe.port)="))
            #expect(cookie.hasSuffix("; Path=/; HttpOnly; SameSite=Strict"))
            #expect(!cookie.contains(Self.ann))
        }
        try await ServedRoutes().run(try configuration("https://chat.example")) {
            (probe, _) async throws in
            let reply = try await probe.post("/api/login", #"{"token":"\#(Self.ann)"}"#)
            let cookie = try #require(reply.field("Set-Cookie"))
            #expect(cookie.hasPrefix("__Host-amaru_443="))
            #expect(cookie.hasSuffix("; Path=/; HttpOnly; SameSite=Strict; Secure"))
        }
    }

    @Test func `The log has neither queries nor tokens`() async throws {
        let served = ServedRoutes()
        try await served.run(try configuration()) { (probe, _) async throws in
            _ = try await Self.cookie(probe, Self.ann)
            _ = try await probe.get("/api/state?t=\(Self.ann)", ["x-api-key: \(Self.ann)"])
            _ = try await probe.get("/v1/models?key=\(Self.ann)", ["x-api-key: \(Self.ann)"])
        }
        let lines = served.lines.all
        #expect(
            lines.map { $0.split(separator: " ").prefix(3).joined(separator: " ") } == [
                "POST /api/login 204", "GET /api/state 401", "GET /v1/models 200",
            ]
        )
        #expect(!lines.contains { $0.contains(Self.ann) || $0.contains("?") })
    }

    @Test func `Without a token, on this machine, any key will do`() async throws {
        try await ServedRoutes().run(try ServeConfiguration(port: 0)) { (probe, _) async throws in
            let key = "Authorization: Bearer DUMMY_KEY"
            #expect(try await probe.get("/v1/models", [key]).body.contains("local"))
            #expect(try await probe.get("/v1/models").status == 200)
            #expect(try await probe.get("/api/state").body.contains("local"))
        }
    }

    @Test func `A login holds on every server with the user's token`() throws {
        let one = Logins(try AccessTokens(parsing: Self.users, from: "a test"))
        let other = Logins(try AccessTokens(parsing: Self.users, from: "a test"))
        let changed = Self.users.replacing(Self.ann, with: "another-token-of-ann")
        let later = Logins(try AccessTokens(parsing: changed, from: "a test"))
        let code = one.makeCode(for: "ann")
        for id in [try #require(one.login(with: Self.ann)), try #require(one.login(with: code))] {
            #expect(one.owner(of: id) == "ann" && other.owner(of: id) == "ann")
            #expect(later.owner(of: id) == nil)
            for wrong in [String(id.dropLast()), "x" + id, id + "0", "", "."] {
                #expect(other.owner(of: wrong) == nil)
            }
        }
        #expect(one.login(with: code) == nil && one.login(with: "ann") == nil)
    }

    @Test(arguments: [
        "", "\n# none\n", "short", "with a blank in it", "ümlaut-ümlaut-ümlaut",
        "a:aaaaaaaaaaaaaaaa\nb",
        "a:aaaaaaaaaaaaaaaa\na:bbbbbbbbbbbbbbbb", "a:aaaaaaaaaaaaaaaa\n:bbbbbbbbbbbbbbbb",
        "a:aaaaaaaaaaaaaaaa\nb:bbbbbbbbbbbbbbb",
    ])
    func `An invalid token is refused, and not repeated`(_ text: String) throws {
        let error = try #require(throws: ServeError.self) {
            _ = try AccessTokens(parsing: text, from: "FILE")
        }
        #expect(error.description.hasPrefix("FILE"))
        #expect(!error.description.contains("aaaa") && !error.description.contains("blank in it"))
    }

    @Test func `A single token may have a colon`() throws {
        let tokens = try AccessTokens(parsing: "aaaaaaaa:aaaaaaaa\n", from: "FILE")
        #expect(tokens.owner(of: "aaaaaaaa:aaaaaaaa") == "local")
        #expect(tokens.owner(of: "aaaaaaaa") == nil)
    }

    @Test func `Another address needs a token`() throws {
        let error = try #require(throws: ServeError.self) {
            _ = try ServeConfiguration(host: "0.0.0.0", port: 0)
        }
        #expect(error.description.contains("--token-file"))
        for host in ["127.0.0.1", "localhost", "::1", "[::1]", "127.1.2.3"] {
            _ = try ServeConfiguration(host: host, port: 0)
        }
    }
}
