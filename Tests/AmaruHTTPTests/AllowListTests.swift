// Which requests a list lets through, and what is said of the others.
// SPDX-License-Identifier: Apache-2.0

import AmaruHTTP
import AmaruTesting
import Testing

@Suite(.timeLimit(.minutes(5)))
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
        // A dot at the end of a name, on either side.
        ("example.com", "https://example.com./", true),
        ("example.com.", "https://example.com/", true),
        ("*.example.com", "https://a.example.com./", true),
        ("example.com", "https://example.com../", false),
        // Wildcards stand for names below, and for names only.
        ("*.example.com", "https://.example.com/", false),
        ("*.0.0.1", "http://127.0.0.1/", false),
        ("*.0.0.1", "http://a.0.0.1/", true),
        ("*", "http://127.0.0.1/", true),
        ("*:8080", "http://a.example:8080/", true),
        ("*:8080", "http://a.example/", false),
        ("https://*", "http://a.example/", false),
        // Spellings of addresses: one of IPv6, and no other address than the one that is named.
        ("[::1]", "http://[0:0:0:0:0:0:0:1]/", true),
        ("[0:0::1]:80", "http://[::1]/", true),
        ("[2001:DB8::A]", "http://[2001:db8:0::a]/", true),
        ("[::1]", "http://[::2]/", false),
        ("127.0.0.1", "http://[::ffff:127.0.0.1]/", false),
        ("127.0.0.1", "http://127.1/", false),
        ("127.0.0.1", "http://2130706433/", false),
        // Ports.
        ("example.com:443", "https://example.com/", true),
        ("example.com:0443", "https://example.com:443/", true),
        ("http://example.com:443", "https://example.com/", false),
        ("example.com:*", "https://example.com:8443/", true),
        // International names.
        ("xn--bcher-kva.example", "https://XN--BCHER-kva.example/", true),
        ("HTTPS://Example.COM/", "https://example.com/", true),
    ])
    func `An entry allows what it names`(_ entry: String, _ url: String, _ isAllowed: Bool) throws {
        let list = try HTTPAllowList(parsing: [entry])
        #expect(list.allows(try HTTPOrigin(parsing: url)) == isAllowed)
    }

    @Test(arguments: [
        "ftp://example.com", "https://example.com/v1", "user@example.com", "a.*.com", "https://",
        "example.com:0", "example.com:http", "a b", "example.com?x", "example.com#x", "*.", "*.*",
        "example.com:-1", "example.com:65536", "*example.com", "unix:socket", "bücher.example",
    ])
    func `A malformed entry is refused with examples`(_ entry: String) {
        let error = #expect(throws: HTTPAllowList.ParseError.self) {
            try HTTPAllowList(parsing: [entry])
        }
        #expect(error?.description.contains("\"\(entry)\"") == true)
        #expect(error?.description.contains("such as api.openai.com") == true)
    }

    @Test func `An international name is asked for in the form that it has on the wire`() {
        let error = #expect(throws: HTTPAllowList.ParseError.self) {
            try HTTPAllowList(parsing: ["bücher.example"])
        }
        #expect(error?.description.contains("xn--") == true)
    }

    // MARK: Ways around

    typealias Change = @Sendable (inout HTTPTransferRequest, _ other: String) -> Void

    static func proxy(_ url: String) -> HTTPConnectionOptions.ProxyChoice {
        (try? HTTPProxy(parsing: url)).map { .proxy($0) } ?? .direct
    }

    static let ways: [(name: String, change: Change)] = [
        ("a proxy", { $0.connection.proxy = proxy($1) }),
        ("a SOCKS proxy", { $0.connection.proxy = proxy($1.replacing("http:", with: "socks5:")) }),
        ("Host", { $0.headers = [HTTPHeaderField("host", String($1.dropFirst(7)))] }),
        ("a target", { $0.target = $1 + "/x" }),
    ]

    /// Stands for the network.
    struct Reached: HTTPBackend {
        func open(_ request: HTTPTransferRequest) -> any HTTPExchange {
            FailedExchange(HTTPTransferError(.connect, "reached"))
        }
        func shutDown() async {}
    }

    @Test(arguments: ways.indices)
    func `A place that a request names itself must be allowed too`(_ index: Int) async throws {
        let (name, change) = Self.ways[index]
        let other = "http://127.0.0.1:9"
        var request = HTTPTransferRequest(method: "GET", url: "http://a.example/")
        change(&request, other)
        let list = try HTTPAllowList(parsing: ["a.example"])
        let layer = AllowedBackend(list, option: "--allow-net", around: Reached())
        let failure = try #require(await layer.open(request).failure(), "\(name)")
        #expect(failure.code == .notAllowed, "\(name): \(failure)")
        #expect(failure.message.contains("use --allow-net \(other)."), "\(failure)")
        // The message says how to allow it.
        layer.allow(try HTTPOrigin(parsing: other))
        #expect(await layer.open(request).failure()?.message == "reached", "\(name)")
    }

    @Test(arguments: ["", "a b", "a@b", "a/b", "http://a"])
    func `A Host header that is no host is refused`(_ value: String) async throws {
        let server = ScriptedServer([.text("reached")])
        try await withServer(server) { (backend) async throws in
            let list = try HTTPAllowList(parsing: ["*:*"])
            let layer = AllowedBackend(list, option: "--allow-net", around: backend)
            let request = server.request(headers: [HTTPHeaderField("Host", value)])
            #expect(await layer.open(request).failure()?.code == .notAllowed)
            #expect(server.connectionCount == 0)
        }
    }

    @Test func `A Unix socket needs an entry of its own`() async throws {
        let backend = NIOHTTPBackend()
        let path = "/nowhere/docker.sock"
        var request = HTTPTransferRequest(method: "GET", url: "http://localhost/")
        request.connection.unixSocket = path
        let list = try HTTPAllowList(parsing: ["*:*"])
        let layer = AllowedBackend(list, option: "--allow-net", around: backend)
        let failure = try #require(await layer.open(request).failure())
        #expect(failure.code == .notAllowed)
        #expect(failure.message.contains("--allow-net unix:\(path)."))
        let more = try HTTPAllowList(parsing: ["localhost", "unix:\(path)"])
        let allowed = AllowedBackend(more, option: "--allow-net", around: backend)
        #expect(await allowed.open(request).failure()?.code == .connect)
        await backend.shutDown()
    }

    @Test func `The program's own proxy needs no entry`() async throws {
        let proxy = ScriptedServer([.text("by proxy")])
        try await withServer(proxy) { (backend) async throws in
            var layers = HTTPStack.Layers()
            layers.allowList = try HTTPAllowList(parsing: ["a.example"])
            layers.proxies.http = HTTPProxy(host: "127.0.0.1", port: proxy.port)
            let stack = try HTTPStack(over: backend, layers: layers)
            var request = HTTPTransferRequest(method: "GET", url: "http://a.example/")
            request.connection.proxy = .proxy(HTTPProxy(host: "127.0.0.1", port: proxy.port))
            #expect(try await stack.open(request).text() == "by proxy")
        }
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
