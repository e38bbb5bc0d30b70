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
        case arm(Timer, Duration)
        case disarm(Timer)
        case enterPool, leavePool
        case startTransfer, abortTransfer
        case resumeHead(Result<HTTPTransferHead, Failure>)
        case resumeRead(Result<[Data], Failure>)
        /// Nil if there is room for more.
        case resumeWrite(Failure?)
        case resumeDemand(goOn: Bool)
        case resumeUpload(UploadStep)
        case resumeClosed
    }

    /// How far the exchange has come; the transfer runs from `connecting` to `sent`.
    private enum Progress: Comparable { case queued, connecting, sending, sent, over }

    private enum Response {
        case awaited
        case arriving(HTTPTransferHead)
        case complete(HTTPTransferHead)
        case failed(Failure, HTTPTransferHead?)
    }

    /// What is left of the request's body.
    private enum Body {
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

        init(_ whole: Data) { self = whole.isEmpty ? .ended : .known(whole) }
    }

    /// What the transfer does about the body: it asks for the next piece once it has sent one.
    private enum Sender { case idle, asking, busy }

    /// What is sent if the connection turns out to be stale.
    private enum Again { case whole(Data), upload, never }

    private enum Waiter { case head, read, write, demand }

    /// Who needs the place among the connections; it is left when nobody does.
    private enum Holder { case transfer, reader }

    private struct Pieces {
        private(set) var all: [Data] = []
        private(set) var count = 0

        mutating func append(_ pieces: [Data]) {
            all += pieces
            for piece in pieces { count += piece.count }
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

    private var progress = Progress.queued
    private var response = Response.awaited
    private var body: Body
    private var sender = Sender.idle
    private var again: Again
    /// Whether the connection is another protocol's, whose two ways end independently.
    ///
    /// A write is then over when the system has its bytes, and a read that is late breaks nothing.
    private var isTunnel = false
    private var waiters: Set<Waiter> = []
    private var holders: Set<Holder>
    private var buffer = Pieces()
    private var armed: Set<Timer> = []

    /// - `keepsPlaceUntilRead`: Whether the place in the pool is kept until the response was
    ///   read, not only received: what a client with a limit of its own expects.
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
        holders = keepsPlaceUntilRead ? [.transfer, .reader] : [.transfer]
        switch body {
        case .none: (self.body, again) = (.ended, .whole(Data()))
        case .data(let data): (self.body, again) = (Body(data), .whole(data))
        case .upload: (self.body, again) = (.open(Pieces()), .upload)
        }
    }
}

// MARK: - What is known

extension HTTPExchangeStateMachine {
    /// Whether the exchange has ended and everything it held is released.
    var isClosed: Bool { progress == .over }
    /// Whether it has its place among the connections.
    var isAdmitted: Bool { !isClosed && progress >= .connecting }
    /// Whether a connection is there and the head of the request is written.
    var isConnected: Bool { !isClosed && progress >= .sending }
    /// Whether the whole request is written.
    var isSent: Bool { progress == .sent }
    var isComplete: Bool { if case .complete = response { true } else { false } }
    var failure: Failure? { if case .failed(let failure, _) = response { failure } else { nil } }
    var bufferedBytes: Int { buffer.count }
    /// Whether `write` takes a piece at the moment.
    var takesPieces: Bool {
        guard case .open = body else { return false }
        return failure == nil && !waiters.contains(.write)
    }

    /// What a read would find.
    var arrival: HTTPArrival {
        if isComplete { return .everything }
        return buffer.count > 0 || failure != nil ? .something : .nothing
    }

    /// The head of the response, once it is there.
    var head: HTTPTransferHead? {
        switch response {
        case .awaited: nil
        case .arriving(let head), .complete(let head): head
        case .failed(_, let head): head
        }
    }

    /// The step at which a fault of the transfer would be.
    var stage: Failure.Stage {
        if head != nil || progress > .sending { return .receiving }
        return progress == .sending ? .sending : .connecting
    }

