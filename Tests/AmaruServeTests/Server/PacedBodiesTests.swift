// SPDX-License-Identifier: Apache-2.0

import Amaru
import HTTPTypes
import Hummingbird
import NIOCore
import NIOPosix
import Testing

@testable import AmaruServe

struct PacedBodiesTests {
    private final class Client: ResponseBodyWriter {
        private let state = Lock<[ByteBuffer]>([])
        var pieces: [ByteBuffer] { state.withLock { $0 } }

        func write(_ buffer: ByteBuffer) async throws { state.withLock { $0.append(buffer) } }

        func finish(_ trailingHeaders: HTTPFields?) async throws {}
    }

    @Test(arguments: [(1, 1), (999, 1), (1000, 1), (32 << 10, 1), (32 << 10 | 1, 2), (1 << 20, 32)])
    func `A long write is cut in pieces that keep nothing of it in memory`(
        size: Int,
        count: Int
    ) async throws {
        let client = Client()
        var writer = PacedWriter(
            writer: client,
            eventLoop: MultiThreadedEventLoopGroup.singleton.next(),
            least: 1000
        )
        let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        try await writer.write(ByteBuffer(bytes: bytes))
        let pieces = client.pieces
        #expect(pieces.flatMap { Array($0.readableBytesView) } == bytes)
        #expect(pieces.count == count)
        #expect(pieces.allSatisfy { $0.storageCapacity <= 64 << 10 })
    }
}
