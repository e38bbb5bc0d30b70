// Sessions that are recorded and played back.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting
import Foundation
import NIOConcurrencyHelpers
import Testing

@testable import AmaruHTTP

@Suite(.timeLimit(.minutes(5)))
struct RecordingTests {
    static let key = "sk-real-key-123456"

    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    var path: String { folder.path + "/session.jsonl" }

    /// The pieces of a response as they came.
    func pieces(_ exchange: any HTTPExchange) async throws -> [Data] {
        var pieces: [Data] = []
        while true {
            let more = try await exchange.readAvailable()
            if more.isEmpty { return pieces }
            pieces += more
        }
    }

    @Test func `A replayed session has the same heads and the same pieces`() async throws {
        let server = ScriptedServer([
            .chunks(["one", "two ü", "three"]), .text("ab", status: 404),
        ])
        var live: [(HTTPTransferHead, [Data])] = []
        try await withServer(server) { (backend) async throws in
            let recording = try RecordingBackend(to: path, around: backend)
            for index in 0..<2 {
                let exchange = recording.open(server.request("GET", "/\(index)"))
                live.append((try await exchange.head(), try await pieces(exchange)))
            }
        }
        let replay = try ReplayBackend(from: path)
        for index in 0..<2 {
            let exchange = replay.open(server.request("GET", "/\(index)"))
            #expect(try await exchange.head() == live[index].0)
            #expect(try await pieces(exchange) == live[index].1)
        }
        #expect(live[0].1.count == 3)
    }

    @Test func `Equal requests get their answers in order, and no more than there were`()
        async throws
    {
        let server = ScriptedServer([.text("first"), .text("second")])
        try await withServer(server) { (backend) async throws in
            let recording = try RecordingBackend(to: path, around: backend)
            for text in ["first", "second"] {
                let request = server.request("POST", "/same", body: .data(Data("x".utf8)))
                #expect(try await recording.open(request).text() == text)
            }
        }
        let replay = try ReplayBackend(from: path)
        let request = server.request("POST", "/same", body: .data(Data("x".utf8)))
        #expect(try await replay.open(request).text() == "first")
        #expect(try await replay.open(request).text() == "second")
        let failure = try #require(await replay.open(request).failure())
        #expect(failure.code == .notAllowed)
        #expect(failure.message.contains(path))
        #expect(failure.message.contains("POST \(server.url)/same"))
        let other = server.request("POST", "/same", body: .data(Data("y".utf8)))
        #expect(await replay.open(other).failure()?.code == .notAllowed)
    }

    @Test func `A recorded fault is thrown again, after the same bytes`() async throws {
        let server = ScriptedServer([.truncated("half", announced: 100), .resetBeforeHead])
        try await withServer(server) { (backend) async throws in
            let recording = try RecordingBackend(to: path, around: backend)
            _ = await recording.open(server.request("GET", "/a")).failure()
            _ = await recording.open(server.request("GET", "/b")).failure()
        }
        let replay = try ReplayBackend(from: path)
        let exchange = replay.open(server.request("GET", "/a"))
        #expect(try await exchange.text(ofAtLeast: 4) == "half")
        #expect(await exchange.failure()?.code == .remoteProtocol)
        let failure = try #require(await replay.open(server.request("GET", "/b")).failure())
        #expect([.read, .remoteProtocol].contains(failure.code))
    }

