// What the caller of an exchange asks and is told.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

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

    mutating func takeBuffered(all: Bool) -> [Data] {
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

    mutating func dropBuffered() {
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
            pendingPieces.append(piece)
            pendingBytes += piece.count
            writeWaits = true
            return uploadWaits ? nextUploadStep() : admitWrite()
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
            return (uploadWaits && pendingPieces.isEmpty ? nextUploadStep() : [], nil)
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

    var cancellation: Failure {
        Failure(.cancelled, "the request to \(origin) was cancelled", origin: origin)
    }

    var bodyIsComplete: Failure {
        let message =
            "the body of the request to \(origin) is complete; "
            + "only an upload that was not finished takes more"
        return Failure(.localProtocol, message, origin: origin)
    }
}
