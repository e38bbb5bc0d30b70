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
/// A request gets the answer to the recorded one with the same method, URL and body, leaving keys
/// aside; equal requests get their answers in the recorded order. The bytes come in the recorded
/// pieces, at once. A recorded error is thrown again, at the same place. A request that was not
/// recorded, or was recorded fewer times, fails with ``HTTPTransferError/Code/notAllowed``.
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
                + "\(request.method) \(key.url) with this body. Record the session again."
            return FailedExchange(HTTPTransferError(.notAllowed, message, reason: .notRecorded))
        }
        return ReplayedExchange(answer)
    }

    /// Does nothing: there are no connections.
    public func shutDown() async {}
}

/// A recorded answer as an exchange.
private final class ReplayedExchange: HTTPExchange {
    private struct State {
        var answer: HTTPRecording.Answer
        var isCancelled = false
    }

    private let state: NIOLockedValueBox<State>

    init(_ answer: HTTPRecording.Answer) {
        state = NIOLockedValueBox(State(answer: answer))
    }

    private static let cancelled = HTTPTransferError(.cancelled, "the exchange was cancelled")

    /// Why there are no more pieces; nil at the proper end.
    private static func end(of state: State) -> HTTPTransferError? {
        if state.isCancelled { return cancelled }
        if let failure = state.answer.failure { return failure }
        if state.answer.isComplete { return nil }
        return HTTPTransferError(.remoteProtocol, "the recording of this response ends here")
    }

    func head(_ completion: @escaping HTTPCompletion<HTTPTransferHead>) {
        let result: Result<HTTPTransferHead, HTTPTransferError> = state.withLockedValue { state in
            if !state.isCancelled, let head = state.answer.head { return .success(head) }
            let fallback = HTTPTransferError(.remoteProtocol, "the recording has no response here")
            return .failure(Self.end(of: state) ?? fallback)
        }
        completion(result)
    }

    func read(_ completion: @escaping HTTPCompletion<[Data]>) {
        let result: Result<[Data], HTTPTransferError> = state.withLockedValue { state in
            if !state.isCancelled, !state.answer.chunks.isEmpty {
                defer { state.answer.chunks = [] }
                return .success(state.answer.chunks)
            }
            return Self.end(of: state).map { .failure($0) } ?? .success([])
        }
        completion(result)
    }

    func write(_ data: Data, _ completion: @escaping HTTPCompletion<Void>) {
        completion(unlessCancelled)
    }

    func finish(_ completion: @escaping HTTPCompletion<Void>) { completion(unlessCancelled) }
    func cancel() { state.withLockedValue { $0.isCancelled = true } }
    func whenClosed(_ completion: @escaping @Sendable () -> Void) { completion() }

    private var unlessCancelled: Result<Void, HTTPTransferError> {
        state.withLockedValue { $0.isCancelled } ? .failure(Self.cancelled) : .success(())
    }
}
