// Keys that a server sends back, in whatever spelling, and what a caller gets of them.
// SPDX-License-Identifier: Apache-2.0

import AmaruHTTP
import AmaruTesting
import Foundation
import Testing

@Suite(.timeLimit(.minutes(5)))
struct SecretErasureTests {
    /// With characters that URLs, JSON and both alphabets of base64 write in another way.
    static let key = "sk-Real/key+456=?~>z"

    /// How something that is written with a key in it is written.
    struct Spelling: Sendable, CustomTestStringConvertible {
        let name: String
        let text: String
        var testDescription: String { name }

        init(_ name: String, _ text: String) {
            self.name = name
            self.text = text
        }

        /// Writes each byte of the key in one way.
        init(_ name: String, each write: (String) -> String) {
            self.init(name, key.utf8.map { write(String($0, radix: 16)) }.joined())
        }
    }

    static func base64(_ text: String) -> String { Data(text.utf8).base64EncodedString() }

    /// Those that are erased to the last character.
    static let spellings: [Spelling] = [
        Spelling("as it is", key),
        Spelling("upper case", key.uppercased()),
        Spelling("hexadecimal", each: { $0 }),
        Spelling("hexadecimal in upper case", each: { $0.uppercased() }),
        Spelling("percent-encoded", key.replacing("/", with: "%2F").replacing("+", with: "%2b")),
        Spelling("percent-encoded whole", each: { "%" + $0 }),
        Spelling("percent-encoded whole in upper case", each: { "%" + $0.uppercased() }),
        Spelling("percent-encoded twice", each: { "%25" + $0 }),
        Spelling("JSON", key.replacing("/", with: "\\/")),
        Spelling("JSON, escaped whole", each: { "\\u00" + $0 }),
        Spelling("JSON, escaped whole in upper case", each: { "\\u00" + $0.uppercased() }),
        Spelling("JSON in JSON", each: { "\\\\u00" + $0 }),
        Spelling("JavaScript", each: { "\\x" + $0 }),
        Spelling("HTML", each: { "&#x" + $0 + ";" }),
        Spelling("HTML in decimals", key.utf8.map { "&#\($0);" }.joined()),
    ]

    /// Those of something longer, of which a character or two at the ends belong to the rest.
    static let parts: [Spelling] = ["", ":", "me:", "user:"].flatMap { user in
        let text = base64(user + key)
        let url = text.replacing("+", with: "-").replacing("/", with: "_")
        return [
            Spelling("base64 after \"\(user)\"", text),
            Spelling("base64 of URLs after \"\(user)\"", url),
            Spelling("base64 after \"\(user)\", percent-encoded", text.replacing("=", with: "%3D")),
        ]
    }

    /// A stack with the key for a server, and the placeholder in a request.
    func withKey(
        _ server: ScriptedServer,
        key: String = key,
        _ body: (HTTPStack, HTTPTransferRequest) async throws -> Void
    ) async throws {
        try await withServer(server) { (backend) async throws in
            let stack = try HTTPStack(over: backend)
            let placeholder = stack.vault.add(key, for: try HTTPOrigin(parsing: server.url))
            let field = HTTPHeaderField("Authorization", "Bearer \(placeholder)")
            try await body(stack, server.request(headers: [field]))
        }
    }

    // MARK: Bodies

    @Test(arguments: spellings, [1, 2, 7, 1000])
    func `A body has asterisks in place of the key, wherever it is cut`(
        _ spelling: Spelling,
        _ size: Int
    ) async throws {
        let whole = "before \(spelling.text) after"
        let bytes = Array(whole.utf8)
        let pieces = stride(from: 0, to: bytes.count, by: size).map { start in
            String(decoding: bytes[start...].prefix(size), as: UTF8.self)
        }
        try await withKey(ScriptedServer([.chunks(pieces)])) { (stack, request) async throws in
            let text = try await stack.open(request).text()
            #expect(text.utf8.count == bytes.count)
            // What has been passed on of a key that is cut into crumbs is its first three letters.
            let erased = text.dropFirst("before ".count).dropLast(" after".count)
            #expect(text.hasPrefix("before ") && text.hasSuffix(" after"))
            #expect(!erased.contains { $0 != "*" } || size < 1000)
            #expect(!text.lowercased().contains(spelling.text.suffix(8).lowercased()))
        }
    }

    @Test(arguments: parts)
    func `Base64 of the key and more keeps what belongs to the rest`(
        _ spelling: Spelling
    ) async throws {
        try await withKey(ScriptedServer([.text("<\(spelling.text)>")])) {
            (stack, request) async throws in
            let text = try await stack.open(request).text()
            #expect(text.utf8.count == spelling.text.utf8.count + 2)
            let least = Self.key.utf8.count * 8 / 6 - 2
            #expect(text.count { $0 == "*" } >= least, "\(text)")
        }
    }

    @Test func `What has the first letters of a key is passed on before more comes`() async throws {
        let gate = Gate()
        let server = ScriptedServer([.chunks(["it ends in sk-"], then: gate, ["fish"])])
        try await withKey(server) { (stack, request) async throws in
            let exchange = stack.open(request)
            #expect(try await exchange.text(ofAtLeast: 14) == "it ends in sk-")
            gate.open()
            #expect(try await exchange.text() == "fish")
        }
    }

    @Test func `What was held back is passed on once it goes on otherwise`() async throws {
        let begun = "like " + Self.key.prefix(12)
        try await withKey(ScriptedServer([.chunks([begun, "!"]), .chunks(["sk-Re"])])) {
            (stack, request) async throws in
            #expect(try await stack.open(request).text() == begun + "!")
            #expect(try await stack.open(request).text() == "sk-Re")
        }
    }

