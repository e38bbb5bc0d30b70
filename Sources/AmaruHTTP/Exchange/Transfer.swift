// Carries one exchange over one connection.
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOFoundationEssentialsCompat

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What carries the bytes of a transfer: a connection of HTTP/1.1, or a stream of HTTP/2.
///
/// Used on its event loop alone.
protocol TransferCarrier: AnyObject {
    /// Whether it takes more at the moment; it calls ``Transfer/pump()`` when it does again.
    var isWritable: Bool { get }
    /// Writes pieces of the body; each is a chunk of its own if the body has no length.
    func write(_ pieces: [Data])
    /// Writes the end of the request.
    func writeEnd()
    /// Sets TLS up beneath another protocol.
    func secure(_ step: ConnectionStep) -> EventLoopFuture<Void>
    /// Sends what was written.
    func flush()
    /// Asks for what arrives next.
    func receive()
    /// Ends the connection or the stream at once; the transfer is not told.
    func abort()
}

/// The way of one exchange over a connection: body out, response in; used on one event loop.
///
/// What arrives is kept until the turn of the event loop is over, so that whoever reads is woken
/// once a turn and not once a piece.
final class Transfer {
    private enum Upload { case running, waiting, sending, complete, abandoned }

    let exchange: Exchange
    private let pool: ConnectionPool
    private weak var carrier: (any TransferCarrier)?
    private var upload = Upload.running
    private var isPumping = false
    /// How much of a body with a known length is missing.
    private var missing: Int?

    private var head: HTTPTransferHead?
    private var pieces: [Data] = []
    private var isEndUntold = false
    /// Whether the connection is another protocol's, both ways.
    private var isTunnel = false
    private(set) var hasHead = false
    private(set) var hasEnded = false
    private(set) var isOver = false

    init(_ exchange: Exchange, over carrier: any TransferCarrier, of pool: ConnectionPool) {
        self.exchange = exchange
        self.carrier = carrier
        self.pool = pool
        if case .length(let count) = exchange.request.framing { missing = count }
    }

    /// Sets TLS up beneath another protocol; nil if there is no connection any more.
    func secure(_ step: ConnectionStep) -> EventLoopFuture<Void>? {
        isOver ? nil : carrier?.secure(step)
    }

    /// Whether the whole request was written.
    var isRequestComplete: Bool { upload == .complete }
    /// Whether both ways have ended that are to: in HTTP a response is the end of its request.
    var isServed: Bool { hasEnded && !isOver && (!isTunnel || upload == .complete) }
}

// MARK: - The request

extension Transfer {
    /// Sends the body; the head is written already.
    func begin() {
        exchange.perform { $0.requestHeadWritten() }
        pump()
    }

    /// Sends what is there of the body, as far as the connection takes it.
    func pump() {
        guard !isPumping, upload == .running else { return }
        isPumping = true
        repeat {
            while upload == .running, carrier?.isWritable == true {
                guard let step = exchange.uploadStep() else {
                    upload = .waiting
                    break
                }
                take(step)
            }
            carrier?.flush()
        } while upload == .running && carrier?.isWritable == true
        isPumping = false
    }

    /// Goes on with a step that was waited for.
    func resumeUpload(with step: Exchange.Machine.UploadStep) {
        guard upload == .waiting else { return }
        upload = .running
        take(step)
        carrier?.flush()
        pump()
    }

    /// Goes on after a piece of another protocol that the system has now.
    func sent() {
        guard upload == .sending else { return }
        upload = .running
        pump()
    }

    private func take(_ step: Exchange.Machine.UploadStep) {
        switch step {
        case .chunk(let pieces):
            if let missing {
                let rest = missing - pieces.reduce(0) { $0 + $1.count }
                guard rest >= 0 else { return fail(wrongLength) }
                self.missing = rest
            }
            // The writer of another protocol waits until its bytes have left.
            if isTunnel { upload = .sending }
            carrier?.write(pieces)
        case .end:
            guard missing ?? 0 == 0 else { return fail(wrongLength) }
            upload = .complete
            carrier?.writeEnd()
            exchange.perform { $0.requestSent() }
            if isTunnel, hasEnded { abort() }
        case .abandoned:
            upload = .abandoned
        }
    }

    private var wrongLength: HTTPTransferError {
        HTTPTransferError(
            .localProtocol,
            "the body for \(exchange.origin) is not as long as its Content-Length says",
            origin: exchange.origin
        )
    }
}

// MARK: - The response

extension Transfer {
    func received(_ head: HTTPTransferHead, opensTunnel: Bool = false) {
        self.head = head
        hasHead = true
        guard opensTunnel else { return }
        isTunnel = true
        missing = nil
        if upload == .complete { upload = .running }
    }

    func received(_ bytes: ByteBuffer) {
        guard bytes.readableBytes > 0 else { return }
        pieces.append(bytes.piece)
    }

    func receivedEnd() {
        hasEnded = true
        isEndUntold = true
    }

    /// Tells the exchange what arrived in this turn, and asks for more if that is wanted.
    ///
    /// If the response has ended, the carrier calls ``end()`` next.
    func endTurn() {
        guard hasEnded, !isTunnel else {
            deliver()
            if !isOver, !hasEnded, exchange.wantsMore() { carrier?.receive() }
            return pump()
        }
        guard upload == .running || upload == .waiting else { return }
        deliver()
        // The end of a body that was handed over whole may be due yet.
        guard upload == .running, let step = exchange.uploadStep() else { return }
        take(step)
        carrier?.flush()
    }

    /// The reader has made room.
    func resumeReceiving() {
        if !isOver, !hasEnded { carrier?.receive() }
    }

    private func deliver() {
        guard head != nil || !pieces.isEmpty || isEndUntold else { return }
        exchange.perform(tell)
    }

    private func tell(_ machine: inout Exchange.Machine) -> [Exchange.Machine.Action] {
        let (head, pieces, isEnd) = (head, pieces, isEndUntold)
        (self.head, self.pieces, isEndUntold) = (nil, [], false)
        return (head.map { machine.received($0, opensTunnel: isTunnel) } ?? [])
            + machine.received(pieces) + (isEnd ? machine.receivedEnd() : [])
    }
}

// MARK: - The end

extension Transfer {
    /// Ends the transfer with an error, after what arrived before it.
    func fail(_ error: any Error) {
        guard !isOver else { return }
        isOver = true
        upload = .abandoned
        deliver()
        carrier?.abort()
        pool.transferEnded(of: exchange)
        exchange.fail(error)
        exchange.perform { $0.transferEnded() }
    }

    /// Ends the transfer, which is complete or not wanted any more.
    func end() {
        guard !isOver else { return }
        isOver = true
        upload = .abandoned
        pool.transferEnded(of: exchange)
        exchange.perform { machine in
            let told = tell(&machine)
            // The place is free before the caller learns that it is, and wants another one.
            return machine.transferEnded() + told
        }
    }

    /// Ends the transfer, and with it the stream or the connection.
    func abort() {
        carrier?.abort()
        end()
    }

    /// Gives the exchange back, to be carried over another connection.
    func rewind() -> Bool {
        guard !isOver, !hasHead, exchange.rewind() else { return false }
        isOver = true
        upload = .abandoned
        return true
    }
}

extension ByteBuffer {
    /// What is readable; without a copy if that keeps little else in memory.
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
