// Answers by the key that a client has given its request, so that a repeated one runs nothing.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat

/// An answer under way.
struct OpenAnswer: Sendable {
    let head: CompletionHead
    let turn: Turn
    /// Whether a request sent again reads along, and the answer belongs to another one.
    var isRepeated = false
}

/// Opens answers, each key once.
actor OpenAnswers {
    private struct Entry {
        let key: String
        let owner: String
        let fingerprint: Int
        let answer: Task<OpenAnswer, any Error>
    }

    /// How many answers of a user are kept for a request that is sent again.
    private static let limit = 16
    private static let keyLimit = 255
    private var entries: [Entry] = []

    /// Opens an answer, or returns the one that the key already has.
    ///
    /// - Parameters:
    ///   - key: The `Idempotency-Key` of the request; nil if it has none.
    ///   - owner: The user who asks.
    ///   - fingerprint: Tells the request's body from others.
    ///   - open: Opens the answer.
    /// - Returns: The answer.
    /// - Throws: ``RequestError`` for a key that belongs to another body; what `open` throws.
    func answer(
        key: String?,
        owner: String,
        fingerprint: Int,
        _ open: @escaping @Sendable () async throws -> OpenAnswer
    ) async throws -> OpenAnswer {
        guard let key else { return try await open() }
        guard key.utf8.count <= Self.keyLimit else {
            throw RequestError.invalid("an Idempotency-Key has at most \(Self.keyLimit) bytes")
        }
        while let entry = entries.first(where: { $0.key == key && $0.owner == owner }) {
            guard entry.fingerprint == fingerprint else {
                throw RequestError.invalid(
                    "this Idempotency-Key was used for another request",
                    code: "idempotency_key_reused"
                )
            }
            // What was not opened, was stopped, or may succeed now is asked for again.
            if var answer = try? await entry.answer.value, answer.turn.end?.isFinal ?? true {
                answer.isRepeated = true
                return answer
            }
            entries.removeAll { $0.answer == entry.answer }
        }
        let answer = Task { try await open() }
        entries.append(Entry(key: key, owner: owner, fingerprint: fingerprint, answer: answer))
        let own = entries.indices.filter { entries[$0].owner == owner }
        if own.count > Self.limit, let oldest = own.first { entries.remove(at: oldest) }
        return try await answer.value
    }
}

extension TurnEnd {
    /// Whether the same request would end so again.
    fileprivate var isFinal: Bool {
        switch self {
        case .cancelled: false
        case .failed(let failure): failure.retryAfter == nil
        case .finished, .exited: true
        }
    }
}
