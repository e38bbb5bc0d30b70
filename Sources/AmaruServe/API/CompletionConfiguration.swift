// What /v1 serves, and within which limits.
// SPDX-License-Identifier: Apache-2.0

/// The settings of `/v1`.
package struct CompletionConfiguration: Sendable {
    /// The names of the models that are served, once that is known; first the chat's own.
    package var models: @Sendable () async -> [String]
    /// When serving began, in seconds since 1970.
    package var created: Int
    /// After how much silence the client is told that the answer still comes.
    package var silence = Duration.seconds(15)

    /// Creates settings.
    package init(created: Int, models: @escaping @Sendable () async -> [String]) {
        self.created = created
        self.models = models
    }
}
