// What an exchange does next, decided without I/O: events in, actions out.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The life of one exchange.
///
/// Three parties meet here: the caller (`head`, `read`, `write`, `cancel`), the transfer that
/// carries the bytes (`demand`, `received…`, `uploadDemanded`), and the timers. Each waits in a slot
/// of its own, which the owner keeps; an action names the slot to resume. The state is changed by the
/// events in this type's extensions only.
struct HTTPExchangeStateMachine: Sendable {
    typealias Failure = HTTPTransferError

    enum Timer: Hashable, CaseIterable, Sendable { case pool, connect, write, read }

    /// What the transfer sends next.
    enum UploadStep: Equatable, Sendable { case chunk([Data]), end, abandoned }

    enum Action: Equatable, Sendable {
        case arm(Timer, Duration, generation: UInt64)
        case disarm(Timer)
        case enterPool
        case leavePool
        case startTransfer
        case abortTransfer
        case resumeHead(Result<HTTPTransferHead, Failure>)
        case resumeRead(Result<[Data], Failure>)
        case resumeWrite(Result<Void, Failure>)
        case resumeDemand(goOn: Bool)
        case resumeUpload(UploadStep)
        case resumeClosed

        static func == (left: Action, right: Action) -> Bool { "\(left)" == "\(right)" }
    }

    /// How far the request has come.
    enum Progress: Comparable, Sendable { case new, queued, connecting, sending, sent }

    enum Upload: Equatable, Sendable {
        /// Pieces come from `write`.
        case open
        /// The rest of a body that is known as a whole.
        case fixed(Data)
        /// Everything has been given.
        case ended
        /// The response made the rest pointless.
        case abandoned
    }

    /// How much of a body that is known as a whole is sent at a time.
    static let pieceSize = 256 * 1024
    /// How many bytes `write` takes ahead of the transfer.
    static let uploadLimit = 512 * 1024

    let origin: HTTPOrigin
    let timeouts: HTTPTimeouts
    /// How many unread bytes stop the transfer from receiving more.
    let bufferLimit: Int

    var progress = Progress.new
    var failure: Failure?
    var head: HTTPTransferHead?
    var responseEnded = false
    var buffer: [Data] = []
    /// Where the unread part of the buffer begins.
    var firstBuffered = 0
    var bufferedBytes = 0

    var upload: Upload
    /// What `write` took and the transfer has not.
    var pendingPieces: [Data] = []
    var pendingBytes = 0
    var pieceInTransport = false

    var isTransferring = false
    var isReleased = false
    /// Whether the caller knows that the response is complete, or wants no more of it.
    var isEndKnown = false
    var holdsPlace = false
    /// Whether the place in the pool is kept until the response was read, not only received: what
    /// a client with a limit of its own expects.
    let keepsPlaceUntilRead: Bool

    var headWaits = false
    var readWaits = false
    var writeWaits = false
    var demandWaits = false
    var uploadWaits = false

    var armed: [Timer: UInt64] = [:]
    var lastGeneration: UInt64 = 0

    init(
        origin: HTTPOrigin,
        body: HTTPTransferRequest.Body,
        timeouts: HTTPTimeouts,
        bufferLimit: Int,
        keepsPlaceUntilRead: Bool = false
    ) {
        self.keepsPlaceUntilRead = keepsPlaceUntilRead
        self.origin = origin
        self.timeouts = timeouts
        self.bufferLimit = bufferLimit
        switch body {
        case .none: upload = .ended
        case .data(let data): upload = .fixed(data)
        case .upload: upload = .open
        }
    }

    /// Whether the exchange has ended and everything it held is released.
    var isClosed: Bool { isReleased }

    /// Whether the head of the response is there.
    var hasHead: Bool { head != nil }

    /// Whether nothing of the request has been written, and it is still wanted.
    var isConnecting: Bool { progress == .connecting && failure == nil }

    /// Whether the transfer goes on for nobody any more.
    var isAborted: Bool { failure != nil && isTransferring }

    /// The step at which a fault of the transfer would be.
    var stage: HTTPTransferError.Stage {
        if head != nil { return .receiving }
        switch progress {
        case .new, .queued, .connecting: return .connecting
        case .sending: return .sending
        case .sent: return .receiving
        }
    }
}
