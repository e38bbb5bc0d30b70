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
/// carries the bytes (`demanded`, `received`, `uploadDemanded`), and the timers. Each waits in a
/// slot of its own, which the owner keeps; an action names the slot to resume.
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
        /// Nil if there is room for more.
        case resumeWrite(Failure?)
        case resumeDemand(goOn: Bool)
        case resumeUpload(UploadStep)
        case resumeClosed
    }

    /// How far the request has come.
    private enum Request: Comparable { case new, queued, connecting, sending, sent }

    private enum Response {
        case awaited
        case arriving(HTTPTransferHead)
        case complete(HTTPTransferHead)
    }

    /// What is left of the body.
    private enum Upload {
        /// Pieces come from `write`; these are not with the transfer yet.
        case open(Pieces)
        /// The caller has finished; these are left.
        case closing(Pieces)
        /// The rest of a body that is known as a whole.
        case known(Data)
        /// The transfer has everything.
        case ended
        /// The response, or a failure, made the rest pointless.
        case abandoned
    }

    private enum Transfer { case none, running, over }

    /// The place among the connections.
    private enum Place { case none, held, left }

    /// Who waits for an action.
    private struct Waiters: OptionSet {
        let rawValue: UInt8
        static let head = Waiters(rawValue: 1)
        static let read = Waiters(rawValue: 2)
        static let write = Waiters(rawValue: 4)
        static let demand = Waiters(rawValue: 8)
        static let upload = Waiters(rawValue: 16)
    }

    private struct Pieces {
        private(set) var all: [Data] = []
        private(set) var count = 0

        mutating func append(_ piece: Data) {
            all.append(piece)
            count += piece.count
        }
    }

    /// How much of a body that is known as a whole is sent at a time.
    static let pieceSize = 256 * 1024
    /// How many bytes `write` takes ahead of the transfer.
    static let uploadLimit = 512 * 1024

    private let origin: HTTPOrigin
    private var timeouts: HTTPTimeouts
    /// How many unread bytes stop the transfer from receiving more.
    private let bufferLimit: Int
    /// Whether the place in the pool is kept until the response was read, not only received: what
    /// a client with a limit of its own expects.
    private let keepsPlaceUntilRead: Bool
    /// The body that is sent again if the connection turns out to be stale; nil for an upload.
    private let knownBody: Data?

    private var request = Request.new
    private var response = Response.awaited
    private var upload: Upload
    /// Whether the connection is another protocol's, both ways: a write is then over when the system
    /// has its bytes, and a read that takes too long is no fault of the connection.
    private var isTunnel = false
    private var transfer = Transfer.none
    private var place = Place.none
    private var waiters: Waiters = []
    private(set) var failure: Failure?

    private var buffer: [Data] = []
    private(set) var bufferedBytes = 0

    /// Whether a piece is with the transfer that has not asked for the next one.
    private var isPieceOut = false
    /// Whether any piece was handed to the transfer.
    private var hasHandedPieces = false
    /// Whether the request was sent before, which it is twice at most.
    private var isRewound = false
    /// Whether the caller knows that the response is complete, or wants no more of it.
    private var isEndKnown = false

    private var armed: [Timer: UInt64] = [:]
    private var lastGeneration: UInt64 = 0

    init(
        origin: HTTPOrigin,
        body: HTTPTransferRequest.Body,
        timeouts: HTTPTimeouts,
        bufferLimit: Int,
        keepsPlaceUntilRead: Bool = false
    ) {
        self.origin = origin
        self.timeouts = timeouts
        self.bufferLimit = bufferLimit
        self.keepsPlaceUntilRead = keepsPlaceUntilRead
        switch body {
        case .none: knownBody = Data()
        case .data(let data): knownBody = data
        case .upload: knownBody = nil
        }
        upload = Self.upload(of: knownBody)
    }

    private static func upload(of body: Data?) -> Upload {
        guard let body else { return .open(Pieces()) }
        return body.isEmpty ? .ended : .known(body)
    }
}

// MARK: - What is known

extension HTTPExchangeStateMachine {
    /// Whether the exchange has ended and everything it held is released.
    var isClosed: Bool { transfer == .over }
    /// Whether it got its place among the connections.
    var isAdmitted: Bool { request >= .connecting }
    /// Whether a connection was there and the head of the request is written.
    var isConnected: Bool { request >= .sending }
    /// Whether the whole request is written.
    var isSent: Bool { request == .sent }
    /// Whether the response has arrived as a whole.
    var isComplete: Bool { if case .complete = response { true } else { false } }
    /// Whether `write` takes a piece at the moment.
    var takesPieces: Bool {
        guard case .open = upload else { return false }
        return failure == nil && !waiters.contains(.write)
    }

