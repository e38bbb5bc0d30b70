// Requests for other hosts, as rebound names and proxies make them.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting
import NIOCore
import Testing

@testable import AmaruServe

@Suite(.timeLimit(.minutes(5))) struct HostTests {
    static let token = "0123456789abcdef"

    /// Servers that this machine alone reaches, and others.
    static let servers = ["127.0.0.1", "0.0.0.0"]

    private func configuration(_ host: String, _ names: [String] = []) throws -> ServeConfiguration
    {
        let tokens = try AccessTokens(parsing: Self.token, from: "a test")
        return try ServeConfiguration(host: host, port: 0, tokens: tokens, allowedHosts: names)
    }

    @Test(arguments: servers)
    func `No route answers for a host that is not the server's`(_ host: String) async throws {
        try await ServedRoutes().run(try configuration(host)) { (probe, _) async throws in
            let port = probe.port
            let foreign = [
                "evil.test", "evil.test:\(port)", "localhost.evil.com:\(port)",
                "localhost.:\(port)", "127.0.0.1.evil.test:\(port)", "localhost:\(port + 1)",
                "localhost", "[::2]:\(port)", "127.0.0.2:\(port)", "user@localhost:\(port)",
                "localhost:\(port):\(port)", "0:\(port)", "localhost:0\(port)",
            ]
            for (method, path) in ServedRoutes.routes {
                for name in foreign {
                    let fields = ["Host: \(name)", "Authorization: Bearer \(Self.token)"]
                    let reply = try await probe.request(method, path, fields)
                    #expect(reply.status == 403, "\(method) \(path) for \(name)")
                }
            }
        }
    }

    @Test(arguments: servers)
    func `No route answers without a host, or with two`(_ host: String) async throws {
        try await ServedRoutes().run(try configuration(host)) { (probe, _) async throws in
            for (method, path) in ServedRoutes.routes {
                let line = "\(method) \(path) HTTP/1.1\r\nConnection: close\r\n"
                let missing = try await probe.send(line + "\r\n")
                #expect(missing.status == 400, "\(method) \(path)")
                let own = "Host: localhost:\(probe.port)\r\n"
                let two = try await probe.send(line + own + "Host: evil.test\r\n\r\n")
                #expect(two.status == 400, "\(method) \(path)")
                let other = try await probe.send(line + "Host: evil.test\r\n" + own + "\r\n")
                #expect([400, 403].contains(other.status), "\(method) \(path)")
                let empty = try await probe.send(line + "Host:\r\n\r\n")
                #expect(empty.status == 400, "\(method) \(path)")
            }
        }
    }

    @Test func `A target that is a URL changes nothing about the host`() async throws {
        try await ServedRoutes().run(try configuration("127.0.0.1")) { (probe, _) async throws in
            let host = "localhost:\(probe.port)"
            let own = try await probe.get("http://\(host)/", ["Host: \(host)"])
            #expect(own.status == 200)
            for target in ["http://\(host)/", "http://evil.test/", "https://\(host)/health"] {
                let reply = try await probe.get(target, ["Host: evil.test"])
                #expect(reply.status == 403, "\(target)")
            }
            for target in ["*", "evil", "evil.test:80", "?q"] {
                let reply = try await probe.get(target, ["Host: \(host)"])
                #expect(reply.status == 400, "\(target)")
            }
        }
    }

    @Test(arguments: ["localhost", "LOCALHOST", "127.0.0.1", "[::1]"])
    func `This machine's own names are answered for`(_ name: String) async throws {
        try await ServedRoutes().run(try configuration("127.0.0.1")) { (probe, _) async throws in
            let reply = try await probe.get("/", ["Host: \(name):\(probe.port)"])
            #expect(reply.status == 200)
        }
    }

    @Test func `The addresses that other machines can use are known`() throws {
        let addresses = try [
            "127.0.0.1", "192.168.1.5", "169.254.3.4", "10.0.0.7", "::1", "fe80::1", "fd00::2",
        ].map { try SocketAddress(ipAddress: $0, port: 0) }
        let urls = { ServeConfiguration.urls(at: addresses, of: $0, port: $1) }
        #expect(urls("0.0.0.0", 8000) == ["http://192.168.1.5:8000/", "http://10.0.0.7:8000/"])
        #expect(
            urls("::", 80) == ["http://192.168.1.5/", "http://10.0.0.7/", "http://[fd00::2]/"]
        )
        let configured = try configuration("0.0.0.0")
        #expect(configured.isOpenToAll)
        #expect(configured.url(port: 8000) == "http://127.0.0.1:8000/")
        #expect(try !configuration("127.0.0.1").isOpenToAll)
    }

    @Test func `Named hosts are answered for, each as it was named`() async throws {
        let names = ["chat.example", "other.example:8443"]
        try await ServedRoutes().run(try configuration("0.0.0.0", names)) {
            (probe, _) async throws in
            let right = ["chat.example", "Chat.Example:\(probe.port)", "other.example:8443"]
            for name in right {
                let reply = try await probe.get("/", ["Host: \(name)"])
                #expect(reply.status == 200, "\(name)")
            }
            let wrong = ["chat.example:8443", "other.example", "other.example:\(probe.port)"]
            for name in wrong {
                let reply = try await probe.get("/", ["Host: \(name)"])
                #expect(reply.status == 403, "\(name)")
            }
        }
    }
}