    /// Why TLS cannot be set up on the connection now; nil if it can.
    var faultOfTLS: Failure? {
        if let failure { return failure }
        let refusal = "TLS cannot be set up with \(origin): "
        if !isTunnel { return misuse(refusal + "the response has not left HTTP") }
        if buffer.count > 0 || sender == .busy {
            return misuse(
                refusal + "bytes are on their way without it; read or write all of them first"
            )
        }
        return isComplete ? tunnelIsClosed : nil
    }
}

// MARK: - The way of the request

extension HTTPExchangeStateMachine {
    mutating func opened() -> [Action] {
        guard progress == .queued else { return [] }
        return arm(.pool, timeouts.pool) + [.enterPool]
    }

    mutating func admitted() -> [Action] {
        // A place that comes after a time-out or a cancellation has to be given back.
        guard progress == .queued else { return [.leavePool] }
        progress = .connecting
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
        return waiters.contains(.head) ? arm(.read, timeouts.read) : []
    }

    /// Goes back to the time before the request was written, to send it over another connection.
    ///
    /// - Returns: Nil if that cannot be done: it was done before, a part of the body is gone, the
    ///   server has begun to answer, or nobody wants the answer any more.
    mutating func rewound() -> [Action]? {
        guard isAdmitted, case .awaited = response else { return nil }
        switch again {
        case .whole(let data): body = Body(data)
        case .upload: break
        case .never: return nil
        }
        again = .never
        progress = .connecting
        waiters.remove(.demand)
        sender = .idle
        return disarm(.write) + disarm(.read) + disarm(.connect) + arm(.connect, timeouts.connect)
    }
}

// MARK: - What the transfer reports and asks

extension HTTPExchangeStateMachine {
    mutating func received(_ head: HTTPTransferHead, opensTunnel: Bool = false) -> [Action] {
        guard case .awaited = response else { return [] }
        response = .arriving(head)
        var actions = disarm(.connect) + disarm(.read)
        if opensTunnel { actions += openTunnel() }
        if progress < .sending { progress = .sending }
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
        if case .ended = body { body = .open(Pieces()) }
        return disarm(.write)
    }

    mutating func received(_ pieces: [Data]) -> [Action] {
        guard case .arriving = response, !pieces.isEmpty else { return [] }
        if resumes(.read) { return disarm(.read) + [.resumeRead(.success(pieces))] }
        buffer.append(pieces)
        return []
    }

    mutating func receivedEnd() -> [Action] {
        // What ends without a head has not ended: the end of the transfer makes a fault of it.
        guard case .arriving(let head) = response else { return [] }
        response = .complete(head)
        var actions = disarm(.read)
        if resumes(.read) { actions += letGo(.reader) + [.resumeRead(.success([]))] }
        return isTunnel ? actions : actions + abandonUpload()
    }

    /// The transfer could receive more and asks whether it should.
    mutating func demanded() -> [Action] {
        if failure != nil || isComplete { return [.resumeDemand(goOn: false)] }
        if buffer.count < bufferLimit { return [.resumeDemand(goOn: true)] }
        waiters.insert(.demand)
        return []
    }

    /// The transfer has sent what it had and asks for the next piece of the body.
    mutating func uploadDemanded() -> [Action] {
        sender = .asking
        return disarm(.write) + nextUploadStep()
    }

    mutating func transferEnded() -> [Action] {
        guard isAdmitted else { return [] }
        progress = .over
        let message = "the request to \(origin) ended without a result"
        let missing = Failure(.remoteProtocol, message, origin: origin, reason: .earlyEnd)
        return (isComplete ? [] : failed(missing)) + abandonUpload() + close()
    }

    mutating func fired(_ timer: Timer) -> [Action] {
        guard armed.remove(timer) != nil else { return [] }
        guard isTunnel, timer == .read else {
            return failed(Failure(timedOut: timer, origin: origin, timeouts: timeouts))
        }
        let late = Failure(timedOut: timer, origin: origin, timeouts: timeouts, isFinal: false)
        return resumes(.read) ? [.resumeRead(.failure(late))] : []
    }
}

