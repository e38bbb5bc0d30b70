// Answers requests from a recording, without a network.
// SPDX-License-Identifier: Apache-2.0

import NIOConcurrencyHelpers

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A backend that answers with what ``RecordingBackend`` wrote down.
///
/// A request gets the answer of the recorded one with the same method, URL and body, keys left out;
/// of several equal ones, in their order. The bytes come in the recorded pieces, at once. A
/// recorded error is thrown again, at the same place. A request that was not recorded fails with
/// ``HTTPTransferError/Code/notAllowed``, and so does one more than were recorded.
public final class ReplayBackend: HTTPBackend {
    private let path: String
    private let answers: NIOLockedValueBox<[HTTPRecording.Key: [HTTPRecording.Answer]]>

    /// Reads a recording.
    ///
    /// - Throws: ``HTTPFileError`` if it cannot be read, with the number of the line that is wrong.
    public init(from path: String) throws(HTTPFileError) {
        self.path = path
        answers = NIOLockedValueBox(try HTTPRecording(reading: path).answers)
    }

    /// The number of recorded answers that no request has got.
    public var unused: Int { answers.withLockedValue { $0.values.reduce(0) { $0 + $1.count } } }

    /// Answers a request.
    public func open(_ request: HTTPTransferRequest) -> any HTTPExchange {
        let key = HTTPRecording.Key(request)
        let answer: HTTPRecording.Answer? = answers.withLockedValue { answers in
            guard answers[key]?.isEmpty == false else { return nil }
            return answers[key]?.removeFirst()
        }
        guard let answer else {
            let message =
                "the recording \(path) has no answer, or no more, to "
                + "\(request.method) \(key.url) with this body; record the session anew"
            return FailedExchange(HTTPTransferError(.notAllowed, message))
        }
        return ReplayedExchange(answer)
    }

    /// Does nothing: there are no connections.
    public func shutDown() async {}
}

/// An answer that is given piece by piece.
private final class ReplayedExchange: HTTPExchange {
    private struct State {
        var answer: HTTPRecording.Answer
        var next = 0
        var isCancelled = false
    }

    private let state: NIOLockedValueBox<State>

    init(_ answer: HTTPRecording.Answer) {
        state = NIOLockedValueBox(State(answer: answer))
    }

    private static let cancelled = HTTPTransferError(.cancelled, "the exchange was cancelled")

    /// Why there is nothing more to give; nil at the proper end.
    private static func end(of state: State) -> HTTPTransferError? {
        if state.isCancelled { return cancelled }
        if let failure = state.answer.failure { return failure }
        if state.answer.isComplete { return nil }
        return HTTPTransferError(.remoteProtocol, "the recording of this response ends here")
    }

    func head() async throws(HTTPTransferError) -> HTTPTransferHead {
        let result: Result<HTTPTransferHead, HTTPTransferError> = state.withLockedValue { state in
            if !state.isCancelled, let head = state.answer.head { return .success(head) }
            let fallback = HTTPTransferError(.remoteProtocol, "the recording has no response here")
            return .failure(Self.end(of: state) ?? fallback)
        }
        return try result.get()
    }

    func read() async throws(HTTPTransferError) -> Data? {
        let result: Result<Data?, HTTPTransferError> = state.withLockedValue { state in
            if !state.isCancelled, state.next < state.answer.chunks.count {
                state.next += 1
                return .success(state.answer.chunks[state.next - 1])
            }
            return Self.end(of: state).map { .failure($0) } ?? .success(nil)
        }
        return try result.get()
    }

    func write(_ data: Data) async throws(HTTPTransferError) { try check() }
    func finish() async throws(HTTPTransferError) { try check() }
    func cancel() { state.withLockedValue { $0.isCancelled = true } }
    func closed() async {}

    private func check() throws(HTTPTransferError) {
        if state.withLockedValue({ $0.isCancelled }) { throw Self.cancelled }
    }
}
