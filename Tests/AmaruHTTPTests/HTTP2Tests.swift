// HTTP/2 with a server that speaks nothing else.
// SPDX-License-Identifier: Apache-2.0

import AmaruHTTP
import AmaruTesting
import Foundation
import Testing

@Suite(
    .timeLimit(.minutes(5)),
    .enabled(if: TestCertificates.isAvailable, "the openssl command is not on the PATH")
)
struct HTTP2Tests {
    let authority: TestCertificates
    let certificate: TestCertificate

    init() throws {
        authority = try TestCertificates()
        certificate = try authority.issue(for: ["DNS:localhost", "IP:127.0.0.1"])
    }

    func withHTTP2(
        maximumStreams: Int = 100,
        readsBodies: Bool = true,
        _ answer: @escaping @Sendable (HTTP2Server.Request) -> HTTP2Server.Answer,
        _ body: (HTTP2Server, NIOHTTPBackend) async throws -> Void
    ) async throws {
        let server = HTTP2Server(
            certificate,
            maximumStreams: maximumStreams,
            readsBodies: readsBodies,
            answer: answer
        )
        try await server.start()
        var configuration = HTTPBackendConfiguration()
        configuration.trustRoots = .paths([certificate.authority])
        // Nothing expires while these tests run.
        configuration.idleConnectionLifetime = .seconds(600)
        let backend = NIOHTTPBackend(configuration)
        do {
            try await body(server, backend)
        } catch {
            await backend.shutDown()
            await server.shutDown()
            throw error
        }
        await backend.shutDown()
        await server.shutDown()
        #expect(backend.inFlight == 0)
    }

    func request(
        _ url: String,
        _ method: String = "GET",
        _ headers: [HTTPHeaderField] = [],
        body: HTTPTransferRequest.Body = .none
    ) -> HTTPTransferRequest {
        var request = HTTPTransferRequest(method: method, url: url, headers: headers, body: body)
        request.connection.allowsHTTP2 = true
        return request
    }