// MARK: - What the caller asks

extension HTTPExchangeStateMachine {
    mutating func headRequested() -> [Action] {
        if let head { return [.resumeHead(.success(head))] }
        if let failure { return [.resumeHead(.failure(failure))] }
        let isFirst = waiters.insert(.head).inserted
        return isFirst && isSent ? arm(.read, timeouts.read) : []
    }

    /// The caller wants what has arrived; no piece is the end.
    mutating func readRequested() -> [Action] {
        guard !waiters.contains(.read) else {
            let message = "two reads of one response at the same time; read from one task only"
            return [.resumeRead(.failure(misuse(message)))]
        }
        if buffer.count > 0 {
            let pieces = buffer.all
            buffer = Pieces()
            return [.resumeRead(.success(pieces))] + grantDemand()
        }
        if let failure { return [.resumeRead(.failure(failure))] }
        if isComplete { return [.resumeRead(.success([]))] + letGo(.reader) }
        waiters.insert(.read)
        return (head == nil ? [] : arm(.read, timeouts.read)) + grantDemand()
    }

    mutating func writeRequested(_ piece: Data) -> [Action] {
        if let failure { return [.resumeWrite(failure)] }
        guard case .open(var pieces) = body else {
            if case .abandoned = body { return [.resumeWrite(tunnelIsClosed)] }
            return [.resumeWrite(bodyIsComplete)]
        }
        guard !waiters.contains(.write) else {
            let message = "two writes to one request at the same time; write from one task only"
            return [.resumeWrite(misuse(message))]
        }
        // An empty chunk would end a chunked body.
        guard !piece.isEmpty else { return [.resumeWrite(nil)] }
        pieces.append([piece])
        body = .open(pieces)
        waiters.insert(.write)
        return sender == .asking ? nextUploadStep() : admitWrite()
    }

    /// Returns the actions, and the error that the caller gets at once.
    mutating func finishRequested() -> (actions: [Action], error: Failure?) {
        if let failure { return ([], failure) }
        switch body {
        case .abandoned, .ended, .closing: return ([], nil)
        case .known: return ([], bodyIsComplete)
        case .open(let pieces):
            body = pieces.count > 0 ? .closing(pieces) : .ended
            return (sender == .asking ? nextUploadStep() : [], nil)
        }
    }

    /// Sets a limit in time for the operations that begin after this.
    mutating func limited(_ operation: HTTPStreamOperation, to limit: Duration?) {
        switch operation {
        case .read: timeouts.read = limit
        case .write: timeouts.write = limit
        }
    }

    mutating func headWaitsCancelled() -> [Action] {
        resumes(.head) ? disarm(.read) + [.resumeHead(.failure(cancellation(isFinal: false)))] : []
    }

    mutating func readWaitCancelled() -> [Action] {
        resumes(.read) ? disarm(.read) + [.resumeRead(.failure(cancellation(isFinal: false)))] : []
    }

    mutating func cancelled() -> [Action] {
        let isOpenTunnel = isTunnel && !isClosed
        if isComplete, buffer.count == 0, !isOpenTunnel { return abandonUpload() + letGo(.reader) }
        buffer = Pieces()
        return failed(cancellation(isFinal: true)) + letGo(.reader)
    }
}

// MARK: - Shared steps

extension HTTPExchangeStateMachine {
    /// Takes a waiter out, and returns whether there was one.
    private mutating func resumes(_ waiter: Waiter) -> Bool { waiters.remove(waiter) != nil }

    mutating func failed(_ error: Failure) -> [Action] {
        guard failure == nil else { return [] }
        response = .failed(error, head)
        var actions = Timer.allCases.flatMap { disarm($0) }
        if resumes(.head) { actions.append(.resumeHead(.failure(error))) }
        if resumes(.read) { actions.append(.resumeRead(.failure(error))) }
        if resumes(.write) { actions.append(.resumeWrite(error)) }
        actions += abandonUpload() + letGo(.reader)
        if resumes(.demand) { actions.append(.resumeDemand(goOn: false)) }
        guard progress == .queued else { return actions + (isAdmitted ? [.abortTransfer] : []) }
        progress = .over
        return actions + close()
    }

