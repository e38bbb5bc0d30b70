// The decisions of an exchange, without I/O.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import AmaruHTTP

@Suite
struct HTTPExchangeStateMachineTests {
    typealias Machine = HTTPExchangeStateMachine

    static let origin = HTTPOrigin(scheme: "http", host: "example.com", port: 80)
    static let head = HTTPTransferHead(status: 200)
    static let second = Duration.seconds(1)

    func machine(
        _ body: HTTPTransferRequest.Body = .none,
        _ timeouts: HTTPTimeouts = .unlimited,
        bufferLimit: Int = 4
    ) -> Machine {
        Machine(origin: Self.origin, body: body, timeouts: timeouts, bufferLimit: bufferLimit)
    }

    /// A machine whose request has been sent.
    func sent(_ timeouts: HTTPTimeouts = .unlimited) -> Machine {
        var machine = machine(.none, timeouts)
        _ = machine.opened() + machine.admitted()
        _ = machine.requestHeadWritten() + machine.requestSent()
        return machine
    }

    func codes(_ actions: [Machine.Action]) -> [HTTPTransferError.Code] {
        actions.compactMap { action in
            switch action {
            case .resumeHead(.failure(let error)): error.code
            case .resumeRead(.failure(let error)): error.code
            case .resumeWrite(let error?): error.code
            default: nil
            }
        }
    }