    @Test func `Target, fields and their order are as given, and nothing of ours is sent`()
        async throws
    {
        let answer = { @Sendable (_: HTTP2Server.Request) in
            HTTP2Server.Answer.text("two", fields: [("x-a", "1"), ("x-b", "é"), ("x-a", "2")])
        }
        try await withHTTP2(answer) { server, backend async throws in
            let headers = [
                HTTPHeaderField("X-First", "1"), HTTPHeaderField("Connection", "keep-alive"),
                HTTPHeaderField("Content-Length", "3"), HTTPHeaderField("X-Text", "é"),
                HTTPHeaderField("X-First", "2"),
            ]
            let url = server.url + "/a%2Fb/../c?d=%20"
            let body = HTTPTransferRequest.Body.data(Data("abc".utf8))
            let exchange = backend.open(request(url, "PATCH", headers, body: body))
            let head = try await exchange.head()
            #expect(head.version == "HTTP/2")
            #expect(head.status == 200)
            #expect(head.reason == "")
            #expect(
                head.headers == [
                    HTTPHeaderField("x-a", "1"), HTTPHeaderField("x-b", "é"),
                    HTTPHeaderField("x-a", "2"),
                ]
            )
            #expect(try await exchange.text() == "two")
            let fields = server.requests[0].fields
            #expect(
                Set(fields.prefix(4)) == [
                    [":method", "PATCH"], [":scheme", "https"], [":path", "/a%2Fb/../c?d=%20"],
                    [":authority", String(server.url.dropFirst("https://".count))],
                ]
            )
            #expect(
                Array(fields.dropFirst(4)) == [
                    ["x-first", "1"], ["content-length", "3"], ["x-text", "é"], ["x-first", "2"],
                ]
            )
            #expect(server.requests[0].body == Data("abc".utf8))
        }
    }

    @Test func `A body without a length has no framing field`() async throws {
        try await withHTTP2({ _ in .text("ok") }) { server, backend async throws in
            let exchange = backend.open(request(server.url, "POST", body: .upload))
            for piece in ["one", "two"] { try await exchange.write(Data(piece.utf8)) }
            try await exchange.finish()
            #expect(try await exchange.text() == "ok")
            #expect(server.requests[0].body == Data("onetwo".utf8))
            let names = server.requests[0].fields.map { $0[0] }
            #expect(!names.contains("transfer-encoding"))
            #expect(!names.contains { $0.hasPrefix("amaru") })
        }
    }

    @Test func `Many requests share one connection`() async throws {
        try await withHTTP2({ .text($0.path ?? "") }) { server, backend async throws in
            _ = try await backend.open(request(server.url)).text()
            try await withThrowingTaskGroup { (group) async throws in
                for number in 0..<200 {
                    group.addTask { () async throws in
                        let path = "/\(number)"
                        let text = try await backend.open(request(server.url + path)).text()
                        #expect(text == path)
                    }
                }
                try await group.waitForAll()
            }
            #expect(server.connectionCount == 1)
        }
    }

    static let faults: [(HTTP2Server.Answer, HTTPTransferError.Code, words: [String])] = [
        (.reset(8), .remoteProtocol, ["reset the stream", "Cancel"]),
        (.reset(7), .remoteProtocol, ["reset the stream", "Refused"]),
        (.reset(2, after: "part"), .remoteProtocol, ["reset the stream", "Internal"]),
        (.goAway(0), .remoteProtocol, ["GOAWAY"]),
        (.goAway(11), .remoteProtocol, ["GOAWAY", "Enhance Your Calm"]),
        (.close, .remoteProtocol, []),
    ]

    @Test(arguments: faults.indices)
    func `A stream that the server ends has its code and its reason`(_ index: Int) async throws {
        let (answer, code, words) = Self.faults[index]
        try await withHTTP2({ $0.path == "/good" ? .text("good") : answer }) {
            server,
            backend async throws in
            let failure = try #require(await backend.open(request(server.url)).failure())
            #expect(failure.code == code, "\(failure)")
            for word in words + [server.url] {
                #expect(failure.message.contains(word), "\(failure)")
            }
            // The next request finds a way.
            #expect(try await backend.open(request(server.url + "/good")).text() == "good")
        }
    }

    @Test(arguments: ["GET", "POST"])
    func `What the server has not served goes over another connection`(
        _ method: String
    ) async throws {
        try await withHTTP2({ $0.connection == 1 ? .goAway(0) : .text("served") }) {
            server,
            backend async throws in
            let body = HTTPTransferRequest.Body.data(Data("body".utf8))
            let exchange = backend.open(request(server.url, method, body: body))
            #expect(try await exchange.text() == "served")
            #expect(server.requests.map(\.body) == [Data("body".utf8), Data("body".utf8)])
            #expect(server.connectionCount == 2)
        }
    }

    @Test func `A refused stream is tried once more, a reset one is not`() async throws {
        try await withHTTP2({ $0.connection == 1 ? .reset(7) : .text("served") }) {
            server,
            backend async throws in
            #expect(try await backend.open(request(server.url, "POST")).text() == "served")
        }
        try await withHTTP2({ $0.connection == 1 ? .reset(8) : .text("served") }) {
            server,
            backend async throws in
            #expect(await backend.open(request(server.url)).failure()?.code == .remoteProtocol)
        }
    }

    @Test func `Requests at once make one connection`() async throws {
        try await withHTTP2({ .text($0.path ?? "") }) { server, backend async throws in
            try await withThrowingTaskGroup { (group) async throws in
                for number in 0..<150 {
                    group.addTask { () async throws in
                        let path = "/\(number)"
                        let text = try await backend.open(request(server.url + path)).text()
                        #expect(text == path)
                    }
                }
                try await group.waitForAll()
            }
            #expect(server.connectionCount == 1)
        }
    }

    @Test func `No more streams are open than the server takes`() async throws {
        try await withHTTP2(maximumStreams: 2, { .text($0.path ?? "") }) {
            server,
            backend async throws in
            try await withThrowingTaskGroup { (group) async throws in
                for number in 0..<40 {
                    group.addTask { () async throws in
                        let path = "/\(number)"
                        let exchange = backend.open(request(server.url + path))
                        if number % 4 == 3 { return exchange.cancel() }
                        #expect(try await exchange.text() == path)
                    }
                }
                try await group.waitForAll()
            }
            #expect(server.connectionCount == 1)
        }
    }

    @Test(arguments: [1, 100])
    func `A stream whose upload an early answer ends is reset, and its place is free`(
        _ maximumStreams: Int
    ) async throws {
        let answer = { @Sendable (_: HTTP2Server.Request) in HTTP2Server.Answer.text("no") }
        try await withHTTP2(maximumStreams: maximumStreams, readsBodies: false, answer) {
            server,
            backend async throws in
            // More than the window of a stream, and less than the engine keeps for one.
            let body = HTTPTransferRequest.Body.data(Data(count: 200_000))
            for number in 1...3 {
                let exchange = backend.open(request(server.url, "POST", body: body))
                #expect(try await exchange.text() == "no")
                try await server.resets(reach: number)
            }
            #expect(server.connectionCount == 1)
        }
    }

    @Test func `What waits for a stream leaves a connection that fails`() async throws {
        let bad: HTTP2Server.Answer = .frames([.fields([(":status", "200"), ("Upper", "1")])])
        try await withHTTP2(maximumStreams: 1, { $0.path == "/bad" ? bad : .text("good") }) {
            server,
            backend async throws in
            #expect(try await backend.open(request(server.url)).text() == "good")
            let failing = backend.open(request(server.url + "/bad"))
            let waiting = backend.open(request(server.url, "POST"))
            #expect(await failing.failure()?.code == .remoteProtocol)
            #expect(try await waiting.text() == "good")
            #expect(server.connectionCount == 2)
        }
    }

    @Test func `A request is sent again if the answer to another ends its connection`()
        async throws
    {
        let bad: HTTP2Server.Answer = .frames([.fields([(":status", "200"), ("Upper", "1")])])
        try await withHTTP2({ request in
            switch request.path {
            case "/bad": bad
            case "/slow" where request.connection == 1: .silence
            default: .text("good")
            }
        }) { server, backend async throws in
            #expect(try await backend.open(request(server.url)).text() == "good")
            let slow = backend.open(request(server.url + "/slow"))
            let post = backend.open(request(server.url + "/slow", "POST"))
            try await server.requests(reach: 3)
            #expect(await backend.open(request(server.url + "/bad")).failure() != nil)
            #expect(try await slow.text() == "good")
            #expect(await post.failure()?.code == .remoteProtocol)
        }
    }

    @Test(arguments: ["", "200x", "0", "099", "-55", "+20", "99999999999999999999"])
    func `A status that is not three digits is called malformed`(_ status: String) async throws {
        try await withHTTP2({ _ in .frames([.fields([(":status", status)], isLast: true)]) }) {
            server,
            backend async throws in
            let failure = try #require(await backend.open(request(server.url)).failure())
            #expect(failure.code == .remoteProtocol, "\(failure)")
            #expect(failure.message.contains("malformed response"), "\(failure)")
            #expect(failure.message.contains("\"\(status)\""), "\(failure)")
        }
    }

    static let answers: [(frames: [HTTP2Server.Frame], text: String?)] = [
        (
            [
                .fields([(":status", "103"), ("link", "</a>")]), .fields([(":status", "200")]),
                .body("text", isLast: true),
            ], "text"
        ),
        (
            [
                .fields([(":status", "200")]), .body("te"), .body("xt"),
                .fields([("x-sum", "1")], isLast: true),
            ], "text"
        ),
        ([.fields([(":status", "204")], isLast: true)], ""),
        ([.fields([("x", "1")], isLast: true)], nil),
        ([.fields([(":status", "103")], isLast: true)], nil),
        ([.fields([(":status", "abc")], isLast: true)], nil),
        ([.fields([(":status", "200"), ("Upper", "1")], isLast: true)], nil),
        ([.fields([(":status", "200"), (":status", "201")], isLast: true)], nil),
        ([.fields([(":status", "200"), ("content-length", "9")]), .body("a", isLast: true)], nil),
        ([.body("text", isLast: true)], nil),
    ]

    @Test(arguments: answers.indices)
    func `An answer that follows the rules is taken, another refused`(
        _ index: Int
    ) async throws {
        let (frames, text) = Self.answers[index]
        try await withHTTP2({ $0.path == "/good" ? .text("good") : .frames(frames) }) {
            server,
            backend async throws in
            let exchange = backend.open(request(server.url))
            if let text {
                #expect(try await exchange.text() == text)
            } else {
                let failure = try #require(await exchange.failure())
                #expect(failure.code == .remoteProtocol, "\(failure)")
                #expect(failure.message.contains(server.url), "\(failure)")
            }
            #expect(try await backend.open(request(server.url + "/good")).text() == "good")
        }
    }

    @Test func `A pool ends with its connection`() async throws {
        try await withHTTP2({ _ in .text("fine") }) { server, backend async throws in
            for _ in 0..<2 {
                var request = request(server.url)
                request.pool = HTTPConnectionPool()
                #expect(try await backend.open(request).text() == "fine")
            }
            #expect(server.connectionCount == 2)
            try await server.closedConnections(reach: 2)
        }
    }

    @Test func `A large upload and a large response pass`() async throws {
        let body = Data((0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })
        let text = String(repeating: "0123456789", count: 500_000)
        try await withHTTP2({ _ in .text(text) }) { server, backend async throws in
            let exchange = backend.open(request(server.url, "POST", body: .data(body)))
            #expect(try await exchange.text() == text)
            #expect(server.requests[0].body == body)
        }
    }

    @Test func `Cancelling at any moment releases everything, and the connection goes on`()
        async throws
    {
        try await withHTTP2({ .text($0.path ?? "") }) { server, backend async throws in
            _ = try await backend.open(request(server.url)).text()
            try await withThrowingTaskGroup { (group) async throws in
                for number in 0..<100 {
                    group.addTask { () async throws in
                        let exchange = backend.open(request(server.url + "/\(number)"))
                        let reader = Task { await exchange.failure() }
                        for _ in 0..<number { await Task.yield() }
                        exchange.cancel()
                        let failure = await reader.value
                        #expect(failure == nil || failure?.code == .cancelled)
                        await exchange.closed()
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await backend.open(request(server.url + "/last")).text() == "/last")
            #expect(server.connectionCount == 1)
            #expect(backend.inFlight == 0)
        }
    }

    @Test func `Cancelling resets the stream alone`() async throws {
        try await withHTTP2({ $0.path == "/good" ? .text("good") : .silence }) {
            server,
            backend async throws in
            let silent = backend.open(request(server.url))
            let other = backend.open(request(server.url + "/other"))
            try await server.requests(reach: 2)
            silent.cancel()
            try await server.resets(reach: 1)
            #expect(try await backend.open(request(server.url + "/good")).text() == "good")
            #expect(server.connectionCount == 1)
            other.cancel()
            await other.closed()
        }
    }

    @Test func `A server without HTTP/2 is spoken to in HTTP/1.1`() async throws {
        let server = ScriptedServer([.text("one")], certificate: certificate)
        var configuration = HTTPBackendConfiguration()
        configuration.trustRoots = .paths([certificate.authority])
        try await withServer(server, configuration) { (backend) async throws in
            let exchange = backend.open(request(server.url))
            #expect(try await exchange.text() == "one")
            #expect(try await exchange.head().version == "HTTP/1.1")
        }
    }

    @Test func `A value that is no UTF-8 is refused, not changed`() async throws {
        try await withHTTP2({ _ in .text("") }) { server, backend async throws in
            let headers = [HTTPHeaderField("X", bytes: [0x52, 0xE9])]
            let failure = try #require(
                await backend.open(request(server.url, "GET", headers)).failure()
            )
            #expect(failure.code == .localProtocol, "\(failure)")
            #expect(server.requests.isEmpty)
        }
    }
}