    @Test func `A body that breaks off in a key has its beginning erased, then the error`()
        async throws
    {
        let begun = String(Self.key.dropLast())
        try await withKey(ScriptedServer([.truncated("a \(begun)", announced: 100)])) {
            (stack, request) async throws in
            let exchange = stack.open(request)
            let stars = String(repeating: "*", count: begun.utf8.count)
            #expect(try await exchange.text(ofAtLeast: begun.utf8.count + 2) == "a \(stars)")
            #expect(await exchange.failure()?.code == .remoteProtocol)
        }
    }

    @Test func `A read that is given up loses nothing`() async throws {
        let gate = Gate()
        let begun = String(Self.key.prefix(12))
        let server = ScriptedServer([.chunks([begun], then: gate, ["!"])])
        try await withKey(server) { (stack, request) async throws in
            let exchange = stack.open(request)
            _ = try await exchange.head()
            let reader = Task { try await exchange.read() }
            reader.cancel()
            await #expect(throws: HTTPTransferError.self) { try await reader.value }
            gate.open()
            #expect(try await exchange.text() == begun + "!")
        }
    }

    // MARK: Heads

    @Test(arguments: spellings.filter { !$0.text.contains("\\") })
    func `A head has asterisks in place of the key`(_ spelling: Spelling) async throws {
        let server = ScriptedServer([
            .text(
                "",
                status: 302,
                reason: "No \(spelling.text)",
                headers: [
                    ("Location", "https://b.example/?echo=\(spelling.text)"),
                    ("WWW-Authenticate", "Bearer error=\"\(spelling.text)\""),
                ]
            )
        ])
        try await withKey(server) { (stack, request) async throws in
            let head = try await stack.open(request).head()
            let stars = String(repeating: "*", count: spelling.text.utf8.count)
            #expect(head.reason == "No \(stars)")
            #expect(head.headers[0].value == "https://b.example/?echo=\(stars)")
            #expect(head.headers[1].value == "Bearer error=\"\(stars)\"")
        }
    }

    @Test func `The name of a header has asterisks too`() async throws {
        let key = "sk-a-token-1"
        let server = ScriptedServer([.text("", headers: [("x-echo-\(key)", "1")])])
        try await withKey(server, key: key) { (stack, request) async throws in
            let head = try await stack.open(request).head()
            #expect(head.headers[0].name == "x-echo-************")
        }
    }

    // MARK: Which responses

    @Test func `All that the host of a key sends has it erased, and nothing of others`()
        async throws
    {
        let servers = [ScriptedServer([.text(Self.key)]), ScriptedServer([.text(Self.key)])]
        try await servers[1].start()
        let routes = try OriginRoutes(parsing: ["https://other.example=\(servers[1].url)"])
        try await withServer(servers[0]) { (backend) async throws in
            let stack = try HTTPStack(over: backend, routes: routes)
            let remote = try HTTPOrigin(parsing: "https://api.example.com")
            _ = stack.vault.add(Self.key, for: remote)
            let unrelated = HTTPTransferRequest(method: "GET", url: "https://other.example/")
            #expect(try await stack.open(unrelated).text() == Self.key)
            // Another port of the same host, and no key in the request.
            _ = stack.vault.add(Self.key, for: try HTTPOrigin(parsing: "http://127.0.0.1:9"))
            let stars = String(repeating: "*", count: Self.key.utf8.count)
            #expect(try await stack.open(servers[0].request()).text() == stars)
            // What routing leads to the host is of the host.
            #expect(try await stack.open(unrelated).text() == stars)
        }
        await servers[1].shutDown()
    }

    @Test func `Each of several keys of a host is erased`() async throws {
        let server = ScriptedServer([.text("first-key-11 second-key-22 first-key-11x")])
        try await withKey(server, key: "first-key-11") { (stack, request) async throws in
            _ = stack.vault.add("second-key-22", for: try HTTPOrigin(parsing: server.url))
            _ = stack.vault.add("first-key-11x", for: try HTTPOrigin(parsing: server.url))
            let text = try await stack.open(request).text()
            #expect(text == "************ ************* *************")
        }
    }

    @Test func `A word that stands in for a key is no secret`() async throws {
        try await withKey(ScriptedServer([.text("I am ollama.")]), key: "ollama") {
            (stack, request) async throws in
            #expect(try await stack.open(request).text() == "I am ollama.")
        }
    }

    @Test func `A response that is searched is asked for uncompressed`() async throws {
        let server = ScriptedServer([.text("")])
        try await withKey(server) { (stack, request) async throws in
            var request = request
            request.headers.append(HTTPHeaderField("Accept-Encoding", "gzip, deflate, br"))
            _ = try await stack.open(request).text()
            #expect(server.requests[0].header("accept-encoding") == "identity")
        }
    }

    @Test func `An error has asterisks in place of the key`() async throws {
        struct Failing: HTTPBackend {
            func open(_ request: HTTPTransferRequest) -> any HTTPExchange {
                FailedExchange(
                    HTTPTransferError(.remoteProtocol, "it said \(SecretErasureTests.key)")
                )
            }
            func shutDown() async {}
        }
        let stack = try HTTPStack(over: Failing())
        _ = stack.vault.add(Self.key, for: try HTTPOrigin(parsing: "https://a.example"))
        let request = HTTPTransferRequest(method: "GET", url: "https://a.example/")
        let stars = String(repeating: "*", count: Self.key.utf8.count)
        #expect(await stack.open(request).failure()?.message == "it said \(stars)")
        #expect(stack.lastOutcome?.error?.message == "it said \(stars)")
    }
}