    @Test func `The way of a request arms and disarms its limits`() {
        var machine = machine(.none, .all(Self.second))
        #expect(machine.opened() == [.arm(.pool, Self.second), .enterPool])
        #expect(
            machine.admitted() == [
                .disarm(.pool), .arm(.connect, Self.second), .startTransfer,
            ]
        )
        #expect(machine.headRequested() == [])
        #expect(machine.requestHeadWritten() == [.disarm(.connect)])
        #expect(machine.requestSent() == [.arm(.read, Self.second)])
        #expect(
            machine.received(Self.head) == [.disarm(.read), .resumeHead(.success(Self.head))]
        )
        #expect(machine.readRequested() == [.arm(.read, Self.second)])
        let piece = Data("abc".utf8)
        #expect(machine.received([piece]) == [.disarm(.read), .resumeRead(.success([piece]))])
        #expect(machine.receivedEnd() == [])
        #expect(machine.readRequested() == [.resumeRead(.success([]))])
        #expect(machine.transferEnded() == [.leavePool, .resumeClosed])
        #expect(machine.isClosed)
    }

    @Test func `The read limit runs only while somebody reads`() {
        var machine = sent(.all(Self.second))
        #expect(machine.received(Self.head) == [])
        #expect(machine.received([Data("abc".utf8)]) == [])
        #expect(machine.readRequested() == [.resumeRead(.success([Data("abc".utf8)]))])
    }

    @Test func `Receiving stops at the limit and goes on when something is read`() {
        var machine = sent()
        _ = machine.received(Self.head)
        #expect(machine.demanded() == true)
        _ = machine.received([Data("abcdef".utf8)])
        #expect(machine.demanded() == false)
        #expect(
            machine.readRequested() == [
                .resumeRead(.success([Data("abcdef".utf8)])), .resumeDemand,
            ]
        )
    }

    @Test func `What was written ahead goes out together`() {
        var machine = machine(.upload, .all(Self.second))
        _ = machine.opened() + machine.admitted() + machine.requestHeadWritten()
        let piece = Data("abc".utf8)
        #expect(machine.writeRequested(piece) == [.resumeWrite(nil)])
        #expect(machine.writeRequested(piece) == [.resumeWrite(nil)])
        #expect(
            machine.uploadDemanded() == [
                .arm(.write, Self.second), .resumeUpload(.chunk([piece, piece])),
            ]
        )
        #expect(machine.uploadDemanded() == [.disarm(.write)])
        let (actions, error) = machine.finishRequested()
        #expect(actions == [.resumeUpload(.end)])
        #expect(error == nil)
        #expect(codes(machine.writeRequested(piece)) == [.localProtocol])
    }

    @Test func `A write waits where the network is far behind`() {
        var machine = machine(.upload)
        _ = machine.opened() + machine.admitted() + machine.requestHeadWritten()
        let large = Data(count: Machine.uploadLimit)
        let small = Data("abc".utf8)
        #expect(machine.writeRequested(large) == [])
        #expect(codes(machine.writeRequested(small)) == [.localProtocol])
        #expect(
            machine.uploadDemanded() == [
                .resumeUpload(.chunk([large])), .resumeWrite(nil),
            ]
        )
        #expect(machine.writeRequested(small) == [.resumeWrite(nil)])
        #expect(machine.uploadDemanded() == [.resumeUpload(.chunk([small]))])
    }

    @Test func `A known body goes out in pieces`() {
        var machine = machine(.data(Data(count: Machine.pieceSize + 1)))
        _ = machine.opened() + machine.admitted() + machine.requestHeadWritten()
        let first = Data(count: Machine.pieceSize)
        #expect(machine.uploadDemanded() == [.resumeUpload(.chunk([first]))])
        #expect(machine.uploadDemanded() == [.resumeUpload(.chunk([Data(count: 1)]))])
        #expect(machine.uploadDemanded() == [.resumeUpload(.end)])
        #expect(codes(machine.writeRequested(first)) == [.localProtocol])
        #expect(machine.finishRequested().error == nil)
    }

    @Test func `An early answer that is no success lets writers go`() {
        var machine = machine(.upload)
        _ = machine.opened() + machine.admitted() + machine.requestHeadWritten()
        _ = machine.uploadDemanded() + machine.writeRequested(Data("abc".utf8))
        _ = machine.writeRequested(Data(count: Machine.uploadLimit))
        _ = machine.headRequested()
        let refusal = HTTPTransferHead(status: 413)
        #expect(
            machine.received(refusal) == [
                .resumeHead(.success(refusal)), .resumeWrite(nil),
            ]
        )
        #expect(machine.writeRequested(Data("def".utf8)) == [.resumeWrite(nil)])
        #expect(machine.uploadDemanded() == [])
        #expect(machine.receivedEnd() == [.resumeUpload(.abandoned)])
    }

    @Test func `An answer before the last request for more keeps a whole body whole`() {
        var machine = machine(.data(Data("abc".utf8)))
        _ = machine.opened() + machine.admitted() + machine.requestHeadWritten()
        #expect(machine.uploadDemanded() == [.resumeUpload(.chunk([Data("abc".utf8)]))])
        _ = machine.received(Self.head) + machine.receivedEnd()
        #expect(machine.uploadDemanded() == [.resumeUpload(.end)])
    }

    @Test func `A fault comes after what was received before it`() {
        var machine = sent()
        _ = machine.received(Self.head) + machine.received([Data("abc".utf8)])
        let fault = HTTPTransferError(.read, "broken")
        #expect(machine.failed(fault) == [.abortTransfer])
        #expect(machine.readRequested() == [.resumeRead(.success([Data("abc".utf8)]))])
        #expect(machine.readRequested() == [.resumeRead(.failure(fault))])
        #expect(machine.headRequested() == [.resumeHead(.success(Self.head))])
    }

    @Test func `Only the first fault counts`() {
        var machine = sent()
        _ = machine.headRequested()
        #expect(codes(machine.failed(HTTPTransferError(.read, "first"))) == [.read])
        #expect(machine.failed(HTTPTransferError(.write, "second")) == [])
        #expect(machine.cancelled() == [])
        #expect(machine.failure?.message == "first")
        #expect(machine.received(Self.head) == [])
    }

    @Test func `Cancelling resumes everyone, once`() {
        var machine = machine(.upload)
        _ = machine.opened() + machine.admitted() + machine.requestHeadWritten()
        _ = machine.headRequested() + machine.writeRequested(Data(count: Machine.uploadLimit))
        _ = machine.readRequested()
        let actions = machine.cancelled()
        #expect(codes(actions) == [.cancelled, .cancelled, .cancelled])
        #expect(actions.last == .abortTransfer)
        #expect(machine.cancelled() == [])
        #expect(machine.transferEnded() == [.leavePool, .resumeClosed])
        #expect(machine.transferEnded() == [])
    }

    @Test func `Cancelling in the queue releases at once, and a late place is given back`() {
        var machine = machine()
        _ = machine.opened()
        #expect(machine.cancelled() == [.leavePool, .resumeClosed])
        #expect(machine.admitted() == [.leavePool])
    }

    @Test func `Cancelling drops what is unread`() {
        var machine = sent()
        _ = machine.received(Self.head) + machine.received([Data("abc".utf8)])
        _ = machine.receivedEnd()
        _ = machine.cancelled()
        #expect(codes(machine.readRequested()) == [.cancelled])
    }

    @Test func `Cancelling after the end changes nothing`() {
        var machine = sent()
        _ = machine.received(Self.head) + machine.receivedEnd() + machine.transferEnded()
        #expect(machine.cancelled() == [])
        #expect(machine.readRequested() == [.resumeRead(.success([]))])
        #expect(machine.failure == nil)
    }

    @Test func `A limit that was disarmed does nothing`() {
        var machine = sent(.all(Self.second))
        _ = machine.headRequested()
        _ = machine.received(Self.head)
        for timer in Machine.Timer.allCases { #expect(machine.fired(timer) == []) }
        #expect(machine.failure == nil)
    }

    @Test(arguments: [
        (Machine.Timer.pool, HTTPTransferError.Code.poolTimeout), (.connect, .connectTimeout),
        (.write, .writeTimeout), (.read, .readTimeout),
    ])
    func `Each limit has its code`(_ timer: Machine.Timer, _ code: HTTPTransferError.Code) {
        var machine = machine(.upload, .all(.milliseconds(1500)))
        var actions = machine.opened()
        if timer != .pool { actions += machine.admitted() }
        if timer == .write || timer == .read {
            actions += machine.requestHeadWritten() + machine.writeRequested(Data("abc".utf8))
            actions += machine.uploadDemanded()
        }
        if timer == .read {
            actions += machine.uploadDemanded() + machine.finishRequested().actions
            actions += machine.requestSent() + machine.headRequested()
        }
        #expect(actions.contains(.arm(timer, .milliseconds(1500))))
        _ = machine.fired(timer)
        #expect(machine.failure?.code == code)
        #expect(machine.failure?.message.contains("1.500 s") == true)
        #expect(machine.failure?.message.contains("http://example.com") == true)
    }

    @Test func `Two reads at the same time are refused, the first goes on`() {
        var machine = sent()
        _ = machine.received(Self.head)
        #expect(machine.readRequested() == [])
        #expect(codes(machine.readRequested()) == [.localProtocol])
        let piece = Data("abc".utf8)
        #expect(machine.received([piece]) == [.resumeRead(.success([piece]))])
    }

    @Test func `A cancelled wait leaves the exchange as it is`() {
        var machine = sent()
        _ = machine.headRequested()
        #expect(codes(machine.abandoned(.head)) == [.cancelled])
        #expect(machine.abandoned(.head) == [])
        #expect(machine.received(Self.head) == [])
        #expect(machine.headRequested() == [.resumeHead(.success(Self.head))])
    }

    @Test func `A transfer that ends without a result is a fault`() {
        var machine = sent()
        _ = machine.headRequested()
        #expect(codes(machine.transferEnded()) == [.remoteProtocol])
        #expect(machine.isClosed)
    }

    @Test func `A request goes back to its beginning once, with its body`() {
        var machine = machine(.data(Data("abc".utf8)), .all(Self.second))
        _ = machine.opened() + machine.admitted() + machine.requestHeadWritten()
        #expect(machine.uploadDemanded().last == .resumeUpload(.chunk([Data("abc".utf8)])))
        #expect(
            machine.rewound() == [.disarm(.write), .arm(.connect, Self.second)]
        )
        _ = machine.requestHeadWritten()
        #expect(machine.uploadDemanded().last == .resumeUpload(.chunk([Data("abc".utf8)])))
        #expect(machine.rewound() == nil)
    }

    @Test func `An upload of which a piece is gone cannot be sent again`() {
        var machine = machine(.upload)
        _ = machine.opened() + machine.admitted() + machine.requestHeadWritten()
        _ = machine.writeRequested(Data("abc".utf8)) + machine.uploadDemanded()
        #expect(machine.rewound() == nil)
    }

    @Test func `What has begun to be answered, or is not wanted, is not sent again`() {
        var answered = sent()
        _ = answered.received(Self.head)
        #expect(answered.rewound() == nil)
        var cancelled = sent()
        _ = cancelled.cancelled()
        #expect(cancelled.rewound() == nil)
    }
}