    @Test(arguments: [1, 7, 1000])
    func `A recording holds no key and no placeholder, even where the server sends the key back`(
        _ size: Int
    ) async throws {
        let echoed = "Incorrect API key provided: \(Self.key). Try another."
        let parts = stride(from: 0, to: echoed.count, by: size).map { start in
            String(echoed.dropFirst(start).prefix(size))
        }
        let server = ScriptedServer([.chunks(parts)])
        try await withServer(server) { (backend) async throws in
            let vault = SecretVault()
            var layers = HTTPStack.Layers()
            layers.recording = path
            let stack = try HTTPStack(over: backend, vault: vault, layers: layers)
            let placeholder = vault.add(Self.key, for: try HTTPOrigin(parsing: server.url))
            let request = server.request(
                "POST",
                "/v1?q=1&api_key=abc-secret&x=\(placeholder)",
                headers: [
                    HTTPHeaderField("Authorization", "Bearer \(placeholder)"),
                    HTTPHeaderField("Cookie", "session=cookie-secret"),
                ],
                body: .data(Data("the placeholder \(placeholder) in a body".utf8))
            )
            let stars = String(repeating: "*", count: Self.key.count)
            let erased = echoed.replacingOccurrences(of: Self.key, with: stars)
            #expect(try await stack.open(request).text().count == erased.count)
        }
        #expect(server.requests[0].header("authorization") == "Bearer \(Self.key)")
        let text = try String(contentsOfFile: path, encoding: .utf8)
        for secret in [Self.key, SecretVault.placeholderPrefix, "abc-secret", "cookie-secret"] {
            #expect(!text.contains(secret))
        }
        // Also not in pieces: what was received is the same but for the key.
        let replay = try ReplayBackend(from: path)
        let request = HTTPTransferRequest(
            method: "POST",
            url: "\(server.url)/v1?q=1&api_key=other&x=\(SecretVault.placeholderPrefix)"
                + String(repeating: "0", count: 32),
            body: .data(
                Data(
                    ("the placeholder \(SecretVault.placeholderPrefix)"
                        + String(repeating: "1", count: 32) + " in a body").utf8
                )
            )
        )
        let played = try await replay.open(request).text()
        #expect(played.count == echoed.count)
        #expect(played.contains("***********. Try another."))
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
    }

    static let spelled: [String] = [
        key, key.uppercased(), key.utf8.map { "%" + String($0, radix: 16) }.joined(),
        key.utf8.map { "\\u00" + String($0, radix: 16).uppercased() }.joined(),
        key.utf8.map { String($0, radix: 16) }.joined(),
        Data("me:\(key)".utf8).base64EncodedString(),
    ]

    @Test(arguments: spelled, [1, 5, 1000])
    func `A recording has no key in any place, whoever has written it there`(
        _ spelled: String,
        _ size: Int
    ) async throws {
        let pieces = stride(from: 0, to: spelled.count, by: size).map { start in
            String(spelled.dropFirst(start).prefix(size))
        }
        let isHead = !spelled.contains("\\")
        let inHead = isHead ? spelled : ""
        let server = ScriptedServer([
            ScriptedResponse(
                [
                    .text(
                        ScriptedResponse.head(
                            reason: "Is \(inHead)",
                            headers: [
                                ("X-Echo", inHead), ("Location", "/next?echo=\(inHead)"),
                                ("Transfer-Encoding", "chunked"),
                            ]
                        )
                    )
                ] + pieces.map { .text(ScriptedResponse.chunk($0)) } + [.text("0\r\n\r\n")]
            )
        ])
        let vault = SecretVault()
        // Of an origin that this server is not.
        _ = vault.add(Self.key, for: try HTTPOrigin(parsing: "https://a.example"))
        try await withServer(server) { (backend) async throws in
            let recording = try RecordingBackend(to: path, vault: vault, around: backend)
            let request = server.request(
                "POST",
                isHead ? "/a/\(spelled)?b=\(spelled)" : "/",
                headers: [HTTPHeaderField("X-Mine", spelled)],
                body: .data(Data("<\(spelled)>".utf8))
            )
            let exchange = recording.open(request)
            _ = try await exchange.head()
            #expect(try await exchange.text() == spelled)
            let upload = recording.open(server.request("POST", "/", body: .upload))
            for piece in pieces { try await upload.write(Data(piece.utf8)) }
            try await upload.finish()
            _ = try await upload.text()
        }
        let file = try String(contentsOfFile: path, encoding: .utf8)
        let lines = try file.split(separator: "\n").dropFirst().map { line in
            try JSONDecoder().decode(HTTPRecordingLine.self, from: Data(line.utf8))
        }
        var texts = lines.flatMap { line -> [String] in
            [line.url, line.reason].compactMap { $0 } + (line.headers ?? []).flatMap { $0 }
        }
        for event in [HTTPRecordingLine.Event.request, .sent, .chunk] {
            texts.append(lines.filter { $0.event == event }.compactMap(\.body).joined())
        }
        let end = spelled.suffix(10)
        #expect(texts.count { $0.contains("*****") } >= (isHead ? 8 : 4))
        for text in texts { #expect(!text.contains(end) && !text.contains(spelled)) }
    }

    @Test func `An upload is recorded piece by piece, and answered on replay`() async throws {
        let server = ScriptedServer([.text("got it")])
        func upload(_ backend: any HTTPBackend) async throws -> String {
            let exchange = backend.open(server.request("POST", "/up", body: .upload))
            try await exchange.write(Data("abc".utf8))
            try await exchange.write(Data([0xFF, 0xFE]))
            try await exchange.finish()
            return try await exchange.text()
        }
        try await withServer(server) { (backend) async throws in
            #expect(try await upload(RecordingBackend(to: path, around: backend)) == "got it")
        }
        #expect(try await upload(ReplayBackend(from: path)) == "got it")
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(text.contains("\"body\":\"abc\""))
        #expect(text.contains("\"base64\":\"//4=\""))
    }

    @Test(arguments: [1, 20, 49])
    func `A placeholder that a server sends back is replaced, so that a replay finds the same`(
        _ cut: Int
    ) async throws {
        let vault = SecretVault()
        let origin = try HTTPOrigin(parsing: "https://elsewhere.example")
        let placeholder = vault.add(Self.key, for: origin)
        let (gate, beginning) = (Gate(), String(placeholder.prefix(cut)))
        let server = ScriptedServer([
            .chunks(["<" + beginning], then: gate, [placeholder.dropFirst(cut) + ">"]),
            .text("found"),
        ])
        func echo(_ backend: any HTTPBackend, _ first: () -> Void = {}) async throws -> String {
            let exchange = backend.open(server.request())
            var text = try await exchange.text(ofAtLeast: 1)
            first()
            text += try await exchange.text()
            let body = HTTPTransferRequest.Body.data(Data(text.utf8))
            return try await backend.open(server.request("POST", body: body)).text()
        }
        try await withServer(server) { (backend) async throws in
            let recording = try RecordingBackend(to: path, vault: vault, around: backend)
            #expect(try await echo(recording) { gate.open() } == "found")
        }
        let recorded = try String(contentsOfFile: path, encoding: .utf8)
        #expect(!recorded.contains(placeholder.suffix(12)))
        #expect(try await echo(try ReplayBackend(from: path)) == "found")
    }

    @Test func `A file that exists is not overwritten`() throws {
        try Data("mine".utf8).write(to: URL(filePath: path))
        let error = #expect(throws: HTTPFileError.self) {
            try RecordingBackend(to: path, around: NIOHTTPBackend())
        }
        #expect(error?.description.contains("it already exists") == true)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "mine")
    }

