// The steps that the events of an exchange share.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension HTTPExchangeStateMachine {
    mutating func fail(_ error: Failure) -> [Action] {
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

    mutating func release() -> [Action] {
        guard !isReleased else { return [] }
        isReleased = true
        let keepsPlace = keepsPlaceUntilRead && failure == nil && !isEndKnown
        return (keepsPlace ? [] : leavePlace()) + [.resumeClosed]
    }

    mutating func leavePlace() -> [Action] {
        guard holdsPlace else { return [] }
        holdsPlace = false
        return [.leavePool]
    }

    mutating func endKnown() -> [Action] {
        isEndKnown = true
        return isReleased ? leavePlace() : []
    }

    mutating func grantDemand() -> [Action] {
        guard demandWaits, bufferedBytes < bufferLimit else { return [] }
        demandWaits = false
        return [.resumeDemand(goOn: true)]
    }

    /// Takes no more from the caller; what waits counts as written.
    mutating func dropUpload() -> [Action] {
        var actions = disarm(.write)
        pieceInTransport = false
        if writeWaits {
            writeWaits = false
            actions.append(.resumeWrite(.success(())))
        }
        // A body that was handed over whole still ends properly, and its connection is kept.
        if upload != .ended || !pendingPieces.isEmpty {
            upload = .abandoned
            pendingPieces = []
            pendingBytes = 0
        }
        return actions
    }

    mutating func abandonUpload() -> [Action] {
        let actions = dropUpload()
        guard uploadWaits else { return actions }
        uploadWaits = false
        return actions + [.resumeUpload(.abandoned)]
    }

    mutating func nextUploadStep() -> [Action] {
        if failure == nil, upload == .ended, pendingPieces.isEmpty {
            uploadWaits = false
            return [.resumeUpload(.end)]
        }
        if failure != nil || responseEnded { return abandonUpload() }
        if !pendingPieces.isEmpty {
            let pieces = pendingPieces
            pendingPieces = []
            pendingBytes = 0
            return hand(pieces) + admitWrite()
        }
        switch upload {
        case .open, .abandoned, .ended:
            return []
        case .fixed(let rest):
            let piece = rest.prefix(Self.pieceSize)
            let left = rest.dropFirst(Self.pieceSize)
            upload = left.isEmpty ? .ended : .fixed(left)
            return hand([piece])
        }
    }

    /// Lets the writer go on where there is room for more.
    mutating func admitWrite() -> [Action] {
        guard writeWaits, pendingBytes < Self.uploadLimit else { return [] }
        writeWaits = false
        return [.resumeWrite(.success(()))]
    }

    mutating func hand(_ pieces: [Data]) -> [Action] {
        uploadWaits = false
        pieceInTransport = true
        return arm(.write, timeouts.write) + [.resumeUpload(.chunk(pieces))]
    }

    mutating func arm(_ timer: Timer, _ limit: Duration?) -> [Action] {
        guard let limit else { return [] }
        lastGeneration += 1
        armed[timer] = lastGeneration
        return [.arm(timer, limit, generation: lastGeneration)]
    }

    mutating func disarm(_ timer: Timer) -> [Action] {
        armed.removeValue(forKey: timer) == nil ? [] : [.disarm(timer)]
    }
}
