// Requests that would take a key where it does not belong, though their URL is right.
// SPDX-License-Identifier: Apache-2.0

import AmaruHTTP
import AmaruTesting
import Foundation
import Testing

@Suite(.timeLimit(.minutes(5)))
struct SecretRequestTests {
    static let origin = "https://api.example.com"

    typealias Change = @Sendable (inout HTTPTransferRequest) -> Void

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let change: Change
        var testDescription: String { name }

        init(_ name: String, _ change: @escaping Change) {
            self.name = name
            self.change = change
        }

        static func host(_ values: String...) -> Case {
            Case("Host: \(values.joined(separator: ", "))") { request in
                request.headers += values.map { HTTPHeaderField("hOSt", $0) }
            }
        }

        static func target(_ target: String) -> Case {
            Case("target \(target)") { $0.target = target }
        }

        static func method(_ method: String) -> Case { Case(method) { $0.method = method } }
    }

    /// A stack whose requests to the origin reach a server, and a request with the key.
    func withKey(
        _ server: ScriptedServer,
        _ body: (HTTPStack, HTTPTransferRequest) async throws -> Void
    ) async throws {
        try await withServer(server) { (backend) async throws in
            let routes = try OriginRoutes(parsing: ["\(Self.origin)=\(server.url)"])
            let stack = try HTTPStack(over: backend, routes: routes)
            let owner = try HTTPOrigin(parsing: Self.origin)
            let placeholder = stack.vault.add("sk-real-key-123", for: owner)
            let field = HTTPHeaderField("Authorization", "Bearer \(placeholder)")
            let url = Self.origin + "/v1"
            try await body(stack, HTTPTransferRequest(method: "GET", url: url, headers: [field]))
        }
    }

    @Test(arguments: [
        Case.host("evil.example"), .host("api.example.com:8443"), .host("api.example.com:80"),
        .host("api.example.com", "evil.example"), .host("evil.example", "api.example.com"),
        .host("api.example.com@evil.example"), .host("evil.example@api.example.com"),
        .host("api.example.com/"), .host("api.example.com."), .host("https://api.example.com"),
        .host(""), .host("api.example.com, evil.example"), .host("bücher.example"),
        .target("https://evil.example/v1"), .target("http://api.example.com/v1"),
        .target("https://api.example.com@evil.example/"), .target("evil.example:443"),
        .target("v1"),
        .method("TRACE"), .method("trace"), .method("TRACK"),
    ])
    func `A request that another server may answer, or that is sent back, gets no key`(
        _ example: Case
    ) async throws {
        let server = ScriptedServer([.text("reached")])
        try await withKey(server) { (stack, request) async throws in
            var request = request
            example.change(&request)
            let failure = try #require(await stack.open(request).failure())
            #expect(failure.code == .secretRefused, "\(failure)")
            #expect(failure.message.contains("the key for \(Self.origin) was not sent"))
            #expect(server.connectionCount == 0)
        }
    }

    @Test(arguments: [
        Case.host("api.example.com"), .host("API.Example.com:443"), .target("/v2"),
        .target("//v2"), .target("*"), .target("https://api.example.com/v2"), .method("OPTIONS"),
    ])
    func `A request that names its own origin gets it`(_ example: Case) async throws {
        let server = ScriptedServer([.text("reached")])
        try await withKey(server) { (stack, request) async throws in
            var request = request
            example.change(&request)
            #expect(try await stack.open(request).text() == "reached")
            #expect(server.requests[0].header("authorization") == "Bearer sk-real-key-123")
        }
    }

    @Test(arguments: [
        "https://api.example.com@evil.example/", "https://api.example.com:443@evil.example/",
        "https://api.example.com\\@evil.example/", "https://evil.example/@api.example.com",
        "https://evil.example?@api.example.com/", "https://evil.example#@api.example.com/",
        "https://api.example.com./", "https://api.example.com:80/", "https://api.example.comm/",
        "https://api.example.com.evil.example/", "https://[::ffff:127.0.0.1]/",
        "https://api.example.com%2eevil.example/", "https://api.example.com\\.evil.example/",
        "https://api.example.com\u{2024}evil.example/", "https://ａpi.example.com/",
    ])
    func `A URL that only looks like the key's gets none`(_ url: String) async throws {
        let server = ScriptedServer([.text("reached")])
        try await withKey(server) { (stack, request) async throws in
            var request = request
            request.url = url
            let failure = try #require(await stack.open(request).failure())
            #expect([.secretRefused, .localProtocol].contains(failure.code), "\(failure)")
            #expect(server.connectionCount == 0)
        }
    }

    @Test func `Keys of two origins do not go out together`() async throws {
        let server = ScriptedServer([.text("reached")])
        try await withKey(server) { (stack, request) async throws in
            var request = request
            let other = try HTTPOrigin(parsing: "https://other.example")
            let placeholder = stack.vault.add("sk-other-key-456", for: other)
            request.headers.append(HTTPHeaderField("x-api-key", placeholder))
            let failure = try #require(await stack.open(request).failure())
            #expect(failure.code == .secretRefused)
            #expect(failure.message.contains("belongs to https://other.example"))
            #expect(failure.message.contains("not sent to \(Self.origin)"))
            #expect(server.connectionCount == 0)
        }
    }

    @Test(arguments: [("", ":%"), ("basic ", "%:"), ("BASIC ", "user:%")])
    func `A key is put into the credentials of Basic`(
        _ scheme: String,
        _ pattern: String
    ) async throws {
        let scheme = scheme.isEmpty ? "Basic " : scheme
        func credentials(_ key: String) -> String {
            let pair = pattern.replacingOccurrences(of: "%", with: key)
            return scheme + Data(pair.utf8).base64EncodedString()
        }
        let server = ScriptedServer([.text("reached")])
        try await withKey(server) { (stack, request) async throws in
            let placeholder = String(request.headers[0].value.dropFirst("Bearer ".count))
            var request = request
            request.headers = [HTTPHeaderField("Authorization", credentials(placeholder))]
            #expect(try await stack.open(request).text() == "reached")
            let sent = server.requests[0].header("authorization")
            #expect(sent == credentials("sk-real-key-123"))
            request.url = "https://other.example/"
            #expect(await stack.open(request).failure()?.code == .secretRefused)
        }
    }
}
