// Requests through an HTTP proxy, which the scripted server plays.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting
import Testing

@testable import AmaruHTTP

@Suite(.timeLimit(.minutes(1)))
struct ProxyTests {
    func configuration(_ proxy: ScriptedServer) async throws -> HTTPBackendConfiguration {
        var configuration = HTTPBackendConfiguration()
        configuration.proxy = .init(host: "127.0.0.1", port: try await proxy.start())
        return configuration
    }

    func open(_ url: String, _ configuration: HTTPBackendConfiguration) async throws -> String {
        let backend = NIOHTTPBackend(configuration)
        let exchange = backend.open(HTTPTransferRequest(method: "GET", url: url))
        do throws(HTTPTransferError) {
            let text = try await exchange.text()
            await backend.shutDown()
            return text
        } catch {
            await backend.shutDown()
            throw error
        }
    }

    @Test func `A tunnel is opened, and the request goes through it`() async throws {
        let proxy = ScriptedServer([.raw("HTTP/1.1 200 Connected\r\n\r\n"), .text("through")])
        let configuration = try await configuration(proxy)
        #expect(try await open("http://example.com/path", configuration) == "through")
        #expect(proxy.requests.map(\.method) == ["CONNECT", "GET"])
        #expect(proxy.requests[0].path == "example.com:80")
        #expect(proxy.requests[1].path == "/path")
        #expect(proxy.connectionCount == 1)
        await proxy.shutDown()
    }

    @Test(arguments: [403, 407, 502])
    func `A proxy that refuses is named as the trouble`(_ status: Int) async throws {
        let proxy = ScriptedServer([.text("", status: status, reason: "No")])
        let configuration = try await configuration(proxy)
        let error = await #expect(throws: HTTPTransferError.self) {
            _ = try await open("https://example.com/", configuration)
        }
        #expect(error?.code == .proxy)
        #expect(error?.message.contains("https://example.com") == true, "\(error)")
        await proxy.shutDown()
    }

    @Test func `This machine is reached without the proxy`() async throws {
        let proxy = ScriptedServer([.closeBeforeHead])
        let server = ScriptedServer([.text("direct")])
        try await server.start()
        let configuration = try await configuration(proxy)
        #expect(try await open(server.url, configuration) == "direct")
        #expect(proxy.connectionCount == 0)
        await server.shutDown()
        await proxy.shutDown()
    }

    @Test(arguments: [
        ("http://example.com", [], true), ("http://example.com", ["example.com"], false),
        ("http://api.example.com", ["example.com"], false),
        ("http://api.example.com", [".Example.com"], false),
        ("http://badexample.com", ["example.com"], true), ("http://example.com", ["*"], false),
        ("http://example.com", [""], true), ("http://127.0.0.1", [], false),
        ("http://localhost:99", [], false),
    ])
    func `Bypassed hosts and those below them are reached directly`(
        _ url: String,
        _ bypass: [String],
        _ isProxied: Bool
    ) throws {
        let proxy = HTTPBackendConfiguration.Proxy(host: "p", port: 1, bypass: bypass)
        #expect(proxy.serves(try HTTPOrigin(parsing: url)) == isProxied)
    }
}