    /// Why TLS cannot be set up on the connection now; nil if it can.
    var faultOfTLS: Failure? {
        if let failure { return failure }
        let fault: String
        if !isTunnel {
            fault = "the response has not left HTTP"
        } else if !buffer.isEmpty || isPieceOut {
            fault = "bytes are on their way without it; read or write all of them first"
        } else {
            return isComplete ? tunnelIsClosed : nil
        }
        let message = "TLS cannot be set up with \(origin): \(fault)"
        return Failure(.localProtocol, message, origin: origin)
    }

    /// Whether a read would return at once.
    var isReadable: Bool { !buffer.isEmpty || isComplete || failure != nil }

    /// The head of the response, once it is there.
    var head: HTTPTransferHead? {
        switch response {
        case .awaited: nil
        case .arriving(let head), .complete(let head): head
        }
    }

    /// The step at which a fault of the transfer would be.
    var stage: HTTPTransferError.Stage {
        if head != nil { return .receiving }
        switch request {
        case .new, .queued, .connecting: return .connecting
        case .sending: return .sending
        case .sent: return .receiving
        }
    }
}

// MARK: - The way of the request

extension HTTPExchangeStateMachine {
    mutating func opened() -> [Action] {
        guard request == .new else { return [] }
        request = .queued
        place = .held
        return arm(.pool, timeouts.pool) + [.enterPool]
    }

    mutating func admitted() -> [Action] {
        // A place that comes after a time-out or a cancellation has to be given back.
        guard request == .queued, failure == nil else { return [.leavePool] }
        request = .connecting
        transfer = .running
        return disarm(.pool) + arm(.connect, timeouts.connect) + [.startTransfer]
    }

    mutating func requestHeadWritten() -> [Action] {
        guard request == .connecting, failure == nil else { return [] }
        request = .sending
        return disarm(.connect)
    }

    mutating func requestSent() -> [Action] {
        guard request == .sending, failure == nil else { return [] }
        request = .sent
        return waiters.contains(.head) ? arm(.read, timeouts.read) : []
    }

    /// Goes back to the time before the request was written, to send it over another connection.
    ///
    /// - Returns: Nil if that cannot be done: it was done before, a part of the body is gone, the
    ///   server has begun to answer, or nobody wants the answer any more.
    mutating func rewound() -> [Action]? {
        guard transfer == .running, failure == nil, head == nil, request >= .connecting,
            !isRewound, knownBody != nil || !hasHandedPieces
        else { return nil }
        isRewound = true
        request = .connecting
        waiters.subtract([.demand, .upload])
        isPieceOut = false
        hasHandedPieces = false
        if let knownBody { upload = Self.upload(of: knownBody) }
        return disarm(.write) + disarm(.read) + disarm(.connect) + arm(.connect, timeouts.connect)
    }
}

// MARK: - What the transfer reports and asks

extension HTTPExchangeStateMachine {
    mutating func received(_ head: HTTPTransferHead, opensTunnel: Bool = false) -> [Action] {
        guard failure == nil, case .awaited = response else { return [] }
        response = .arriving(head)
        var actions = disarm(.connect) + disarm(.read)
        if opensTunnel { actions += openTunnel() }
        if request < .sending { request = .sending }
        if resumes(.head) { actions.append(.resumeHead(.success(head))) }
        if waiters.contains(.read) { actions += arm(.read, timeouts.read) }
        // A status that is no success settles the matter: the rest of the body is not wanted.
        // The transfer itself is told at the end of the response, or that would be cut short.
        if head.status >= 300 { actions += dropUpload() }
        return actions
    }

    /// From here on the bytes are another protocol's, whose limits in time are not those of a request.
    private mutating func openTunnel() -> [Action] {
        isTunnel = true
        timeouts.read = nil
        timeouts.write = nil
        if case .ended = upload { upload = .open(Pieces()) }
        return disarm(.write)
    }

    mutating func received(_ pieces: [Data]) -> [Action] {
        guard failure == nil, case .arriving = response, !pieces.isEmpty else { return [] }
        if resumes(.read) { return disarm(.read) + [.resumeRead(.success(pieces))] }
        buffer += pieces
        for piece in pieces { bufferedBytes += piece.count }
        return []
    }

