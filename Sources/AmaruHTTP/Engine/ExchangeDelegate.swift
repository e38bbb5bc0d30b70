// Carries an exchange from the event loop, without a task.
// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import NIOCore
import NIOFoundationEssentialsCompat
import NIOHTTP1

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Feeds an exchange with what the client library receives, on the library's event loop.
///
/// A body that is received in small pieces would cost two changes of thread for each of them
/// through tasks; here a piece goes to its reader directly.
final class ExchangeDelegate: HTTPClientResponseDelegate {
    typealias Response = Void

    private let core: ExchangeCore
    private let served: @Sendable () -> Void
    /// Adds what is known of the way to an error.
    private let attribute: @Sendable (any Error) -> any Error

    init(
        _ core: ExchangeCore,
        served: @escaping @Sendable () -> Void,
        attribute: @escaping @Sendable (any Error) -> any Error
    ) {
        self.core = core
        self.served = served
        self.attribute = attribute
    }

    func didReceiveHead(
        task: HTTPClient.Task<Void>,
        _ head: HTTPResponseHead
    ) -> EventLoopFuture<Void> {
        served()
        let head = RequestTranslation.head(
            status: head.status,
            version: head.version,
            headers: head.headers
        )
        return core.receive(on: task.eventLoop) { $0.received(head) }
    }

    func didReceiveBodyPart(
        task: HTTPClient.Task<Void>,
        _ buffer: ByteBuffer
    ) -> EventLoopFuture<Void> {
        let piece = buffer.piece
        return core.receive(on: task.eventLoop) { $0.received(piece) }
    }

    func didReceiveError(task: HTTPClient.Task<Void>, _ error: any Error) {
        if core.restart(after: error) { return }
        core.fail(attribute(error))
        core.perform { $0.transferEnded() }
    }

    func didFinishRequest(task: HTTPClient.Task<Void>) throws {
        core.perform { $0.receivedEnd() + $0.transferEnded() }
    }
}

extension ByteBuffer {
    /// What is readable; without a copy where that keeps little else in memory.
    fileprivate var piece: Data {
        let isMostOfTheBuffer = readableBytes >= 1 << 14 && readableBytes * 2 >= storageCapacity
        let piece = getData(
            at: readerIndex,
            length: readableBytes,
            byteTransferStrategy: isMostOfTheBuffer ? .noCopy : .copy
        )
        return piece ?? Data()
    }
}
