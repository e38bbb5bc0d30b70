// The decisions of an exchange under events in any order.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting
import Foundation
import Testing

@testable import AmaruHTTP

@Suite
struct HTTPExchangeRandomTests {
    @Test(arguments: 0..<40)
    func `Whatever happens, each party hears of its end once, and nothing is kept`(
        _ seed: UInt64
    ) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<100 {
            var life = try ExchangeLife(&random)
            for _ in 0..<Int.random(in: 1...80, using: &random) { try life.step(&random) }
            try life.end()
        }
    }
}

/// A machine with those around it: the caller, the transfer, the pool and the timers.
///
/// Each of them keeps to its part of the contract, and says what it expects of the machine.
private struct ExchangeLife {
    typealias Machine = HTTPExchangeStateMachine
    static let origin = HTTPOrigin(scheme: "http", host: "example.com", port: 80)

    /// What the machine did that it must not do.
    struct Fault: Error, CustomStringConvertible {
        let description: String
    }

    enum Place { case none, wanted, given, returned }
    enum Transfer { case none, running, ended }

    var machine: Machine
    var history: [String] = []
    var place = Place.none
    var transfer = Transfer.none
    var isAborted = false
    var isClosed = false
    var heads = 0
    var reads = 0
    var writes = 0
    var demands = 0
    var uploads = 0
    var armed: Set<Machine.Timer> = []
    var mayReceive = false
    let isUpload: Bool
    var received = Data()
    var read = Data()
    var written = Data()
    var sent = Data()

    init(_ random: inout SeededGenerator) throws {
        let body: HTTPTransferRequest.Body =
            switch Int.random(in: 0..<3, using: &random) {
            case 0: .none
            case 1: .data(Data(count: Int.random(in: 0...600_000, using: &random)))
            default: .upload
            }
        isUpload = body == .upload
        machine = Machine(
            origin: Self.origin,
            body: body,
            timeouts: Bool.random(using: &random) ? .all(.seconds(1)) : .unlimited,
            bufferLimit: 64,
            keepsPlaceUntilRead: Bool.random(using: &random)
        )
        if case .data(let data) = body { written = data }
        try feed("open") { $0.opened() }
    }

    // MARK: Events

    mutating func step(_ random: inout SeededGenerator) throws {
        switch Int.random(in: 0..<19, using: &random) {
        case 0, 1: try admit()
        case 2: try feed("head written") { $0.requestHeadWritten() }
        case 3: try feed("sent") { $0.requestSent() }
        case 4 where transfer == .running:
            try feed("head") { $0.received(HTTPTransferHead(status: 200)) }
        case 5 where transfer == .running:
            try feed("refusal") { $0.received(HTTPTransferHead(status: 413)) }
        case 6, 7: try receive(&random)
        case 8 where transfer == .running: try feed("end") { $0.receivedEnd() }
        case 9 where transfer == .running && Int.random(in: 0..<4, using: &random) == 0:
            try feed("fault") { $0.failed(HTTPTransferError(.read, "broken")) }
        case 10 where transfer == .running && Int.random(in: 0..<4, using: &random) == 0:
            try endTransfer()
        case 11 where transfer == .running && uploads == 0:
            uploads += 1
            try feed("more?") { $0.uploadDemanded() }
        case 12:
            heads += 1
            try feed("head?") { $0.headRequested() }
        case 13:
            reads += 1
            try feed("read") { $0.readRequested() }
        case 14: try write(&random)
        case 15:
            try feed("finish") { $0.finishRequested().actions }
        case 16: try interrupt(&random)
        case 17: try fire(&random)
        case 18 where transfer == .running: try rewind()
        default: break
        }
    }

    private mutating func admit() throws {
        guard place == .wanted else { return }
        place = .given
        try feed("admitted") { $0.admitted() }
    }

    private mutating func receive(_ random: inout SeededGenerator) throws {
        guard transfer == .running else { return }
        if mayReceive {
            mayReceive = false
            let piece = Data(repeating: .random(in: 0...9, using: &random), count: 20)
            // What comes after the end, or after a failure, is nobody's.
            let isDue = machine.failure == nil && machine.head != nil && !machine.isComplete
            if isDue { received += piece }
            try feed("piece") { $0.received([piece]) }
        } else if demands == 0 {
            var goesOn = false
            try feed("demand") { machine in
                goesOn = machine.demanded()
                return []
            }
            mayReceive = goesOn
            // One that has to wait may be resumed later.
            demands = goesOn ? 0 : 1
        }
    }

