// Where the turns of /v1 come from.
// SPDX-License-Identifier: Apache-2.0

package import AmaruChat

/// Opens turns that are not stored, each with a history of its own.
package protocol TurnSource: Sendable {
    /// Opens a turn, whose reader owns it.
    ///
    /// - Throws: ``HubError`` if as many turns as are allowed are open or waiting.
    func open(
        question: String,
        history: [ChatExchange],
        attachments: [Attachment],
        request: ChatRequest?
    ) async throws -> Turn
    /// Whether the script sees what a request asks for beside its question.
    func readsRequests() async -> Bool
}

extension TurnHub: TurnSource {
    /// Whether the script sees its turns.
    package nonisolated func readsRequests() async -> Bool {
        await configuration.session.readsRequests()
    }
}
