// What the transfer of an exchange reports and asks.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

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
        // An end without a head is none: the end of the transfer makes a fault of it.
        guard failure == nil, head != nil, !responseEnded else { return [] }
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
