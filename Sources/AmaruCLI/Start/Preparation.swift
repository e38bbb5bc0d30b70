// From options to a chat that can start: model, settings, packages.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
import AmaruEnvironment
import AmaruHTTP
import AmaruPython

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension Program {
    private static let defaultModel = "gpt-4o-mini"

    /// Whether the built-in conversation is with a server, and not with a model on this machine.
    ///
    /// A recording answers as the server did that was recorded.
    var isRemote: Bool {
        options.gguf == nil
            && (serverURL != nil || keys.hasKey || options.network.replay != nil)
    }

    /// Prepares the built-in conversation.
    func prepareConversation() async throws -> ChatConfiguration {
        let script = try ChatScript(path: resources.mainScript.path)
        guard isRemote else {
            let (environment, model) = try await modelEnvironment(with: plugins.requirements)
            let settings = try await localSettings(environment, model)
            return configuration(script, settings, environment)
        }
        // While Python starts; the limit is that of the conversation's own requests.
        Task { [network, keys] in
            await network.prepare(for: keys.origin, within: .seconds(10))
        }
        let requirements = options.with + plugins.requirements
        return configuration(script, settings, try await environment(for: requirements))
    }

    /// Prepares a script of the user's.
    func prepare(_ script: ChatScript) async throws -> ChatConfiguration {
        var made = configuration(script, settings, try await environment(for: options.with))
        made.readsVariables = true
        return made
    }

    private func configuration(
        _ script: ChatScript,
        _ settings: ChatSettings,
        _ environment: PythonEnvironment?
    ) -> ChatConfiguration {
        trace("environment ready")
        var made = ChatConfiguration(
            resources: resources,
            script: script,
            settings: settings,
            network: network,
            bytecodeCache: cacheFolder.appending(path: "bytecode")
        )
        made.environment = environment?.root
        made.idleTimeout = .seconds(options.idleTimeout)
        made.readLine = { [screen] prompt in try await screen.readLine(prompt: prompt) }
        made.trace = { [self] event in trace(event) }
        made.leaving = { TerminalMode.leaveAll() }
        return made
    }

    /// Asks for the key of a server that needs one.
    ///
    /// A server on this machine may need none; one without TLS is never sent one.
    func askForKey() async throws {
        guard keys.origin.isSecure, !keys.origin.isLoopback, options.network.replay == nil else {
            return
        }
        try await interrupts.cancelling { [screen, keys] in
            try await keys.ask { try await screen.readKey(prompt: $0) }
        }
    }

    private var plugins: PluginFolder { PluginFolder(variables: variables) }

    private var settings: ChatSettings {
        var settings = ChatSettings(
            model: options.model ?? Self.defaultModel,
            baseURL: serverURL ?? KeyRing.defaultBaseURL
        )
        settings.system = options.system ?? ""
        settings.keyPlaceholder = keys.known ?? ""
        settings.stallTimeout = options.stallTimeout
        settings.plugins = plugins.exists ? plugins.path : ""
        settings.isConversation = isConversation
        return settings
    }

    /// Starts the model on this machine, and returns the settings of a conversation with it.
    private func localSettings(
        _ environment: PythonEnvironment,
        _ model: URL
    ) async throws -> ChatSettings {
        let server = try await LocalModelServer.start(
            model: model,
            environment: environment,
            resources: resources.root,
            builder: builder
        )
        keep(server)
        let base = server.baseURL.absoluteString
        trace("local model ready at \(base)")
        let origin = try HTTPOrigin(parsing: base)
        network.allow(origin)
        keys.add(server.key, for: origin)
        if options.gguf == nil {
            await screen.notice(
                "This is a tiny demo model on your machine. For a real one set \(keys.variable), "
                    + "or use --base-url, or --gguf FILE."
            )
        }
        var settings = settings
        settings.baseURL = base
        settings.model = options.model ?? "local"
        settings.isLocal = true
        return settings
    }
}