    private mutating func close() -> [Action] { letGo(.transfer) + [.resumeClosed] }

    private mutating func letGo(_ holder: Holder) -> [Action] {
        holders.remove(holder) != nil && holders.isEmpty ? [.leavePool] : []
    }

    private mutating func grantDemand() -> [Action] {
        buffer.count < bufferLimit && resumes(.demand) ? [.resumeDemand(goOn: true)] : []
    }

    /// Takes no more from the caller; what waits counts as written, but not in a tunnel.
    private mutating func dropUpload() -> [Action] {
        var actions = disarm(.write)
        if sender == .busy { sender = .idle }
        if resumes(.write) { actions.append(.resumeWrite(tunnelIsClosed)) }
        // A body that was handed over whole still ends properly, and its connection is kept.
        if case .ended = body { return actions }
        body = .abandoned
        return actions
    }

    private mutating func abandonUpload() -> [Action] {
        let actions = dropUpload()
        guard sender == .asking else { return actions }
        sender = .idle
        return actions + [.resumeUpload(.abandoned)]
    }

    private mutating func nextUploadStep() -> [Action] {
        if failure == nil, case .ended = body {
            sender = .idle
            return [.resumeUpload(.end)]
        }
        if failure != nil || isComplete && !isTunnel { return abandonUpload() }
        switch body {
        case .open(let pieces) where pieces.count > 0:
            body = .open(Pieces())
            return hand(pieces.all) + admitWrite()
        case .closing(let pieces):
            body = .ended
            return hand(pieces.all) + admitWrite()
        case .known(let rest):
            body = Body(rest.dropFirst(Self.pieceSize))
            return hand([rest.prefix(Self.pieceSize)])
        case .open, .abandoned, .ended: return admitWrite()
        }
    }

    /// Lets the writer go on if there is room for more.
    private mutating func admitWrite() -> [Action] {
        if case .open(let pieces) = body {
            let isBusy = isTunnel && (pieces.count > 0 || sender == .busy)
            guard !isBusy, pieces.count < Self.uploadLimit else { return [] }
        }
        return resumes(.write) ? [.resumeWrite(nil)] : []
    }

    private mutating func hand(_ pieces: [Data]) -> [Action] {
        sender = .busy
        if case .upload = again { again = .never }
        return arm(.write, timeouts.write) + [.resumeUpload(.chunk(pieces))]
    }

    private mutating func arm(_ timer: Timer, _ limit: Duration?) -> [Action] {
        guard let limit else { return [] }
        armed.insert(timer)
        return [.arm(timer, limit)]
    }

    private mutating func disarm(_ timer: Timer) -> [Action] {
        armed.remove(timer) == nil ? [] : [.disarm(timer)]
    }
}

// MARK: - Refusals

extension HTTPExchangeStateMachine {
    private func cancellation(isFinal: Bool) -> Failure {
        let message = "the request to \(origin) was cancelled"
        return Failure(.cancelled, message, origin: origin, isFinal: isFinal)
    }

    /// What one call gets for its mistake; the exchange goes on.
    private func misuse(_ message: String) -> Failure {
        Failure(.localProtocol, message, origin: origin, isFinal: false)
    }

    private var bodyIsComplete: Failure {
        misuse(
            "the body of the request to \(origin) is complete; "
                + "only an upload that was not finished takes more"
        )
    }

    /// What a write gets that comes too late; nil in HTTP, where the response tells what became of
    /// the request.
    private var tunnelIsClosed: Failure? {
        guard isTunnel else { return nil }
        let message = "\(origin) has closed the connection; nothing more can be written to it"
        return Failure(.write, message, origin: origin, isFinal: false)
    }
}
