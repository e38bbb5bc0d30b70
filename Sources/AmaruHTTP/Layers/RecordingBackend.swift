// Writes down what goes over the network, so that it can be played back.
// SPDX-License-Identifier: Apache-2.0

import NIOConcurrencyHelpers

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A backend that records its exchanges in a file.
///
/// It belongs outside the layer that puts keys in, so that it sees placeholders only; these, the
/// values of credential headers and of parameters that are called like keys are replaced, and a key
/// that a server sends back is overwritten with asterisks. Still, look at a recording before you
/// give it away: it has everything else that was said.
///
/// Lines are written as things happen, by the thread that they happen on. If one cannot be written
/// the recording ends there, which is reported once, and the exchanges go on.
public final class RecordingBackend: HTTPLayer {
    private let file: JSONLinesFile
    private let vault: SecretVault?
    /// The backend behind the layer.
    public let next: any HTTPBackend
    private let lastID = NIOLockedValueBox<UInt64>(0)

    /// Creates a file, which must not exist, and makes a layer that records in it.
    ///
    /// - Parameters:
    ///   - path: The path of the file; only its owner can read it.
    ///   - vault: The keys to look for in what is received.
    ///   - next: The backend that is recorded.
    ///   - onFailure: Called once, on any thread, if the file cannot be written any more.
    /// - Throws: ``HTTPFileError``.
    public init(
        to path: String,
        vault: SecretVault? = nil,
        around next: any HTTPBackend,
        onFailure: @escaping @Sendable (String) -> Void = { _ in }
    ) throws(HTTPFileError) {
        file = try JSONLinesFile(creating: path, onFailure: onFailure)
        self.vault = vault
        self.next = next
        file.append(HTTPRecordingHeader.current)
    }

    /// Starts the exchange and records it.
    public func open(_ request: HTTPTransferRequest) -> any HTTPExchange {
        let id = lastID.withLockedValue { last in
            last += 1
            return last
        }
        var line = HTTPRecordingLine(id, .request)
        line.method = request.method
        line.url = HTTPScrubber.url(request.url)
        line.headers = HTTPScrubber.fields(request.headers)
        switch request.body {
        case .none: break
        case .data(let body): line.data = HTTPScrubber.data(body)
        case .upload: line.upload = true
        }
        file.append(line)
        return RecordingExchange(next.open(request), id, file, KeyEraser(vault))
    }
}

/// Records what its caller is told.
private final class RecordingExchange: ForwardingExchange, @unchecked Sendable {
    private struct State {
        var eraser: KeyEraser
        var hasHead = false
        var hasEnded = false
    }

    private let id: UInt64
    private let file: JSONLinesFile
    private let start = ContinuousClock.now
    private let state: NIOLockedValueBox<State>

    init(_ inner: any HTTPExchange, _ id: UInt64, _ file: JSONLinesFile, _ eraser: KeyEraser) {
        self.id = id
        self.file = file
        state = NIOLockedValueBox(State(eraser: eraser))
        super.init(inner)
    }

    private func line(_ event: HTTPRecordingLine.Event) -> HTTPRecordingLine {
        HTTPRecordingLine(id, event, at: start.duration(to: .now) / .seconds(1))
    }

    private func append(_ event: HTTPRecordingLine.Event, _ pieces: [Data]) {
        for piece in pieces {
            var line = line(event)
            line.data = piece
            file.append(line)
        }
    }

    override func willDeliver(_ head: HTTPTransferHead) -> HTTPTransferHead {
        let isFirst = state.withLockedValue { state in
            defer { state.hasHead = true }
            return !state.hasHead
        }
        guard isFirst else { return head }
        var line = line(.head)
        line.status = head.status
        line.reason = head.reason
        line.version = head.version
        line.headers = HTTPScrubber.fields(head.headers)
        file.append(line)
        return head
    }

    override func willDeliver(_ pieces: [Data]) -> [Data] {
        let (clean, ends) = state.withLockedValue { state -> ([Data], Bool) in
            guard !state.hasEnded else { return ([], false) }
            guard pieces.isEmpty else { return (pieces.flatMap { state.eraser.take($0) }, false) }
            state.hasEnded = true
            return (state.eraser.end(), true)
        }
        append(.chunk, clean)
        if ends { file.append(line(.end)) }
        return pieces
    }

    override func willSend(_ piece: Data) { append(.sent, [HTTPScrubber.data(piece)]) }

    override func willDeliver(_ error: HTTPTransferError) -> HTTPTransferError {
        let rest: [Data]? = state.withLockedValue { state in
            guard !state.hasEnded else { return nil }
            state.hasEnded = true
            return state.eraser.end()
        }
        guard let rest else { return error }
        append(.chunk, rest)
        var line = line(.failed)
        line.code = error.code.name
        line.message = HTTPScrubber.text(error.message)
        file.append(line)
        return error
    }
}
