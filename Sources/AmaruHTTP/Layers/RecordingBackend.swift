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
/// It belongs outside the layer that puts keys in, so that it sees placeholders only. These, the
/// values of credential headers and of parameters that are called like keys are replaced, and keys
/// are overwritten with asterisks wherever they are. Still, look at a recording before you give it
/// away: it has everything else that was said.
///
/// Lines are written as things happen, by the thread that they happen on. If one cannot be written
/// the recording ends there, which is reported once, and the exchanges go on.
public final class RecordingBackend: HTTPLayer {
    private let file: JSONLinesFile
    private let vault: SecretVault
    /// The backend behind the layer.
    public let next: any HTTPBackend
    private let lastID = NIOLockedValueBox<UInt64>(0)

    /// Creates a file, which must not exist, and makes a layer that records in it.
    ///
    /// - Parameters:
    ///   - path: The path of the file; only its owner can read it.
    ///   - vault: The keys that must not be in the file.
    ///   - next: The backend that is recorded.
    ///   - onFailure: Called once, on any thread, if the file cannot be written any more.
    /// - Throws: ``HTTPFileError`` if the file exists or cannot be made.
    public init(
        to path: String,
        vault: SecretVault = SecretVault(),
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
        let redactor = HTTPRedactor(vault: vault)
        var line = HTTPRecordingLine(id, .request)
        line.method = redactor.text(request.method)
        line.url = redactor.url(request.url)
        line.headers = redactor.fields(request.headers)
        switch request.body {
        case .none: break
        case .data(let body): line.data = redactor.data(body)
        case .upload: line.upload = true
        }
        file.append(line)
        return RecordingExchange(next.open(request), id, file, vault)
    }
}

/// Records what its caller is told.
private final class RecordingExchange: ForwardingExchange, @unchecked Sendable {
    // Safe as its superclass is: all that changes is under the lock of `state`.

    /// One way of the exchange, without keys and placeholders, also those that come in two pieces.
    private struct Way {
        var keys: KeyRedactor
        var placeholders = PlaceholderRedactor()

        mutating func take(_ piece: Data) -> Data { placeholders.take(keys.take(piece)) }
        mutating func end() -> Data { placeholders.take(keys.end()) + placeholders.end() }
    }

    private struct State {
        var sent: Way
        var received: Way
        var hasHead = false
        var hasEnded = false
    }

    private let id: UInt64
    private let file: JSONLinesFile
    private let redactor: HTTPRedactor
    private let start = ContinuousClock.now
    private let state: NIOLockedValueBox<State>

    init(_ inner: any HTTPExchange, _ id: UInt64, _ file: JSONLinesFile, _ vault: SecretVault) {
        self.id = id
        self.file = file
        redactor = HTTPRedactor(vault: vault)
        let redactor = KeyRedactor(vault.search)
        state = NIOLockedValueBox(State(sent: Way(keys: redactor), received: Way(keys: redactor)))
        super.init(inner)
    }

    private func line(_ event: HTTPRecordingLine.Event) -> HTTPRecordingLine {
        HTTPRecordingLine(id, event, at: start.duration(to: .now) / .seconds(1))
    }

    private func append(_ event: HTTPRecordingLine.Event, _ pieces: [Data]) {
        for piece in pieces where !piece.isEmpty {
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
        line.reason = redactor.text(head.reason)
        line.version = head.version
        line.headers = redactor.fields(head.headers)
        file.append(line)
        return head
    }

    override func willDeliver(_ pieces: [Data]) -> [Data] {
        guard pieces.isEmpty else {
            append(
                .chunk,
                state.withLockedValue { state in pieces.map { state.received.take($0) } }
            )
            return pieces
        }
        end { line(.end) }
        return pieces
    }

    override func willDeliver(_ error: HTTPTransferError) -> HTTPTransferError {
        guard error.isFinal || error.code == .cancelled else { return error }
        end {
            var line = line(.failed)
            line.code = error.code.name
            line.message = redactor.text(error.message)
            line.cause = error.reason?.name
            line.number = error.reason?.number
            return line
        }
        return error
    }

    override func willSend(_ piece: Data) {
        append(.sent, [state.withLockedValue { $0.sent.take(piece) }])
    }

    override func willFinish() { append(.sent, [state.withLockedValue { $0.sent.end() }]) }

    /// Writes the last line, once, and before it what was held back.
    private func end(_ line: () -> HTTPRecordingLine) {
        let rest: Data? = state.withLockedValue { state in
            guard !state.hasEnded else { return nil }
            state.hasEnded = true
            return state.received.end()
        }
        guard let rest else { return }
        append(.chunk, [rest])
        file.append(line())
    }
}
