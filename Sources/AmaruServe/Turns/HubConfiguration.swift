// What a hub of turns needs: values.
// SPDX-License-Identifier: Apache-2.0

package import AmaruHTTP
package import AmaruStore

/// The parts of a ``TurnHub``.
package struct HubConfiguration: Sendable {
    /// The most that is kept in memory.
    package struct Limits: Sendable {
        /// Turns that are open or wait, which users share: what the queue of the session takes.
        package var openTurns = 80
        /// Bytes of one turn, its thoughts and diagnostics included, beside up to 16 MiB of files:
        /// less than its log keeps.
        package var turn = 12 << 20
        /// Turns that have ended and can still be followed event by event.
        package var endedTurns = 64
        /// Bytes of those turns.
        package var endedBytes = 64 << 20
        /// Conversations, where there is no store.
        package var conversations = 200
        /// Bytes of those conversations.
        package var conversationBytes = 64 << 20

        package init() {}
    }

    /// A further model that may be asked.
    package struct Offer: Sendable, Equatable {
        /// What clients call it.
        package let name: String
        /// What its server calls it.
        package let model: String
        /// The base URL of its server.
        package let server: String

        package init(name: String, model: String, server: String) {
            (self.name, self.model, self.server) = (name, model, server)
        }
    }

    /// What answers; its limits are those of the queue.
    package var backend: any ChatBackend
    /// Where conversations are kept; nil for memory only.
    package var store: StoreWriter?
    /// What the other servers of the same store do; nil for a store that is not shared.
    package var replica: Replica?
    /// The keys that are overwritten in all that is kept.
    package var vault: SecretVault
    /// The path of the user's script; nil for the chat that is built in.
    package var script: String?
    /// The model that is asked, as far as the host knows it.
    package var model = ""
    /// The base URL of its server.
    package var server = ""
    /// The models that may be asked in its place.
    package var offers: [Offer] = []
    /// The system prompt.
    package var system = ""
    /// The placeholder that the script gets as its key.
    package var key: @Sendable () -> String = { "" }
    package var limits = Limits()

    /// Describes a hub of what answers.
    package init(backend: any ChatBackend, store: StoreWriter?, vault: SecretVault) {
        self.backend = backend
        self.store = store
        self.vault = vault
    }
}
