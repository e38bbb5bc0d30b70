// What `--dry-run` needs of the program: the request's parts, without a server or a key.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
import AmaruEnvironment
import AmaruPython

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension Program {
    /// Prepares the built-in conversation for a request that is only shown.
    ///
    /// - Throws: As `prepareConversation()`.
    func prepareDryRun() async throws -> ChatConfiguration {
        let (script, needs) = try builtInScript()
        var settings = settings()
        if !isRemote, options.model == nil || options.gguf != nil {
            settings.model = localModel
            settings.baseURL = "http://127.0.0.1/v1"
            settings.isLocal = true
            await screen.notice(
                "The model on this machine would be started, and asked at a port of its own."
            )
        }
        return configuration(script, settings, try await environmentWithPlugins(for: needs))
    }
}