    mutating func receivedEnd() -> [Action] {
        // What ends without a head has not ended: the end of the transfer makes a fault of it.
        guard failure == nil, case .arriving(let head) = response else { return [] }
        response = .complete(head)
        var actions = disarm(.read)
        if resumes(.read) {
            isEndKnown = true
            actions.append(.resumeRead(.success([])))
        }
        return actions + abandonUpload()
    }

    mutating func failed(_ error: Failure) -> [Action] { fail(error) }

    /// The transfer could receive more and asks whether it should.
    mutating func demanded() -> [Action] {
        if failure != nil || isComplete { return [.resumeDemand(goOn: false)] }
        if bufferedBytes < bufferLimit { return [.resumeDemand(goOn: true)] }
        waiters.insert(.demand)
        return []
    }

    /// The transfer has sent what it had and asks for the next piece of the body.
    mutating func uploadDemanded() -> [Action] {
        var actions: [Action] = []
        if isPieceOut {
            isPieceOut = false
            actions += disarm(.write)
        }
        waiters.insert(.upload)
        return actions + nextUploadStep()
    }

    mutating func transferEnded() -> [Action] {
        guard transfer == .running else { return [] }
        transfer = .none
        var actions: [Action] = []
        if failure == nil, !isComplete {
            let message = "the request to \(origin) ended without a result"
            actions += fail(Failure(.remoteProtocol, message, origin: origin))
        }
        return actions + abandonUpload() + release()
    }

    mutating func fired(_ timer: Timer, generation: UInt64) -> [Action] {
        guard armed[timer] == generation else { return [] }
        armed[timer] = nil
        let timeOut = Failure(timedOut: timer, origin: origin, timeouts: timeouts)
        guard isTunnel, timer == .read else { return fail(timeOut) }
        return resumes(.read) ? [.resumeRead(.failure(timeOut))] : []
    }
}

// MARK: - What the caller asks

extension HTTPExchangeStateMachine {
    mutating func headRequested() -> [Action] {
        if let head { return [.resumeHead(.success(head))] }
        if let failure { return [.resumeHead(.failure(failure))] }
        let isFirst = waiters.insert(.head).inserted
        return isFirst && request == .sent ? arm(.read, timeouts.read) : []
    }

    /// The caller wants what has arrived; no piece is the end.
    mutating func readRequested() -> [Action] {
        guard !waiters.contains(.read) else {
            let message = "two reads of one response at the same time; read from one task only"
            return [.resumeRead(.failure(Failure(.localProtocol, message, origin: origin)))]
        }
        if !buffer.isEmpty {
            let pieces = buffer
            dropBuffered()
            return [.resumeRead(.success(pieces))] + grantDemand()
        }
        if let failure { return [.resumeRead(.failure(failure))] }
        if isComplete { return [.resumeRead(.success([]))] + endKnown() }
        waiters.insert(.read)
        return (head == nil ? [] : arm(.read, timeouts.read)) + grantDemand()
    }

    mutating func writeRequested(_ piece: Data) -> [Action] {
        if let failure { return [.resumeWrite(failure)] }
        guard case .open(var pieces) = upload else {
            if case .abandoned = upload { return [.resumeWrite(tunnelIsClosed)] }
            return [.resumeWrite(bodyIsComplete)]
        }
        guard !waiters.contains(.write) else {
            let message = "two writes to one request at the same time; write from one task only"
            return [.resumeWrite(Failure(.localProtocol, message, origin: origin))]
        }
        // An empty chunk would end a chunked body.
        guard !piece.isEmpty else { return [.resumeWrite(nil)] }
        pieces.append(piece)
        upload = .open(pieces)
        waiters.insert(.write)
        return waiters.contains(.upload) ? nextUploadStep() : admitWrite()
    }

    /// Returns the actions, and the error that the caller gets at once.
    mutating func finishRequested() -> (actions: [Action], error: Failure?) {
        if let failure { return ([], failure) }
        switch upload {
        case .abandoned, .ended, .closing: return ([], nil)
        case .known: return ([], bodyIsComplete)
        case .open(let pieces):
            upload = pieces.count > 0 ? .closing(pieces) : .ended
            return (waiters.contains(.upload) ? nextUploadStep() : [], nil)
        }
    }

    /// Sets a limit in time for the operations in a tunnel that begin after this.
    mutating func limited(_ operation: HTTPStreamOperation, to limit: Duration?) {
        guard isTunnel else { return }
        switch operation {
        case .read: timeouts.read = limit
        case .write: timeouts.write = limit
        }
    }

