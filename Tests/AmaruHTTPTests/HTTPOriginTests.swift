// Origins and routes, read from text.
// SPDX-License-Identifier: Apache-2.0

import AmaruHTTP
import Testing

@Suite
struct HTTPOriginTests {
    @Test(arguments: [
        ("https://api.openai.com", "https://api.openai.com", 443),
        ("https://API.OpenAI.com:443/v1?x=1#y", "https://api.openai.com", 443),
        ("HTTP://localhost:8080/", "http://localhost:8080", 8080),
        ("http://user:pass@example.com", "http://example.com", 80),
        ("http://[::1]:81/", "http://[::1]:81", 81),
        ("http://[FE80::1%25eth0]:81/x", "http://[fe80::1%eth0]:81", 81),
        ("http://[fe80::1%Eth0]", "http://[fe80::1%Eth0]", 80),
        ("http://example.com:", "http://example.com", 80),
        ("http://example.com?q=a://b", "http://example.com", 80),
        ("https://example.com:80", "https://example.com:80", 80),
    ])
    func `An origin is found in a URL`(_ text: String, _ description: String, _ port: Int) throws {
        let origin = try HTTPOrigin(parsing: text)
        #expect(origin.description == description)
        #expect(origin.port == port)
    }

    @Test(arguments: [
        ("api.openai.com", HTTPOrigin.ParseError.Reason.noScheme),
        ("://x", .noScheme),
        ("ftp://x", .unsupportedScheme("ftp")),
        ("https://", .noHost),
        ("https:///v1", .noHost),
        ("https://a b", .malformedHost("a b")),
        ("https://bücher.example", .malformedHost("bücher.example")),
        ("https://a%2eb", .malformedHost("a%2eb")),
        ("https://[::1%]", .malformedHost("[::1%]")),
        ("https://a:0", .malformedPort("0")),
        ("https://a:65536", .malformedPort("65536")),
        ("https://a:8o", .malformedPort("8o")),
        ("https://a:+1", .malformedPort("+1")),
        ("https://a/ü", .malformedTarget),
    ])
    func `What is wrong is said`(_ text: String, _ reason: HTTPOrigin.ParseError.Reason) throws {
        let error = #expect(throws: HTTPOrigin.ParseError.self) { try HTTPOrigin(parsing: text) }
        #expect(error?.reason == reason)
        #expect(error?.description.contains(text) == true)
        #expect(error?.description.contains("https://api.openai.com/v1") == true)
    }

    @Test func `A password in a URL is not shown`() throws {
        let error = #expect(throws: HTTPOrigin.ParseError.self) {
            try HTTPOrigin(parsing: "ftp://me:hunter2@example.com/")
        }
        #expect(error?.description.contains("hunter2") == false)
    }

    @Test(arguments: [
        ("http://localhost", true), ("http://127.0.0.1:8080", true), ("http://127.9.9.9", true),
        ("http://[::1]", true), ("http://127.0.0.1.example.com", false),
        ("http://localhost.example.com", false), ("http://127.0.0.256", false),
        ("http://10.0.0.1", false), ("http://128.0.0.1", false), ("http://127.1", false),
    ])
    func `Loopback is judged by the name`(_ text: String, _ isLoopback: Bool) throws {
        #expect(try HTTPOrigin(parsing: text).isLoopback == isLoopback)
    }

    @Test func `Routes are found by their origin, in one step`() throws {
        let routes = try OriginRoutes(parsing: [
            "https://a.example=http://127.0.0.1:1", "http://127.0.0.1:1=https://b.example/",
        ])
        let a = try HTTPOrigin(parsing: "https://A.example:443/v1")
        #expect(routes.target(of: a).description == "http://127.0.0.1:1")
        let other = try HTTPOrigin(parsing: "http://a.example")
        #expect(routes.target(of: other) == other)
    }

    @Test(arguments: [
        ["https://a.example"], ["=https://a.example"], ["https://a.example="],
        ["https://a.example=b.example"], ["https://a.example=https://b.example/v1"],
        ["https://a.example/v1=https://b.example"], ["https://a.example=https://x@b.example"],
        ["https://a.example=https://b.example", "https://a.example=https://c.example"],
    ])
    func `A malformed route is shown, with a right one`(_ rules: [String]) throws {
        let error = #expect(throws: OriginRoutes.ParseError.self) {
            try OriginRoutes(parsing: rules)
        }
        #expect(error?.rule == rules.last)
        #expect(error?.description.contains(rules.last ?? "") == true)
        let example = "https://api.openai.com=http://127.0.0.1:8080"
        #expect(error?.description.contains(example) == true)
    }
}
