// Which requests a list lets through, and what is said of the others.
// SPDX-License-Identifier: Apache-2.0

import AmaruHTTP
import AmaruTesting
import Testing

@Suite(.timeLimit(.minutes(1)))
struct AllowListTests {
    @Test(arguments: [
        ("api.openai.com", "https://api.openai.com/v1", true),
        ("api.openai.com", "http://api.openai.com/v1", true),
        ("api.openai.com", "https://api.openai.com:8443/", false),
        ("api.openai.com", "https://openai.com/", false),
        ("API.OpenAI.com", "https://api.openai.com/", true),
        ("https://api.openai.com", "http://api.openai.com/", false),
        ("https://api.openai.com/", "https://api.openai.com/", true),
        ("*.example.com", "https://a.b.example.com/", true),
        ("*.example.com", "https://example.com/", false),
        ("*.example.com", "https://badexample.com/", false),
        ("https://*.example.com:8443", "https://a.example.com:8443/", true),
        ("https://*.example.com:8443", "https://a.example.com/", false),
        ("localhost:*", "http://localhost:1234/", true),
        ("localhost:*", "http://127.0.0.1:1234/", false),
        ("example.com:80", "https://example.com/", false),
        ("example.com:80", "http://example.com/", true),
        ("[::1]:8080", "http://[::1]:8080/", true),
        ("*", "https://anything.example/", true),
        ("*:*", "https://anything.example:99/", true),
        ("a.example,b.example", "https://b.example/", true),
        ("a.example, b.example", "https://b.example/", true),
        ("", "https://b.example/", false),
    ])
    func `An entry allows what it names`(_ entry: String, _ url: String, _ isAllowed: Bool) throws {
        let list = try HTTPAllowList(parsing: [entry])
        #expect(list.allows(try HTTPOrigin(parsing: url)) == isAllowed)
    }

    @Test(arguments: [
        "ftp://example.com", "https://example.com/v1", "user@example.com", "a.*.com", "https://",
        "example.com:0", "example.com:http", "a b",
    ])
    func `A malformed entry is refused with examples`(_ entry: String) {
        let error = #expect(throws: HTTPAllowList.ParseError.self) {
            try HTTPAllowList(parsing: [entry])
        }
        #expect(error?.description.contains("\"\(entry)\"") == true)
        #expect(error?.description.contains("such as api.openai.com") == true)
    }

    @Test func `What is not allowed is not sent, and the message names origin and option`()
        async throws
    {
        let server = ScriptedServer([.text("reached")])
        try await withServer(server) { (backend) async throws in
            let list = try HTTPAllowList(parsing: ["api.openai.com"])
            let allowed = AllowedBackend(list, option: "--allow-net", around: backend)
            let failure = try #require(await allowed.open(server.request()).failure())
            #expect(failure.code == .notAllowed)
            #expect(failure.message.contains("--allow-net \(server.url)"))
            #expect(server.requests.isEmpty)
            allowed.allow(try HTTPOrigin(parsing: server.url))
            #expect(try await allowed.open(server.request()).text() == "reached")
        }
    }

    @Test func `The origin that a request is routed to must be allowed too`() async throws {
        let server = ScriptedServer([.text("reached")])
        try await withServer(server) { (backend) async throws in
            var layers = HTTPStack.Layers()
            layers.routes = try OriginRoutes(parsing: ["https://api.openai.com=\(server.url)"])
            layers.allowList = try HTTPAllowList(parsing: ["api.openai.com"])
            let stack = try HTTPStack(over: backend, vault: SecretVault(), layers: layers)
            let request = HTTPTransferRequest(method: "GET", url: "https://api.openai.com/v1")
            let failure = try #require(await stack.open(request).failure())
            #expect(failure.code == .notAllowed)
            #expect(failure.message.contains("the option --allow-net \(server.url)"))
            #expect(server.requests.isEmpty)
        }
    }
}
