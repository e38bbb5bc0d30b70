// The engine among servers and callers that do anything in any order.
// SPDX-License-Identifier: Apache-2.0

import AmaruHTTP
import AmaruTesting
import Foundation
import Testing

@Suite(.timeLimit(.minutes(10)))
struct EngineRandomTests {
    /// What the server does with a request; its body names the request.
    enum Behaviour: Int, CaseIterable {
        case whole, chunks, close, reset, cut, surplus, untilEnd, interim, refusal, silence

        func answer(to name: String) -> ScriptedResponse {
            let length = ("Content-Length", "\(name.utf8.count)")
            let head = ScriptedResponse.head(headers: [length])
            return switch self {
            case .whole: .text(name)
            case .chunks: .chunks(name.map { "\($0)" })
            case .close: .closeBeforeHead
            case .reset: .resetBeforeHead
            case .cut: .truncated(String(name.dropLast()), announced: name.utf8.count)
            case .surplus: .raw(head + name + "surplus")
            case .untilEnd: .raw("HTTP/1.1 200 OK\r\n\r\n" + name, .close)
            case .interim: .raw("HTTP/1.1 103 Early\r\n\r\n" + head + name)
            case .refusal: .text(name, status: 413)
            case .silence: .stall(until: Gate())
            }
        }
    }

    static func behaviour(of path: String) -> Behaviour {
        let number = path.split(separator: "/").last.flatMap { Int($0) } ?? 0
        return Behaviour(rawValue: number % Behaviour.allCases.count) ?? .whole
    }

    /// What a caller does with its exchange.
    static func call(
        _ exchange: any HTTPExchange,
        _ name: String,
        isUpload: Bool,
        cancelsAfter turns: Int?
    ) async {
        let writer = Task {
            guard isUpload else { return }
            for _ in 0..<4 { try await exchange.write(Data(count: 50_000)) }
            try await exchange.finish()
        }
        let canceller = Task {
            guard let turns else { return }
            for _ in 0..<turns { await Task.yield() }
            exchange.cancel()
        }
        do throws(HTTPTransferError) {
            _ = try await exchange.head()
            let text = try await exchange.text()
            // Whatever arrives as a whole answers this request and no other.
            #expect(text == name)
        } catch {
            let isSilent = behaviour(of: name) == .silence
            #expect(!isSilent || [.cancelled, .readTimeout].contains(error.code), "\(error)")
        }
        _ = await writer.result
        await canceller.value
        exchange.cancel()
        await exchange.closed()
    }

    @Test(arguments: 0..<8)
    func `Answers go to who asked, and everything ends`(_ seed: UInt64) async throws {
        let server = ScriptedServer { request, _ in
            Self.behaviour(of: request.path).answer(to: request.path)
        }
        var random = SeededGenerator(seed: seed)
        try await withServer(server) { (backend) async throws in
            let pools = (0..<3).map { HTTPConnectionPool(maximumConnections: 2 << $0) }
            await withTaskGroup { group in
                for number in 0..<120 {
                    let path = "/\(number)/\(Int.random(in: 0..<1000, using: &random))"
                    let isUpload = Int.random(in: 0..<4, using: &random) == 0
                    let method = ["GET", "POST", "DELETE"].randomElement(using: &random) ?? "GET"
                    var request = server.request(
                        isUpload ? "POST" : method,
                        path,
                        body: isUpload ? .upload : .none,
                        timeouts: HTTPTimeouts(read: .milliseconds(200))
                    )
                    request.pool = pools.randomElement(using: &random)
                    let turns = Int.random(in: 0..<300, using: &random)
                    let cancels = Bool.random(using: &random)
                    let exchange = backend.open(request)
                    group.addTask {
                        await Self.call(
                            exchange,
                            path,
                            isUpload: isUpload,
                            cancelsAfter: cancels ? turns : nil
                        )
                    }
                }
            }
            #expect(backend.inFlight == 0)
        }
    }
}