    mutating func headWaitsCancelled() -> [Action] {
        guard resumes(.head) else { return [] }
        return disarm(.read) + [.resumeHead(.failure(cancellation))]
    }

    mutating func readWaitCancelled() -> [Action] {
        guard resumes(.read) else { return [] }
        return disarm(.read) + [.resumeRead(.failure(cancellation))]
    }

    mutating func cancelled() -> [Action] {
        if isComplete, buffer.isEmpty, failure == nil { return abandonUpload() + endKnown() }
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

    /// What a write gets that comes too late; nil in HTTP, where the response tells what became of
    /// the request.
    private var tunnelIsClosed: Failure? {
        guard isTunnel else { return nil }
        let message = "\(origin) has closed the connection; nothing more can be written to it"
        return Failure(.write, message, origin: origin)
    }
}

// MARK: - Shared steps

extension HTTPExchangeStateMachine {
    /// Takes a waiter out, and returns whether there was one.
    private mutating func resumes(_ waiter: Waiters) -> Bool { waiters.remove(waiter) != nil }

    private mutating func fail(_ error: Failure) -> [Action] {
        guard failure == nil else { return [] }
        failure = error
        var actions = Timer.allCases.flatMap { disarm($0) }
        if resumes(.head) { actions.append(.resumeHead(.failure(error))) }
        if resumes(.read) { actions.append(.resumeRead(.failure(error))) }
        if resumes(.write) { actions.append(.resumeWrite(error)) }
        actions += abandonUpload()
        if resumes(.demand) { actions.append(.resumeDemand(goOn: false)) }
        return actions + (transfer == .running ? [.abortTransfer] : release())
    }

    private mutating func release() -> [Action] {
        guard transfer != .over else { return [] }
        transfer = .over
        let keepsPlace = keepsPlaceUntilRead && failure == nil && !isEndKnown
        return (keepsPlace ? [] : leavePlace()) + [.resumeClosed]
    }

    private mutating func leavePlace() -> [Action] {
        guard place == .held else { return [] }
        place = .left
        return [.leavePool]
    }

    private mutating func endKnown() -> [Action] {
        isEndKnown = true
        return transfer == .over ? leavePlace() : []
    }

    private mutating func dropBuffered() {
        buffer = []
        bufferedBytes = 0
    }

    private mutating func grantDemand() -> [Action] {
        guard bufferedBytes < bufferLimit, resumes(.demand) else { return [] }
        return [.resumeDemand(goOn: true)]
    }

    /// Takes no more from the caller; what waits counts as written, but not in a tunnel.
    private mutating func dropUpload() -> [Action] {
        var actions = disarm(.write)
        isPieceOut = false
        if resumes(.write) { actions.append(.resumeWrite(tunnelIsClosed)) }
        // A body that was handed over whole still ends properly, and its connection is kept.
        if case .ended = upload { return actions }
        upload = .abandoned
        return actions
    }

    private mutating func abandonUpload() -> [Action] {
        let actions = dropUpload()
        return resumes(.upload) ? actions + [.resumeUpload(.abandoned)] : actions
    }

    private mutating func nextUploadStep() -> [Action] {
        if failure == nil, case .ended = upload {
            waiters.remove(.upload)
            return [.resumeUpload(.end)]
        }
        if failure != nil || isComplete { return abandonUpload() }
        switch upload {
        case .open(let pieces) where pieces.count > 0:
            upload = .open(Pieces())
            return hand(pieces.all) + admitWrite()
        case .closing(let pieces):
            upload = .ended
            return hand(pieces.all) + admitWrite()
        case .known(let rest):
            let left = rest.dropFirst(Self.pieceSize)
            upload = left.isEmpty ? .ended : .known(left)
            return hand([rest.prefix(Self.pieceSize)])
        case .open:
            return admitWrite()
        case .abandoned, .ended:
            return []
        }
    }

    /// Lets the writer go on if there is room for more.
    private mutating func admitWrite() -> [Action] {
        let isRoom =
            switch upload {
            case .open(let pieces) where isTunnel: pieces.count == 0 && !isPieceOut
            case .open(let pieces): pieces.count < Self.uploadLimit
            default: true
            }
        guard isRoom else { return [] }
        return resumes(.write) ? [.resumeWrite(nil)] : []
    }

    private mutating func hand(_ pieces: [Data]) -> [Action] {
        waiters.remove(.upload)
        isPieceOut = true
        hasHandedPieces = true
        return arm(.write, timeouts.write) + [.resumeUpload(.chunk(pieces))]
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