    @Test(arguments: [
        ("", "its first line"), ("{}\n", "its first line"), ("hello\n", "its first line"),
        (Self.header + "{\"id\":1}\n", "line 2 "),
        (Self.header + "{\"id\":1,\"event\":\"head\"}\n", "line 2 "),
        (Self.header + Self.request + "nonsense\n", "line 3 "),
    ])
    func `A malformed recording is refused with the line`(_ text: String, _ part: String) throws {
        try Data(text.utf8).write(to: URL(filePath: path))
        let error = #expect(throws: HTTPFileError.self) { try ReplayBackend(from: path) }
        #expect(error?.fault.contains(part) == true, "\(error as Any)")
    }

    @Test func `What a crash cut off is left out, and the rest is played`() async throws {
        let text =
            Self.header + Self.request + "{\"id\":1,\"event\":\"head\",\"status\":200,"
            + "\"headers\":[]}\n{\"id\":1,\"event\":\"chunk\",\"body\":\"a\"}\n{\"id\":1,\"ev"
        try Data(text.utf8).write(to: URL(filePath: path))
        let replay = try ReplayBackend(from: path)
        let exchange = replay.open(HTTPTransferRequest(method: "GET", url: "http://a.example/"))
        #expect(try await exchange.read() == Data("a".utf8))
        let failure = try #require(await exchange.failure())
        #expect(failure.message.contains("ends here"))
    }

    @Test func `A disk that is full is reported once`() throws {
        let descriptor = open("/dev/full", O_WRONLY | O_CLOEXEC)
        try #require(descriptor > STDERR_FILENO, "there is no /dev/full")
        let reports = NIOLockedValueBox<[String]>([])
        let file = JSONLinesFile(descriptor: descriptor, named: "session.jsonl") { report in
            reports.withLockedValue { $0.append(report) }
        }
        for _ in 0..<3 { file.append(["a": 1]) }
        #expect(
            reports.withLockedValue { $0 } == [
                "session.jsonl is not complete: No space left on device"
            ]
        )
    }

    static let header = "{\"format\":\"amaru-http-recording\",\"version\":1}\n"
    static let request =
        "{\"id\":1,\"event\":\"request\",\"method\":\"GET\",\"url\":\"http://a.example/\"}\n"
}
