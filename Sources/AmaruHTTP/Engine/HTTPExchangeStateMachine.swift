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
/// of its own, which the owner keeps; an action names the slot to resume.
struct HTTPExchangeStateMachine: Sendable {
    typealias Failure = HTTPTransferError

    enum Timer: Hashable, CaseIterable, Sendable { case pool, connect, write, read }

    /// What the transfer sends next.
    enum UploadStep: Equatable, Sendable { case chunk(Data), end, abandoned }

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

    let origin: HTTPOrigin
    let timeouts: HTTPTimeouts
    /// How many unread bytes stop the transfer from receiving more.
    let bufferLimit: Int

    private(set) var progress = Progress.new
    private(set) var failure: Failure?
    private var head: HTTPTransferHead?
    private var responseEnded = false
    private var buffer: [Data] = []
    /// Where the unread part of the buffer begins.
    private var firstBuffered = 0
    private var bufferedBytes = 0

    private var upload: Upload
    private var pendingPiece: Data?
    private var pieceInTransport = false

    private var isTransferring = false
    private var isReleased = false
    /// Whether the caller knows that the response is complete, or wants no more of it.
    private var isEndKnown = false
    private var holdsPlace = false
    /// Whether the place in the pool is kept until the response was read, not only received: what
    /// a client with a limit of its own expects.
    private let keepsPlaceUntilRead: Bool

    private var headWaits = false
    private var readWaits = false
    private var writeWaits = false
    private var demandWaits = false
    private var uploadWaits = false

    private var armed: [Timer: UInt64] = [:]
    private var lastGeneration: UInt64 = 0

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

// MARK: - The way of the request

extension HTTPExchangeStateMachine {
    mutating func opened() -> [Action] {
        guard progress == .new else { return [] }
        progress = .queued
        holdsPlace = true
        return arm(.pool, timeouts.pool) + [.enterPool]
    }

    mutating func admitted() -> [Action] {
        // A place that comes after a time-out or a cancellation has to be given back.
        guard progress == .queued, failure == nil else { return [.leavePool] }
        progress = .connecting
        isTransferring = true
        return disarm(.pool) + arm(.connect, timeouts.connect) + [.startTransfer]
    }

    mutating func requestHeadWritten() -> [Action] {
        guard progress == .connecting, failure == nil else { return [] }
        progress = .sending
        return disarm(.connect)
    }

    mutating func requestSent() -> [Action] {
        guard progress == .sending, failure == nil else { return [] }
        progress = .sent
        return headWaits ? arm(.read, timeouts.read) : []
    }
}

// MARK: - The caller

extension HTTPExchangeStateMachine {
    mutating func headRequested() -> [Action] {
        if let head { return [.resumeHead(.success(head))] }
        if let failure { return [.resumeHead(.failure(failure))] }
        let isFirst = !headWaits
        headWaits = true
        return isFirst && progress == .sent ? arm(.read, timeouts.read) : []
    }

    /// The caller wants what has arrived: the first piece, or all of them; no piece is the end.
    mutating func readRequested(all: Bool = false) -> [Action] {
        guard !readWaits else {
            let message = "two reads of one response at the same time; read from one task only"
            return [.resumeRead(.failure(Failure(.localProtocol, message, origin: origin)))]
        }
        if firstBuffered < buffer.count {
            return [.resumeRead(.success(takeBuffered(all: all)))] + grantDemand()
        }
        if let failure { return [.resumeRead(.failure(failure))] }
        if responseEnded { return [.resumeRead(.success([]))] + endKnown() }
        readWaits = true
        return (head == nil ? [] : arm(.read, timeouts.read)) + grantDemand()
    }

    private mutating func takeBuffered(all: Bool) -> [Data] {
        guard !all, firstBuffered + 1 < buffer.count else {
            let pieces = firstBuffered == 0 ? buffer : Array(buffer[firstBuffered...])
            dropBuffered()
            return pieces
        }
        let piece = buffer[firstBuffered]
        buffer[firstBuffered] = Data()
        firstBuffered += 1
        bufferedBytes -= piece.count
        return [piece]
    }

    private mutating func dropBuffered() {
        buffer = []
        firstBuffered = 0
        bufferedBytes = 0
    }

