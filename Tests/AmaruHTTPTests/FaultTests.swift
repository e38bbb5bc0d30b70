// Each fault of the network, the code it gets and what its message says.
// SPDX-License-Identifier: Apache-2.0

import AmaruHTTP
import AmaruTesting
import Foundation
import Testing

@Suite(.timeLimit(.minutes(5)))
struct FaultTests {
    struct Fault: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let response: ScriptedResponse
        let code: HTTPTransferError.Code
        let words: [String]
    }

    static let faults = [
        Fault(
            testDescription: "closed before the head",
            response: .closeBeforeHead,
            code: .remoteProtocol,
            words: ["disconnected without sending a response"]
        ),
        Fault(
            testDescription: "reset before the head",
            response: .resetBeforeHead,
            code: .read,
            words: ["reset by peer"]
        ),
        Fault(
            testDescription: "fewer bytes than announced",
            response: .truncated("abc", announced: 10),
            code: .remoteProtocol,
            words: ["peer closed connection without sending complete message body"]
        ),
        Fault(
            testDescription: "no last chunk",
            response: .raw(
                ScriptedResponse.head(headers: [("Transfer-Encoding", "chunked")]) + "3\r\nabc\r\n",
                .close
            ),
            code: .remoteProtocol,
            words: ["peer closed connection without sending complete message body"]
        ),
        Fault(
            testDescription: "a head that stops in the middle",
            response: .raw("HTTP/1.1 200 OK\r\nContent-", .close),
            code: .remoteProtocol,
            words: []
        ),
        Fault(
            testDescription: "a bad chunk size",
            response: .badChunkSize,
            code: .remoteProtocol,
            words: ["malformed"]
        ),
        Fault(
            testDescription: "no HTTP at all",
            response: .raw("220 smtp.example.com ESMTP\r\n", .close),
            code: .remoteProtocol,
            words: ["malformed"]
        ),
        Fault(
            testDescription: "reset in the middle of the body",
            response: ScriptedResponse([
                .text(ScriptedResponse.head(headers: [("Content-Length", "10")]) + "abc"), .reset,
            ]),
            code: .read,
            words: ["reset by peer"]
        ),
    ]

    @Test(arguments: faults)
    func `A server's fault has its code, its origin and its words`(_ fault: Fault) async throws {
        let server = ScriptedServer([fault.response])
        try await withServer(server) { (backend) async throws in
            let failure = try #require(await backend.open(server.request()).failure())
            #expect(failure.code == fault.code, "\(failure)")
            #expect(failure.origin?.description == server.url)
            for word in fault.words { #expect(failure.message.contains(word), "\(failure)") }
            #expect(failure.message.contains("127.0.0.1:\(server.port)"))
        }
    }

    @Test func `What arrived before the fault can be read`() async throws {
        let server = ScriptedServer([.truncated("abc", announced: 10)])
        try await withServer(server) { (backend) async throws in
            let exchange = backend.open(server.request())
            #expect(try await exchange.read() == Data("abc".utf8))
            await #expect(throws: HTTPTransferError.self) { try await exchange.read() }
        }
    }

    @Test func `A connection that breaks while the body is sent is a fault of writing`()
        async throws
    {
        let server = ScriptedServer([.resetBeforeHead], bodies: .ignore)
        try await withServer(server) { (backend) async throws in
            let body = HTTPTransferRequest.Body.data(Data(count: 64 << 20))
            let failure = await backend.open(server.request("POST", body: body)).failure()
            #expect(failure?.code == .write, "\(failure)")
            #expect(failure?.message.contains("while the request was sent") == true)
        }
    }

    @Test func `HTML with 200 is an answer, not a fault`() async throws {
        let server = ScriptedServer([.html])
        try await withServer(server) { (backend) async throws in
            let exchange = backend.open(server.request())
            #expect(try await exchange.head().headers.firstValue(of: "content-type") == "text/html")
            #expect(try await exchange.text().contains("Sign in"))
        }
    }

    @Test func `A refused port is reported at once, with address and reason`() async throws {
        let port = try await ScriptedServer.refusingPort()
        let backend = NIOHTTPBackend()
        for host in ["127.0.0.1", "localhost"] {
            let url = "http://\(host):\(port)/v1"
            let request = HTTPTransferRequest(method: "GET", url: url)
            let failure = try #require(await backend.open(request).failure())
            #expect(failure.code == .connect)
            #expect(failure.message.contains("http://\(host):\(port)"))
            #expect(failure.message.contains("Connection refused"), "\(failure)")
        }
        // The count may follow the failure by a moment.
        while backend.inFlight > 0 { await Task.yield() }
        await backend.shutDown()
    }

    @Test func `A name that does not resolve says so`() async throws {
        let backend = NIOHTTPBackend()
        let request = HTTPTransferRequest(method: "GET", url: "http://no-such-host.invalid/")
        let failure = try #require(await backend.open(request).failure())
        #expect(failure.code == .connect)
        #expect(failure.message.contains("no-such-host.invalid"))
        #expect(failure.message.contains("does not resolve"), "\(failure)")
        await backend.shutDown()
    }

    static let badRequests: [(HTTPTransferRequest, HTTPTransferError.Code)] = [
        (HTTPTransferRequest(method: "GET", url: "ftp://example.com/"), .unsupportedProtocol),
        (HTTPTransferRequest(method: "GET", url: "example.com/"), .unsupportedProtocol),
        (HTTPTransferRequest(method: "GET", url: "http:///path"), .localProtocol),
        (HTTPTransferRequest(method: "GET", url: "http://example.com/a b"), .localProtocol),
        (HTTPTransferRequest(method: "CONNECT", url: "http://example.com/"), .localProtocol),
        (HTTPTransferRequest(method: "GE T", url: "http://example.com/"), .localProtocol),
        (
            HTTPTransferRequest(
                method: "GET",
                url: "http://example.com/",
                headers: [HTTPHeaderField("X", "a\r\nY: b")]
            ), .localProtocol
        ),
        (
            HTTPTransferRequest(
                method: "GET",
                url: "http://example.com/",
                headers: [HTTPHeaderField("X Y", "a")]
            ), .localProtocol
        ),
        (
            HTTPTransferRequest(
                method: "POST",
                url: "http://example.com/",
                headers: [HTTPHeaderField("Content-Length", "2")],
                body: .data(Data("abc".utf8))
            ), .localProtocol
        ),
        (
            HTTPTransferRequest(
                method: "POST",
                url: "http://example.com/",
                headers: [HTTPHeaderField("Content-Length", "2")]
            ), .localProtocol
        ),
        (
            HTTPTransferRequest(
                method: "POST",
                url: "http://example.com/",
                headers: [HTTPHeaderField("Content-Length", "+2")],
                body: .upload
            ), .localProtocol
        ),
        (
            HTTPTransferRequest(
                method: "POST",
                url: "http://example.com/",
                headers: [HTTPHeaderField("Transfer-Encoding", "gzip")],
                body: .data(Data("abc".utf8))
            ), .localProtocol
        ),
    ]

    @Test(arguments: badRequests)
    func `A request that cannot be sent is not`(
        _ request: HTTPTransferRequest,
        _ code: HTTPTransferError.Code
    ) async throws {
        let backend = NIOHTTPBackend()
        let failure = try #require(await backend.open(request).failure())
        #expect(failure.code == code, "\(failure)")
        await backend.shutDown()
    }

    @Test func `A value may have control characters that end no line`() async throws {
        let server = ScriptedServer([.text("taken")])
        try await withServer(server) { (backend) async throws in
            let cookie = HTTPHeaderField("Cookie", "a=\u{1}\u{7F}b")
            #expect(try await backend.open(server.request(headers: [cookie])).text() == "taken")
            #expect(server.requests[0].header("Cookie") == "a=\u{1}\u{7F}b")
        }
        for value in ["a\u{0}", "a\r", "a\n"] {
            let field = HTTPHeaderField("Cookie", value)
            let request = HTTPTransferRequest(
                method: "GET",
                url: "http://example.com/",
                headers: [field]
            )
            let failure = try #require(await NIOHTTPBackend().open(request).failure())
            #expect(failure.code == .localProtocol, "\(failure)")
            #expect(failure.message.contains("\"Cookie\" has a CR, an LF or a NUL"), "\(failure)")
        }
    }

    @Test func `A header's value is not shown in the error about it`() async throws {
        let request = HTTPTransferRequest(
            method: "GET",
            url: "http://example.com/",
            headers: [HTTPHeaderField("Authorization", "Bearer secret\n")]
        )
        let failure = try #require(await NIOHTTPBackend().open(request).failure())
        #expect(failure.code == .localProtocol)
        #expect(!"\(failure)".contains("secret"))
    }

    @Test func `Every code has a name of its own`() {
        let names = HTTPTransferError.Code.allCases.map(\.name)
        #expect(Set(names).count == 15)
        #expect(names.contains("remote_protocol"))
        #expect(HTTPTransferError.Code.secretRefused.name == "secret_refused")
    }
}
