// From options to a chat that can start: model, settings, packages.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
import AmaruEnvironment
import AmaruHTTP
import AmaruPython
import ArgumentParser

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
    ///
    /// - Throws: `EnvironmentError` if packages or the model cannot be had; `ValidationError`.
    func prepareConversation() async throws -> ChatConfiguration {
        let script = try ChatScript(path: resources.mainScript.path)
        guard isRemote else {
            let (environment, model) = try await modelEnvironment(with: plugins.requirements)
            let settings = try await localSettings(environment, model)
            return configuration(script, settings, environment)
        }
        // While Python starts; the limit is that of the conversation's own requests.
        Task { [network, keys] in await network.prepare(for: keys.origin, within: .seconds(10)) }
        let requirements = options.with + plugins.requirements
        return configuration(script, remoteSettings, try await environment(for: requirements))
    }

    /// Prepares a script of the user's.
    ///
    /// - Throws: `EnvironmentError` if its packages cannot be had; `ValidationError`.
    func prepare(_ script: ChatScript) async throws -> ChatConfiguration {
        let environment = try await environment(for: options.with)
        var made = configuration(script, remoteSettings, environment)
        made.readsVariables = true
        made.packages = ScriptPackages(
            builder: builder,
            interpreter: interpreter,
            progress: screen.progress
        )
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
        made.readLine = screen.readLine
        made.trace = trace
        made.leaving = TerminalMode.leaveAll
        return made
    }

    /// Refuses the name of a model that the one on this machine would answer for.
    ///
    /// - Throws: `ValidationError`.
    func checkModel() throws {
        guard let model = options.model, options.gguf == nil else { return }
        throw ValidationError(
            "There is no key for the model \(model): set the variable \(keys.variable), or name "
                + "a server with --base-url or a file with --gguf. Without --model a tiny demo "
                + "model answers on this machine."
        )
    }

    /// Asks for the key of a server that needs one.
    ///
    /// A server on this machine may need none; one without TLS is never sent one.
    ///
    /// - Throws: `ValidationError` if there is no key and nobody to ask, or one that would go out
    ///   unencrypted; `CancellationError` on Ctrl-C.
    func askForKey() async throws {
        guard !options.noKey, options.network.replay == nil else { return }
        let destination = try options.network.routes().target(of: keys.origin)
        if keys.hasKey, !destination.isSecure, !destination.isLoopback {
            throw ValidationError(
                "The key in \(keys.variable) is not sent to \(destination), since the connection "
                    + "is not encrypted. Use https, or --no-key if the server needs no key."
            )
        }
        guard keys.origin.isSecure, !keys.origin.isLoopback else { return }
        try await interrupts.cancelling { [screen, keys] in
            try await keys.ask { try await screen.readKey(prompt: $0) }
        }
    }

    private var plugins: PluginFolder { PluginFolder(variables: variables) }

    private var remoteSettings: ChatSettings {
        settings(model: Self.defaultModel, baseURL: serverURL ?? KeyRing.defaultBaseURL)
    }

    private func settings(model: String, baseURL: String) -> ChatSettings {
        var settings = ChatSettings(model: options.model ?? model, baseURL: baseURL)
        settings.system = options.system ?? ""
        settings.keyPlaceholder = keys.known ?? ""
        settings.keyVariable = keys.source ?? ""
        settings.stallTimeout = options.stallTimeout
        settings.plugins = plugins.exists ? plugins.path : ""
        settings.isConversation = screen.isInteractive
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
        var settings = settings(model: "local", baseURL: base)
        settings.isLocal = true
        return settings
    }
}
