// The decisions of an exchange whose connection has left HTTP, without I/O.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import AmaruHTTP

@Suite
struct TunnelStateTests {
    typealias Machine = HTTPExchangeStateMachine

    static let piece = Data("abc".utf8)

    /// A machine whose connection is another protocol's, and whose transfer waits for bytes.
    func tunnel(_ timeouts: HTTPTimeouts = .unlimited) -> Machine {
        var machine = Machine(
            origin: HTTPOrigin(scheme: "http", host: "example.com", port: 80),
            body: .none,
            timeouts: timeouts,
            bufferLimit: 4
        )
        _ = machine.opened() + machine.admitted()
        _ = machine.requestHeadWritten() + machine.requestSent()
        _ = machine.received(HTTPTransferHead(status: 101), opensTunnel: true)
        _ = machine.uploadDemanded()
        return machine
    }

    @Test func `A write is over when the transfer asks for more`() {
        var machine = tunnel()
        #expect(machine.writeRequested(Self.piece) == [.resumeUpload(.chunk([Self.piece]))])
        #expect(machine.faultOfTLS?.code == .localProtocol)
        #expect(machine.uploadDemanded() == [.resumeWrite(nil)])
        #expect(machine.faultOfTLS == nil)
    }

    @Test func `The limits are those that were set since, and not the request's`() {
        var machine = tunnel(.all(.seconds(1)))
        #expect(machine.readRequested() == [])
        #expect(machine.received([Self.piece]) == [.resumeRead(.success([Self.piece]))])
        machine.limited(.read, to: .seconds(2))
        guard case .arm(.read, .seconds(2))? = machine.readRequested().first
        else { return #expect(Bool(false)) }
        let actions = machine.fired(.read)
        guard case .resumeRead(.failure(let error))? = actions.first
        else { return #expect(Bool(false)) }
        #expect(error.code == .readTimeout)
        #expect(machine.failure == nil)
    }

    @Test func `A write that takes too long ends the exchange`() {
        var machine = tunnel()
        machine.limited(.write, to: .seconds(2))
        let actions = machine.writeRequested(Self.piece)
        guard case .arm(.write, .seconds(2))? = actions.first
        else { return #expect(Bool(false)) }
        #expect(machine.fired(.write).contains(.abortTransfer))
        #expect(machine.failure?.code == .writeTimeout)
    }

    @Test func `The end of what is read leaves the other way open`() {
        var machine = tunnel()
        #expect(machine.readRequested() == [])
        #expect(machine.receivedEnd() == [.resumeRead(.success([]))])
        #expect(machine.arrival == .everything)
        #expect(machine.writeRequested(Self.piece) == [.resumeUpload(.chunk([Self.piece]))])
        #expect(machine.uploadDemanded() == [.resumeWrite(nil)])
        #expect(machine.finishRequested().actions == [.resumeUpload(.end)])
        #expect(machine.transferEnded() == [.leavePool, .resumeClosed])
    }

    @Test func `The end of what is written leaves the other way open`() {
        var machine = tunnel()
        #expect(machine.finishRequested().actions == [.resumeUpload(.end)])
        #expect(machine.received([Self.piece]) == [])
        #expect(machine.readRequested() == [.resumeRead(.success([Self.piece]))])
    }

    @Test func `The end of both fails the write that waits, and those that follow`() {
        var machine = tunnel()
        _ = machine.receivedEnd()
        _ = machine.writeRequested(Self.piece)
        guard case .resumeWrite(let error?)? = machine.transferEnded().first,
            case .resumeWrite(let next?)? = machine.writeRequested(Self.piece).first
        else { return #expect(Bool(false)) }
        #expect(error.code == .write && next.code == .write)
    }

    @Test func `Cancelling ends a tunnel that is open one way`() {
        var machine = tunnel()
        _ = machine.readRequested() + machine.receivedEnd()
        #expect(machine.cancelled().contains(.abortTransfer))
        #expect(machine.transferEnded() == [.leavePool, .resumeClosed])
    }

    @Test func `A limit that is set in HTTP counts from the next operation on`() {
        var machine = Machine(
            origin: HTTPOrigin(scheme: "http", host: "example.com", port: 80),
            body: .none,
            timeouts: .unlimited,
            bufferLimit: 4
        )
        machine.limited(.read, to: .seconds(1))
        _ = machine.opened() + machine.admitted()
        _ = machine.requestHeadWritten() + machine.requestSent()
        #expect(machine.headRequested() == [.arm(.read, .seconds(1))])
        #expect(machine.faultOfTLS?.code == .localProtocol)
    }
}
