// What a script is told of the user's choices.
// SPDX-License-Identifier: Apache-2.0

import Amaru

extension ChatSession {
    /// What the script is told, once that is prepared.
    public var settings: ChatSettings? { state.withLock { $0.configuration?.settings } }

    /// What Python code is told that answers a message: what belongs to the model that is asked.
    var settingsOfContext: ChatSettings? {
        guard let configuration = state.withLock({ $0.configuration }) else { return nil }
        guard !configuration.models.isEmpty, let model = Self.turnOfContext()?.model else {
            return configuration.settings
        }
        return configuration.models[model] ?? configuration.settings
    }

    /// Changes what the script is told, from its next look at the settings on.
    public func change(_ body: @escaping @Sendable (inout ChatSettings) -> Void) {
        state.withLock { state in
            guard var configuration = state.configuration else {
                return state.changes.append(body)
            }
            body(&configuration.settings)
            state.configuration = configuration
        }
    }
}
