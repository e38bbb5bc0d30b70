// Requests through proxies, which the scripted server plays.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting
import Testing

@testable import AmaruHTTP

@Suite(.timeLimit(.minutes(5)))
struct ProxyTests {
    func configuration(
        _ server: ScriptedServer,
        _ scheme: HTTPProxy.Scheme = .http
    ) async throws -> HTTPBackendConfiguration {
        try await server.start()
        var configuration = HTTPBackendConfiguration()
        let proxy = HTTPProxy(scheme: scheme, host: "127.0.0.1", port: server.port)
        configuration.proxies = HTTPProxySettings(http: proxy, https: proxy)
        return configuration
    }

    @Test func `A plain request is forwarded with its whole URL`() async throws {
        let proxy = ScriptedServer([.text("forwarded")])
        try await withServer(proxy, try await configuration(proxy)) { (backend) async throws in
            for host in ["example.com", "example.org:8080"] {
                var request = HTTPTransferRequest(method: "GET", url: "http://\(host)/a%20b?c#d")
                request.headers = [HTTPHeaderField("X-First", "1")]
                #expect(try await backend.open(request).text() == "forwarded")
            }
            #expect(
                proxy.requests.map(\.path) == [
                    "http://example.com/a%20b?c", "http://example.org:8080/a%20b?c",
                ]
            )
            #expect(
                proxy.requests.map { $0.header("Host") } == ["example.com", "example.org:8080"]
            )
            #expect(proxy.requests[0].header("Proxy-Authorization") == nil)
            #expect(proxy.connectionCount == 1)
        }
    }

    @Test func `The credentials of a proxy are sent to it, decoded`() async throws {
        let proxy = ScriptedServer([.text("known")])
        try await withServer(proxy) { (backend) async throws in
            var request = HTTPTransferRequest(method: "GET", url: "http://example.com/")
            let url = "http://us%40er:p%3Ass@127.0.0.1:\(proxy.port)"
            request.connection.proxy = .proxy(try HTTPProxy(parsing: url))
            #expect(try await backend.open(request).text() == "known")
            #expect(proxy.requests[0].header("Proxy-Authorization") == "Basic dXNAZXI6cDpzcw==")
        }
    }

    @Test(arguments: [
        (403, "Forbidden"), (407, "Proxy Authentication Required"), (502, "Bad Gateway"),
        (302, "Found"),
    ])
    func `A proxy that refuses a tunnel is named, with status and reason`(
        _ status: Int,
        _ reason: String
    ) async throws {
        let proxy = ScriptedServer([.text("page", status: status, reason: reason)])
        try await withServer(proxy) { (backend) async throws in
            var request = HTTPTransferRequest(method: "GET", url: "https://example.com/")
            let url = "http://user:secret@127.0.0.1:\(proxy.port)"
            request.connection.proxy = .proxy(try HTTPProxy(parsing: url))
            let error = try #require(await backend.open(request).failure())
            #expect(error.code == .proxy)
            for word in ["https://example.com", "\(status) \(reason)", "127.0.0.1:\(proxy.port)"] {
                #expect(error.message.contains(word), "\(error)")
            }
            #expect(!error.message.contains("secret"))
            #expect(proxy.requests.map(\.method) == ["CONNECT"])
            #expect(proxy.requests[0].path == "example.com:443")
            #expect(proxy.requests[0].header("Host") == "example.com:443")
            #expect(proxy.requests[0].header("Proxy-Authorization") == "Basic dXNlcjpzZWNyZXQ=")
        }
    }

    static let faults: [(ScriptedResponse, HTTPTransferError.Code, String)] = [
        (ScriptedResponse.closeBeforeHead, HTTPTransferError.Code.proxy, "closed the connection"),
        (.resetBeforeHead, .connect, "reset"),
        (.raw("SSH-2.0-x\r\n\r\n"), .proxy, "did not answer in HTTP"),
        (.raw("HTTP/1.1 200 OK\r\n\r\nhello"), .proxy, "more than the head"),
    ]

    @Test(arguments: faults)
    func `A proxy that breaks off is named as the trouble`(
        _ response: ScriptedResponse,
        _ code: HTTPTransferError.Code,
        _ word: String
    ) async throws {
        let proxy = ScriptedServer([response])
        try await withServer(proxy, try await configuration(proxy)) { (backend) async throws in
            let request = HTTPTransferRequest(method: "GET", url: "https://example.com/")
            let error = try #require(await backend.open(request).failure())
            #expect(error.code == code, "\(error)")
            #expect(error.message.contains(word), "\(error)")
            #expect(error.message.contains("https://example.com"), "\(error)")
        }
    }

    @Test(arguments: ["http", "https"])
    func `A proxy that cannot be reached is named`(_ scheme: String) async throws {
        let port = try await ScriptedServer.refusingPort()
        let backend = NIOHTTPBackend()
        var request = HTTPTransferRequest(method: "GET", url: "\(scheme)://example.com/")
        request.connection.proxy = .proxy(HTTPProxy(host: "127.0.0.1", port: port))
        let error = try #require(await backend.open(request).failure())
        #expect(error.code == .connect)
        for word in ["proxy http://127.0.0.1:\(port)", "\(scheme)://example.com", "refused"] {
            #expect(error.message.contains(word), "\(error)")
        }
        await backend.shutDown()
    }

    @Test func `A silent proxy runs into the time allowed for connecting`() async throws {
        let gate = Gate()
        let proxy = ScriptedServer([.stall(until: gate)])
        try await withServer(proxy, try await configuration(proxy)) { (backend) async throws in
            var request = HTTPTransferRequest(method: "GET", url: "https://example.com/")
            request.timeouts.connect = .milliseconds(50)
            #expect(await backend.open(request).failure()?.code == .connectTimeout)
            gate.open()
        }
    }

    @Test func `This machine is reached without the proxy of the configuration`() async throws {
        let proxy = ScriptedServer([.closeBeforeHead])
        let server = ScriptedServer([.text("direct")])
        try await withServer(server, try await configuration(proxy)) { (backend) async throws in
            #expect(try await backend.open(server.request()).text() == "direct")
            #expect(proxy.connectionCount == 0)
        }
        await proxy.shutDown()
    }

    @Test func `The proxy of a request is used for every host`() async throws {
        let proxy = ScriptedServer([.text("through")])
        try await withServer(proxy) { (backend) async throws in
            var request = HTTPTransferRequest(method: "GET", url: "http://127.0.0.1:9/")
            request.connection.proxy = .proxy(HTTPProxy(host: "127.0.0.1", port: proxy.port))
            #expect(try await backend.open(request).text() == "through")
        }
    }

    @Test func `A request can go without the proxy of the configuration`() async throws {
        let proxy = ScriptedServer([.text("through")])
        try await withServer(proxy, try await configuration(proxy)) { (backend) async throws in
            var request = HTTPTransferRequest(method: "GET", url: "http://no-such-host.invalid/")
            request.connection.proxy = .direct
            #expect(await backend.open(request).failure()?.code == .connect)
            #expect(proxy.connectionCount == 0)
        }
    }
}
