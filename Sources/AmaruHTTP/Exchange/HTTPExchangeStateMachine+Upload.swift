// What becomes of the body of a request.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension HTTPExchangeStateMachine {
    /// How much of a body that is known as a whole is sent at a time.
    static let pieceSize = 256 * 1024
    /// How many bytes `write` takes ahead of the transfer.
    static let uploadLimit = 512 * 1024

    /// The body of a request, and how far it has got.
    struct Upload: Sendable {
        /// What is left of it.
        enum Body: Sendable {
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

        /// What the transfer does about it: it asks for the next piece once it has sent one.
        enum Sender: Sendable { case idle, asking, busy }

        /// What is sent if the connection turns out to be stale.
        enum Again: Sendable { case whole(Data), upload, never }

        var body: Body
        var sender = Sender.idle
        var again: Again

        init(_ body: HTTPTransferRequest.Body) {
            switch body {
            case .none: (self.body, again) = (.ended, .whole(Data()))
            case .data(let data): (self.body, again) = (Body(data), .whole(data))
            case .upload: (self.body, again) = (.open(Pieces()), .upload)
            }
        }

        /// Goes back to the beginning; returns whether that can be done.
        mutating func rewind() -> Bool {
            switch again {
            case .whole(let data): body = Body(data)
            case .upload: break
            case .never: return false
            }
            again = .never
            sender = .idle
            return true
        }
    }

    /// Whether `write` takes a piece at the moment.
    var takesPieces: Bool {
        guard case .open = upload.body else { return false }
        return failure == nil && !waiters.contains(.write)
    }
}

// MARK: - What the caller and the transfer ask

extension HTTPExchangeStateMachine {
    mutating func writeRequested(_ piece: Data) -> [Action] {
        if let failure { return [.resumeWrite(failure)] }
        guard case .open(var pieces) = upload.body else {
            if case .abandoned = upload.body { return [.resumeWrite(tunnelIsClosed)] }
            return [.resumeWrite(bodyIsComplete)]
        }
        guard !waiters.contains(.write) else {
            let message = "two writes to one request at the same time; write from one task only"
            return [.resumeWrite(misuse(message))]
        }
        // An empty chunk would end a chunked body.
        guard !piece.isEmpty else { return [.resumeWrite(nil)] }
        pieces.append([piece])
        upload.body = .open(pieces)
        waiters.insert(.write)
        return upload.sender == .asking ? nextUploadStep() : admitWrite()
    }

    /// Returns the actions, and the error that the caller gets at once.
    mutating func finishRequested() -> (actions: [Action], error: Failure?) {
        if let failure { return ([], failure) }
        switch upload.body {
        case .abandoned, .ended, .closing: return ([], nil)
        case .known: return ([], bodyIsComplete)
        case .open(let pieces):
            upload.body = pieces.count > 0 ? .closing(pieces) : .ended
            return (upload.sender == .asking ? nextUploadStep() : [], nil)
        }
    }

    /// The transfer has sent what it had and asks for the next piece of the body.
    mutating func uploadDemanded() -> [Action] {
        upload.sender = .asking
        return disarm(.write) + nextUploadStep()
    }
}

// MARK: - Steps

extension HTTPExchangeStateMachine {
    /// Takes no more from the caller; what waits counts as written, but not in a tunnel.
    mutating func dropUpload() -> [Action] {
        var actions = disarm(.write)
        if upload.sender == .busy { upload.sender = .idle }
        if resumes(.write) { actions.append(.resumeWrite(tunnelIsClosed)) }
        // A body that was handed over whole still ends properly, and its connection is kept.
        if case .ended = upload.body { return actions }
        upload.body = .abandoned
        return actions
    }

    mutating func abandonUpload() -> [Action] {
        let actions = dropUpload()
        guard upload.sender == .asking else { return actions }
        upload.sender = .idle
        return actions + [.resumeUpload(.abandoned)]
    }

    private mutating func nextUploadStep() -> [Action] {
        if failure == nil, case .ended = upload.body {
            upload.sender = .idle
            return [.resumeUpload(.end)]
        }
        if failure != nil || isComplete && !isTunnel { return abandonUpload() }
        switch upload.body {
        case .open(let pieces) where pieces.count > 0:
            upload.body = .open(Pieces())
            return hand(pieces.all) + admitWrite()
        case .closing(let pieces):
            upload.body = .ended
            return hand(pieces.all) + admitWrite()
        case .known(let rest):
            upload.body = Upload.Body(rest.dropFirst(Self.pieceSize))
            return hand([rest.prefix(Self.pieceSize)])
        case .open, .abandoned, .ended: return admitWrite()
        }
    }

    /// Lets the writer go on if there is room for more.
    private mutating func admitWrite() -> [Action] {
        if case .open(let pieces) = upload.body {
            let isBusy = isTunnel && (pieces.count > 0 || upload.sender == .busy)
            guard !isBusy, pieces.count < Self.uploadLimit else { return [] }
        }
        return resumes(.write) ? [.resumeWrite(nil)] : []
    }

    private mutating func hand(_ pieces: [Data]) -> [Action] {
        upload.sender = .busy
        if case .upload = upload.again { upload.again = .never }
        return arm(.write, timeouts.write) + [.resumeUpload(.chunk(pieces))]
    }

    private var bodyIsComplete: Failure {
        misuse(
            "the body of the request to \(origin) is complete; "
                + "only an upload that was not finished takes more"
        )
    }
}
