// Where the turns of /v1 come from.
// SPDX-License-Identifier: Apache-2.0

package import AmaruChat

/// A question, as a source of turns gets it.
package struct ServedQuestion: Sendable, Codable {
    /// What the user asks.
    package var question: String
    /// The questions and answers before.
    package var history: [ChatExchange]
    /// The files that come with the question.
    package var attachments: [Attachment]
    /// The whole request, for scripts that read it; nil if no client of the API has asked.
    package var request: ChatRequest?
    /// The offered model that is asked; nil for the chat's own.
    package var model: String?

    /// Creates a question.
    package init(
        question: String,
        history: [ChatExchange] = [],
        attachments: [Attachment] = [],
        request: ChatRequest? = nil,
        model: String? = nil
    ) {
        self.question = question
        self.history = history
        self.attachments = attachments
        self.request = request
        self.model = model
    }
}

extension ServedQuestion {
    /// What it takes in memory, in bytes.
    var size: Int {
        let said = history.reduce(0) { size, exchange in
            size + exchange.question.utf8.count + exchange.answer.utf8.count
                + Self.size(exchange.attachments)
        }
        let asked = (request?.messages.utf8.count ?? 0) + (request?.options.utf8.count ?? 0)
        return question.utf8.count + said + asked + Self.size(attachments)
    }

    private static func size(_ files: [Attachment]) -> Int {
        files.reduce(0) { $0 + $1.bytes.count }
    }
}

/// Opens turns that are not stored, each with a history of its own.
package protocol TurnSource: Sendable {
    /// Opens a turn, whose reader owns it.
    ///
    /// - `owner`: The user who asks.
    /// - Throws: ``HubError`` if as many turns as are allowed are open or waiting.
    func open(_ question: ServedQuestion, owner: String) async throws -> Turn
    /// Whether the script sees what a request asks for beside its question.
    func readsRequests() async -> Bool
}

extension TurnHub: TurnSource {
    /// Opens a turn that is part of no conversation.
    package func open(_ question: ServedQuestion, owner: String) async throws -> Turn {
        try shared(by: owner) { () throws(HubError) in try open(question, in: nil) }
    }

    /// Whether the script sees its turns.
    package nonisolated func readsRequests() async -> Bool {
        await configuration.backend.readsRequests()
    }
}