    mutating func writeRequested(_ piece: Data) -> [Action] {
        if let failure { return [.resumeWrite(.failure(failure))] }
        switch upload {
        case .abandoned:
            return [.resumeWrite(.success(()))]
        case .fixed, .ended:
            return [.resumeWrite(.failure(bodyIsComplete))]
        case .open where writeWaits:
            let message = "two writes to one request at the same time; write from one task only"
            return [.resumeWrite(.failure(Failure(.localProtocol, message, origin: origin)))]
        case .open where piece.isEmpty:
            // An empty chunk would end a chunked body.
            return [.resumeWrite(.success(()))]
        case .open:
            writeWaits = true
            pendingPiece = piece
            return uploadWaits ? nextUploadStep() : []
        }
    }

    /// Returns the actions, and the error that the caller gets at once.
    mutating func finishRequested() -> (actions: [Action], error: Failure?) {
        if let failure { return ([], failure) }
        switch upload {
        case .abandoned, .ended: return ([], nil)
        case .fixed: return ([], bodyIsComplete)
        case .open:
            upload = .ended
            return (uploadWaits && pendingPiece == nil ? nextUploadStep() : [], nil)
        }
    }

    mutating func headWaitsCancelled() -> [Action] {
        guard headWaits else { return [] }
        headWaits = false
        return disarm(.read) + [.resumeHead(.failure(cancellation))]
    }

    mutating func readWaitCancelled() -> [Action] {
        guard readWaits else { return [] }
        readWaits = false
        return disarm(.read) + [.resumeRead(.failure(cancellation))]
    }

    mutating func cancelled() -> [Action] {
        if responseEnded, buffer.isEmpty, failure == nil { return abandonUpload() + endKnown() }
        dropBuffered()
        return fail(cancellation) + endKnown()
    }

    private var cancellation: Failure {
        Failure(.cancelled, "the request to \(origin) was cancelled", origin: origin)
    }

    private var bodyIsComplete: Failure {
        let message =
            "the body of the request to \(origin) is complete; "
            + "only an upload that was not finished takes more"
        return Failure(.localProtocol, message, origin: origin)
    }
}

// MARK: - The transfer

extension HTTPExchangeStateMachine {
    mutating func received(_ head: HTTPTransferHead) -> [Action] {
        guard failure == nil, self.head == nil else { return [] }
        self.head = head
        var actions = disarm(.connect) + disarm(.read)
        if progress < .sending { progress = .sending }
        if headWaits {
            headWaits = false
            actions.append(.resumeHead(.success(head)))
        }
        if readWaits { actions += arm(.read, timeouts.read) }
        // A status that is no success settles the matter: the rest of the body is not wanted.
        // The transfer itself is told at the end of the response, or that would be cut short.
        if head.status >= 300 { actions += dropUpload() }
        return actions
    }

    mutating func received(_ piece: Data) -> [Action] {
        guard failure == nil, !responseEnded, !piece.isEmpty else { return [] }
        if readWaits {
            readWaits = false
            return disarm(.read) + [.resumeRead(.success([piece]))]
        }
        buffer.append(piece)
        bufferedBytes += piece.count
        return []
    }

    mutating func receivedEnd() -> [Action] {
        guard failure == nil, !responseEnded else { return [] }
        responseEnded = true
        var actions = disarm(.read)
        if readWaits {
            readWaits = false
            isEndKnown = true
            actions.append(.resumeRead(.success([])))
        }
        return actions + abandonUpload()
    }

    mutating func failed(_ error: Failure) -> [Action] { fail(error) }

    /// The transfer could receive more and asks whether it should.
    mutating func demanded() -> [Action] {
        if failure != nil || responseEnded { return [.resumeDemand(goOn: false)] }
        if bufferedBytes < bufferLimit { return [.resumeDemand(goOn: true)] }
        demandWaits = true
        return []
    }

    /// The whole body goes with the head, in one piece.
    mutating func bodyHandedOver() -> [Action] {
        upload = .ended
        return []
    }

    /// The transfer has sent what it had and asks for the next piece of the body.
    mutating func uploadDemanded() -> [Action] {
        var actions: [Action] = []
        if pieceInTransport {
            pieceInTransport = false
            actions += disarm(.write)
            if writeWaits {
                writeWaits = false
                actions.append(.resumeWrite(.success(())))
            }
        }
        uploadWaits = true
        return actions + nextUploadStep()
    }

