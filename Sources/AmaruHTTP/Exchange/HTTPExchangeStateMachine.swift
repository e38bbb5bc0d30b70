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
        /// The transfer should receive more after all.
        case resumeDemand
        case resumeUpload(UploadStep)
        case resumeClosed
    }

    /// How far the exchange has come; the transfer runs from `connecting` to `sent`.
    ///
    /// What is over comes first, so that it is below each of these.
    enum Progress: Comparable { case over, queued, connecting, sending, sent }

    private enum Response {
        case awaited
        case arriving(HTTPTransferHead)
        case complete(HTTPTransferHead)
        case failed(Failure, HTTPTransferHead?)
    }

    enum Waiter { case head, read, write, demand }

    /// Who needs the place among the connections; it is left when nobody does.
    private enum Holder { case transfer, reader }

    struct Pieces: Sendable {
        private(set) var all: [Data] = []
        private(set) var count = 0

        mutating func append(_ pieces: [Data]) {
            all += pieces
            for piece in pieces { count += piece.count }
        }
    }

    let origin: HTTPOrigin
    private(set) var timeouts: HTTPTimeouts
    /// How many unread bytes stop the transfer from receiving more.
    private let bufferLimit: Int

    private(set) var progress = Progress.queued
    private var response = Response.awaited
    var upload: Upload
    /// Whether the connection is another protocol's, whose two ways end independently.
    ///
    /// A write is then over when the system has its bytes, and a read that is late breaks nothing.
    private(set) var isTunnel = false
    var waiters: Set<Waiter> = []
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
        upload = Upload(body)
    }
}

// MARK: - What is known

extension HTTPExchangeStateMachine {
    /// Whether the exchange has ended and everything it held is released.
    var isClosed: Bool { progress == .over }
    /// Whether it has its place among the connections.
    private var isAdmitted: Bool { progress >= .connecting }
    var isComplete: Bool { if case .complete = response { true } else { false } }
    var failure: Failure? { if case .failed(let failure, _) = response { failure } else { nil } }
    var bufferedBytes: Int { buffer.count }

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
        if head != nil || progress == .sent { return .receiving }
        return progress == .sending ? .sending : .connecting
    }

    /// Why TLS cannot be set up on the connection now; nil if it can.
    var faultOfTLS: Failure? {
        if let failure { return failure }
        let refusal = "TLS cannot be set up with \(origin): "
        if !isTunnel { return misuse(refusal + "the response has not left HTTP") }
        if buffer.count > 0 || upload.sender == .busy {
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
        guard isAdmitted, case .awaited = response, upload.rewind() else { return nil }
        progress = .connecting
        waiters.remove(.demand)
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
        if case .ended = upload.body { upload.body = .open(Pieces()) }
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
    mutating func demanded() -> Bool {
        if failure != nil || isComplete { return false }
        if buffer.count < bufferLimit { return true }
        waiters.insert(.demand)
        return false
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
        return isFirst && progress == .sent ? arm(.read, timeouts.read) : []
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

    /// Sets a limit in time for the operations that begin after this.
    mutating func limited(_ operation: HTTPStreamOperation, to limit: Duration?) {
        switch operation {
        case .read: timeouts.read = limit
        case .write: timeouts.write = limit
        }
    }

    mutating func abandoned(_ wait: HTTPExchangeWait) -> [Action] {
        let failure = cancellation(isFinal: false)
        return switch wait {
        case .head: resumes(.head) ? disarm(.read) + [.resumeHead(.failure(failure))] : []
        case .read: resumes(.read) ? disarm(.read) + [.resumeRead(.failure(failure))] : []
        }
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
    mutating func resumes(_ waiter: Waiter) -> Bool { waiters.remove(waiter) != nil }

    mutating func failed(_ error: Failure) -> [Action] {
        guard failure == nil else { return [] }
        response = .failed(error, head)
        var actions = Timer.allCases.flatMap { disarm($0) }
        if resumes(.head) { actions.append(.resumeHead(.failure(error))) }
        if resumes(.read) { actions.append(.resumeRead(.failure(error))) }
        if resumes(.write) { actions.append(.resumeWrite(error)) }
        actions += abandonUpload() + letGo(.reader)
        waiters.remove(.demand)
        guard progress == .queued else { return actions + (isAdmitted ? [.abortTransfer] : []) }
        progress = .over
        return actions + close()
    }

    private mutating func close() -> [Action] { letGo(.transfer) + [.resumeClosed] }

    private mutating func letGo(_ holder: Holder) -> [Action] {
        holders.remove(holder) != nil && holders.isEmpty ? [.leavePool] : []
    }

    private mutating func grantDemand() -> [Action] {
        buffer.count < bufferLimit && resumes(.demand) ? [.resumeDemand] : []
    }

    mutating func arm(_ timer: Timer, _ limit: Duration?) -> [Action] {
        guard let limit else { return [] }
        armed.insert(timer)
        return [.arm(timer, limit)]
    }

    mutating func disarm(_ timer: Timer) -> [Action] {
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
    func misuse(_ message: String) -> Failure {
        Failure(.localProtocol, message, origin: origin, isFinal: false)
    }

    /// What a write gets that comes too late; nil in HTTP, where the response tells what became of
    /// the request.
    var tunnelIsClosed: Failure? {
        guard isTunnel else { return nil }
        let message = "\(origin) has closed the connection; nothing more can be written to it"
        return Failure(.write, message, origin: origin, isFinal: false)
    }
}
