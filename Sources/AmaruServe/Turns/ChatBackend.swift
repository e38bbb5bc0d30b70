// What answers the messages of a server.
// SPDX-License-Identifier: Apache-2.0

package import AmaruChat

/// Runs the script of a server: in this process, or in several others.
package protocol ChatBackend: Sendable {
    /// The model that the script is told, once it is known.
    var model: String? { get }
    /// What the script shows between turns; ends when nothing answers any more.
    var background: Turn { get }

    /// Starts the script, and returns what it offers; later calls wait for the same start.
    ///
    /// - Throws: Why it does not start.
    func start() async throws -> ChatSession.Offer
    /// Whether the script sees what a request asks for beside its question.
    func readsRequests() async -> Bool
    /// Sends a message, and returns its turn at once; one that has failed as `busy` if too many wait.
    ///
    /// - `key`: The placeholder that the script gets as its key.
    /// - `conversation`: Names the conversation, whose messages one interpreter gets; nil for none.
    func send(_ question: ServedQuestion, key: String, in conversation: String?) -> Turn
    /// Ends the script in order; each part gets at most `grace`.
    func shutDown(grace: Duration) async
}

extension ChatSession: ChatBackend {
    package var model: String? { settings?.model }

    package func send(_ question: ServedQuestion, key: String, in _: String?) -> Turn {
        send(
            question.question,
            key: key,
            attachments: question.attachments,
            after: question.history,
            request: question.request,
            model: question.model
        )
    }
}
