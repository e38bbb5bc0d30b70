// SPDX-License-Identifier: Apache-2.0

import AmaruChat
import AmaruEnvironment
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Testing

@testable import AmaruServe

struct OutgoingTextTests {
    private static func text(_ sizes: [Int]) -> (OutgoingText, String) {
        var (text, expected) = (OutgoingText(), "")
        for (number, size) in sizes.enumerated() {
            let bytes = Data((0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ number) })
            text.end += "\(number)é:"
            text.append(base64: bytes)
            expected += "\(number)é:" + bytes.base64EncodedString()
        }
        text.end += "end"
        return (text, expected + "end")
    }

    @Test(arguments: [
        [], [0], [1], [2, 3, 0, 4], [48 << 10], [48 << 10 | 1, 5], [1 << 20, 1 << 20 | 2],
        Array(repeating: 1000, count: 200),
    ])
    func `Pieces are the whole text, and their sizes add up to its own`(sizes: [Int]) {
        let (text, expected) = Self.text(sizes)
        let pieces = Array(text.pieces)
        #expect(pieces.map { String(buffer: $0) }.joined() == expected)
        #expect(text.count == expected.utf8.count)
        #expect(pieces.allSatisfy { $0.readableBytes < 128 << 10 })
        #expect(pieces.dropLast().allSatisfy { $0.readableBytes >= 64 << 10 })
        #expect("\(text)" == expected)
    }

    @Test func `Texts are joined`() {
        let (one, first) = Self.text([5, 6])
        let (other, second) = Self.text([7])
        var text = one
        text.append(other)
        text.append(OutgoingText("!"))
        #expect("\(text)" == first + second + "!")
    }

    /// Takes two pieces, and then no more until it is let.
    private final class StalledClient: ResponseBodyWriter, @unchecked Sendable {
        // Safe because one task writes, and the test reads what `isStalled` and the task's end order.
        private(set) var taken = 0
        private(set) var pieces = 0
        let isStalled = AsyncValue<Void>()
        let goesOn = AsyncValue<Void>()

        func write(_ buffer: ByteBuffer) async throws {
            pieces += 1
            taken += buffer.readableBytes
            guard pieces == 2 else { return }
            isStalled.set(())
            try await goesOn.wait()
        }

        func finish(_ trailingHeaders: HTTPFields?) async throws {}
    }

    @Test(arguments: [true, false])
    func `A client that takes nothing more of a picture has no more of it encoded`(
        streams: Bool
    ) async throws {
        let picture = Attachment(name: "a", mediaType: "image/png", bytes: Data(count: 8 << 20))
        let head = CompletionHead(id: "x-1", created: 7, model: "m")
        var writer = CompletionWriter(head, streams: streams)
        let events = writer.take(.attachment(picture))
        let whole = streams ? nil : try writer.whole(.finished(reason: "stop"))
        let client = StalledClient()
        let sending = Task {
            if let whole {
                try await Response(json: whole).body.write(client)
            } else {
                try await EventWriter(client).write(events)
            }
        }
        try await client.isStalled.wait()
        #expect(client.taken < 256 << 10)
        client.goesOn.set(())
        try await sending.value
        #expect(client.taken > 8 << 20)
        #expect(client.pieces > 100)
    }
}