    private mutating func write(_ random: inout SeededGenerator) throws {
        writes += 1
        let count = Bool.random(using: &random) ? 10 : Machine.uploadLimit / 2
        let piece = Data(repeating: .random(in: 0...9, using: &random), count: count)
        if machine.takesPieces { written += piece }
        try feed("write \(count)") { $0.writeRequested(piece) }
    }

    private mutating func interrupt(_ random: inout SeededGenerator) throws {
        switch Int.random(in: 0..<6, using: &random) {
        case 0: try feed("cancel") { $0.cancelled() }
        case 1, 2: try feed("no head") { $0.abandoned(.head) }
        default: try feed("no read") { $0.abandoned(.read) }
        }
    }

    private mutating func fire(_ random: inout SeededGenerator) throws {
        guard let timer = Machine.Timer.allCases.randomElement(using: &random) else { return }
        // Seldom the right one: most limits do not pass.
        let isRight = Int.random(in: 0..<4, using: &random) == 0
        guard armed.contains(timer) else {
            let before = machine.failure
            try feed("stale \(timer)") { $0.fired(timer) }
            return try require(machine.failure == before, "a stale limit counted")
        }
        guard isRight else { return }
        armed.remove(timer)
        try feed("limit \(timer)") { $0.fired(timer) }
        try require(machine.failure != nil, "a limit passed in vain")
    }

    /// The transfer begins again, over another connection.
    private mutating func rewind() throws {
        var isRewound = false
        try feed("rewind") { machine in
            guard let actions = machine.rewound() else { return [] }
            isRewound = true
            return actions
        }
        guard isRewound else { return }
        try require(!isUpload || sent.isEmpty, "pieces of an upload are lost")
        (demands, uploads, mayReceive) = (0, 0, false)
        sent = Data()
    }

    private mutating func endTransfer() throws {
        transfer = .ended
        // Whoever transfers asks for nothing any more.
        demands = 0
        try feed("transfer ended") { $0.transferEnded() }
        uploads = 0
    }

    mutating func end() throws {
        try feed("cancel") { $0.cancelled() }
        if transfer == .running {
            try require(isAborted || machine.isComplete, "the transfer was left to itself")
            try endTransfer()
        }
        try require(isClosed, "not closed")
        try require(place == .returned, "the place is \(place)")
        try require(heads + reads + writes == 0, "\(heads), \(reads), \(writes) still wait")
        try require(armed.isEmpty, "limits are left: \(armed)")
        try require(received.starts(with: read), "what was read is not what came")
        try require(written.starts(with: sent), "what was sent is not what was written")
    }

    // MARK: Actions

    private mutating func feed(
        _ name: String,
        _ event: (inout Machine) -> [Machine.Action]
    ) throws {
        history.append(name)
        let actions = event(&machine)
        for action in actions { try perform(action) }
        try require(machine.bufferedBytes < 64 + 20, "\(machine.bufferedBytes) bytes are kept")
    }

    private mutating func perform(_ action: Machine.Action) throws {
        switch action {
        case .arm(let timer, _): armed.insert(timer)
        case .disarm(let timer):
            try require(armed.remove(timer) != nil, "\(timer) was not armed")
        case .enterPool:
            try require(place == .none, "a second place is wanted")
            place = .wanted
        case .leavePool:
            try require(place == .wanted || place == .given, "a place is given back twice")
            // The gate calls nobody who has left.
            place = .returned
        case .startTransfer:
            try require(transfer == .none && place == .given, "a transfer without a place")
            transfer = .running
        case .abortTransfer:
            try require(transfer == .running && !isAborted, "nothing is there to abort")
            isAborted = true
        case .resumeClosed:
            try require(!isClosed && transfer != .running, "closed twice or too early")
            isClosed = true
        case .resumeHead:
            try require(heads > 0, "nobody waits for the head")
            heads = 0
        case .resumeRead(let result):
            try resume(\.reads, "read")
            if case .success(let pieces) = result { for piece in pieces { read += piece } }
        case .resumeWrite:
            try resume(\.writes, "write")
        case .resumeDemand:
            try resume(\.demands, "demand")
            mayReceive = true
        case .resumeUpload(let step):
            try resume(\.uploads, "upload")
            if case .chunk(let pieces) = step { for piece in pieces { sent += piece } }
        }
    }

    private mutating func resume(_ slot: WritableKeyPath<Self, Int>, _ name: String) throws {
        try require(self[keyPath: slot] > 0, "nobody waits to \(name)")
        self[keyPath: slot] -= 1
    }

    private func require(_ isTrue: Bool, _ fault: String) throws {
        guard !isTrue else { return }
        throw Fault(description: "\(fault), after \(history.joined(separator: ", "))")
    }
}
