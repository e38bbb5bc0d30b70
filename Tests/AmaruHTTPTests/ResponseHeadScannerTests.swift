// The end of a head, and the reason in it, found byte by byte.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting
import Foundation
import Testing

@testable import AmaruHTTP

@Suite(.timeLimit(.minutes(1)))
struct ResponseHeadScannerTests {
    @Test(arguments: [
        ("HTTP/1.1 200 OK\r\nA: b\r\n\r\n", "OK", false),
        ("HTTP/1.1 404 Not Found\r\n\r\n", "Not Found", false),
        ("HTTP/1.1 200\r\n\r\n", "", false), ("HTTP/1.1 200 \r\n\r\n", "", false),
        ("HTTP/1.0 200 Bare\nA: b\n\n", "Bare", false),
        ("\r\nHTTP/1.1 200 After a blank\r\n\r\n", "After a blank", false),
        ("HTTP/1.1 100 Continue\r\n\r\n", "Continue", true),
        ("HTTP/1.1 101 Switching\r\n\r\n", "Switching", false),
    ])
    func `A head ends at its empty line`(
        _ head: String,
        _ reason: String,
        _ isInformational: Bool
    ) {
        var scanner = ResponseHeadScanner()
        let ends = (head + "body\r\n\r\n").utf8.prefix(head.utf8.count).map { scanner.consume($0) }
        #expect(ends.dropLast().allSatisfy { !$0 })
        #expect(ends.last == true)
        #expect(String(decoding: scanner.reason, as: UTF8.self) == reason)
        #expect(scanner.isInformational == isInformational)
    }

    @Test func `A response that arrives byte by byte is the same`() async throws {
        var bytes = Data("HTTP/1.1 200 Tr".utf8) + [0xE8] + Data("s bien\r\nX: ".utf8)
        bytes += [0xE9, 0xFF] + Data("\r\nContent-Length: 2\r\n\r\n".utf8) + [0xE9, 0x80]
        let server = ScriptedServer([ScriptedResponse(bytes.map { .bytes(Data([$0])) })])
        try await withServer(server) { (backend) async throws in
            for _ in 0..<2 {
                let exchange = backend.open(server.request())
                let head = try await exchange.head()
                #expect(head.reasonBytes == Array("Tr".utf8) + [0xE8] + Array("s bien".utf8))
                #expect(head.headers.first?.bytes == [0xE9, 0xFF])
                #expect(try await exchange.rest() == Data([0xE9, 0x80]))
            }
        }
    }
}