    mutating func transferEnded() -> [Action] {
        guard isTransferring else { return [] }
        isTransferring = false
        var actions: [Action] = []
        if failure == nil, !responseEnded {
            let message = "the request to \(origin) ended without a result"
            actions += fail(Failure(.remoteProtocol, message, origin: origin))
        }
        return actions + abandonUpload() + release()
    }

    mutating func fired(_ timer: Timer, generation: UInt64) -> [Action] {
        guard armed[timer] == generation else { return [] }
        armed[timer] = nil
        return fail(Failure(timedOut: timer, origin: origin, timeouts: timeouts))
    }
}

// MARK: - Parts

extension HTTPExchangeStateMachine {
    private mutating func fail(_ error: Failure) -> [Action] {
        guard failure == nil else { return [] }
        failure = error
        var actions = Timer.allCases.flatMap { disarm($0) }
        if headWaits {
            headWaits = false
            actions.append(.resumeHead(.failure(error)))
        }
        if readWaits {
            readWaits = false
            actions.append(.resumeRead(.failure(error)))
        }
        if writeWaits {
            writeWaits = false
            actions.append(.resumeWrite(.failure(error)))
        }
        actions += abandonUpload()
        if demandWaits {
            demandWaits = false
            actions.append(.resumeDemand(goOn: false))
        }
        if isTransferring { return actions + [.abortTransfer] }
        return actions + release()
    }

    private mutating func release() -> [Action] {
        guard !isReleased else { return [] }
        isReleased = true
        let keepsPlace = keepsPlaceUntilRead && failure == nil && !isEndKnown
        return (keepsPlace ? [] : leavePlace()) + [.resumeClosed]
    }

    private mutating func leavePlace() -> [Action] {
        guard holdsPlace else { return [] }
        holdsPlace = false
        return [.leavePool]
    }

    private mutating func endKnown() -> [Action] {
        isEndKnown = true
        return isReleased ? leavePlace() : []
    }

    private mutating func grantDemand() -> [Action] {
        guard demandWaits, bufferedBytes < bufferLimit else { return [] }
        demandWaits = false
        return [.resumeDemand(goOn: true)]
    }

    /// Takes no more from the caller; what waits counts as written.
    private mutating func dropUpload() -> [Action] {
        var actions = disarm(.write)
        pieceInTransport = false
        if writeWaits {
            writeWaits = false
            actions.append(.resumeWrite(.success(())))
        }
        // A body that was handed over whole still ends properly, and its connection is kept.
        if upload != .ended || pendingPiece != nil {
            upload = .abandoned
            pendingPiece = nil
        }
        return actions
    }

    private mutating func abandonUpload() -> [Action] {
        let actions = dropUpload()
        guard uploadWaits else { return actions }
        uploadWaits = false
        return actions + [.resumeUpload(.abandoned)]
    }

    private mutating func nextUploadStep() -> [Action] {
        if failure == nil, upload == .ended, pendingPiece == nil {
            uploadWaits = false
            return [.resumeUpload(.end)]
        }
        if failure != nil || responseEnded { return abandonUpload() }
        if let piece = pendingPiece {
            pendingPiece = nil
            return hand(piece)
        }
        switch upload {
        case .open, .abandoned, .ended:
            return []
        case .fixed(let rest):
            let piece = rest.prefix(Self.pieceSize)
            let left = rest.dropFirst(Self.pieceSize)
            upload = left.isEmpty ? .ended : .fixed(left)
            return hand(piece)
        }
    }

    private mutating func hand(_ piece: Data) -> [Action] {
        uploadWaits = false
        pieceInTransport = true
        return arm(.write, timeouts.write) + [.resumeUpload(.chunk(piece))]
    }

    private mutating func arm(_ timer: Timer, _ limit: Duration?) -> [Action] {
        guard let limit else { return [] }
        lastGeneration += 1
        armed[timer] = lastGeneration
        return [.arm(timer, limit, generation: lastGeneration)]
    }

    private mutating func disarm(_ timer: Timer) -> [Action] {
        armed.removeValue(forKey: timer) == nil ? [] : [.disarm(timer)]
    }
}
