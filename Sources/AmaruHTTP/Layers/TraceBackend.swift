// Writes a line about each exchange: what it was, what came of it, how long each step took.
// SPDX-License-Identifier: Apache-2.0

import NIOConcurrencyHelpers

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A backend that writes one line of JSON for each exchange when that ends.
///
/// A line has method, URL (without keys, and without values that may be some), status or error, the
/// bytes and pieces that went each way, and the times from the opening in milliseconds: `admitted` to
/// a connection, `connected`, `request_sent`, `first_byte`, `ended`; what is not known is left out.
/// It has no header and no body.
public final class TraceBackend: HTTPLayer {
    private let file: JSONLinesFile
    private let redactor: HTTPRedactor
    /// The backend behind the layer.
    public let next: any HTTPBackend
    private let state = NIOLockedValueBox(State())

    private struct State {
        var lastID: UInt64 = 0
        /// The exchanges whose lines are not written yet.
        var writers: [UInt64: (record: TraceRecord, task: Task<Void, Never>)] = [:]
    }

    /// Makes a layer that traces to a new file, or to standard error for the path `-`.
    ///
    /// - `vault`: The keys that must not be in the file.
    /// - `onFailure`: Called once, on any thread, if the file cannot be written any more.
    /// - Throws: ``HTTPFileError`` if the file exists or cannot be made.
    public init(
        to path: String,
        vault: SecretVault = SecretVault(),
        around next: any HTTPBackend,
        onFailure: @escaping @Sendable (String) -> Void = { _ in }
    ) throws(HTTPFileError) {
        if path == "-" {
            file = JSONLinesFile.standardError
        } else {
            file = try JSONLinesFile(creating: path, onFailure: onFailure)
        }
        redactor = HTTPRedactor(vault: vault)
        self.next = next
    }

    /// Starts the exchange; its line is written when it has ended.
    public func open(_ request: HTTPTransferRequest) -> any HTTPExchange {
        let id = state.withLockedValue { state in
            state.lastID += 1
            return state.lastID
        }
        let exchange = next.open(request)
        let record = TraceRecord(id: id, request: request, redactor)
        state.withLockedValue { state in
            // Holds the inner exchange only: letting go of the outer one must still cancel.
            let task = Task { [file, backend = self.state] in
                await exchange.closed()
                // The transfer may end before the caller has taken what it brought.
                await record.callerIsDone()
                record.noteEnd(exchange.timings)
                file.append(record.line)
                backend.withLockedValue { _ = $0.writers.removeValue(forKey: id) }
            }
            state.writers[id] = (record, task)
        }
        return TracedExchange(exchange, record)
    }

    /// Shuts down the backend behind the layer, and writes the lines of the exchanges that this ends.
    public func shutDown() async {
        await next.shutDown()
        for writer in state.withLockedValue({ Array($0.writers.values) }) {
            writer.record.noteCallerIsDone()
            await writer.task.value
        }
    }
}

/// What is known about an exchange so far.
private final class TraceRecord: Sendable {
    struct Line: Encodable, Sendable {
        var id: UInt64
        var method: String
        var url: String
        var status: Int?
        var version: String?
        var code: String?
        var message: String?
        var bytesSent = 0
        var bytesReceived = 0
        var chunks = 0
        var times: [String: Double] = [:]

        enum CodingKeys: String, CodingKey {
            case id, method, url, status, version, code, message, chunks, times
            case bytesSent = "bytes_sent"
            case bytesReceived = "bytes_received"
        }
    }

    let redactor: HTTPRedactor
    private let state: NIOLockedValueBox<Line>
    private let start = ContinuousClock.now
    /// Finished when the caller has got the end or an error, or has let go of the exchange.
    private let caller = AsyncStream<Never>.makeStream()

    init(id: UInt64, request: HTTPTransferRequest, _ redactor: HTTPRedactor) {
        self.redactor = redactor
        let method = redactor.text(request.method)
        var line = Line(id: id, method: method, url: redactor.url(request.url))
        if case .data(let body) = request.body { line.bytesSent = body.count }
        state = NIOLockedValueBox(line)
    }

    var line: Line { state.withLockedValue { $0 } }

    func note(_ change: (inout Line) -> Void) { state.withLockedValue(change) }

    func noteCallerIsDone() { caller.continuation.finish() }

    func callerIsDone() async {
        for await _ in caller.stream {}
    }

    func noteEnd(_ timings: HTTPExchangeTimings) {
        let moments = [
            "admitted": timings.admitted, "connected": timings.connected,
            "request_sent": timings.requestSent, "first_byte": timings.firstByte,
            "ended": timings.ended ?? .now,
        ]
        let opened = timings.opened ?? start
        note { line in
            line.times = moments.compactMapValues { moment in
                moment.map { (opened.duration(to: $0) / .microseconds(1)).rounded() / 1000 }
            }
        }
    }
}

private final class TracedExchange: ForwardingExchange, @unchecked Sendable {
    private let record: TraceRecord

    init(_ inner: any HTTPExchange, _ record: TraceRecord) {
        self.record = record
        super.init(inner)
    }

    deinit { record.noteCallerIsDone() }

    override func willDeliver(_ head: HTTPTransferHead) -> HTTPTransferHead {
        record.note { line in
            line.status = head.status
            line.version = head.version
        }
        return head
    }

    override func willDeliver(_ pieces: [Data]) -> [Data] {
        record.note { line in
            line.chunks += pieces.count
            line.bytesReceived += pieces.reduce(0) { $0 + $1.count }
        }
        if pieces.isEmpty { record.noteCallerIsDone() }
        return pieces
    }

    override func willSend(_ piece: Data) { record.note { $0.bytesSent += piece.count } }

    override func willDeliver(_ error: HTTPTransferError) -> HTTPTransferError {
        guard error.isFinal || error.code == .cancelled else { return error }
        record.note { line in
            line.code = error.code.name
            line.message = record.redactor.text(error.message)
        }
        record.noteCallerIsDone()
        return error
    }

    override func cancel() {
        super.cancel()
        record.noteCallerIsDone()
    }
}
