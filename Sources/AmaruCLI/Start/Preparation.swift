// From options to a chat that can start: model, settings, packages, interpreter.
// SPDX-License-Identifier: Apache-2.0

import Amaru
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

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

extension Program {
    private var plugins: PluginFolder { PluginFolder(variables: variables) }

    private var cacheFolder: URL { UserFolder.cache(in: variables) }
    var builder: EnvironmentBuilder {
        var made = EnvironmentBuilder(cacheFolder: cacheFolder, environment: variables)
        // Elsewhere a line for each step is enough.
        made.reportsDownloads = isatty(STDERR_FILENO) == 1
        return made
    }

    // MARK: The chat

    /// Whether the built-in conversation is with a server, and not with a model on this machine.
    ///
    /// A recording answers as the server did that was recorded.
    var isRemote: Bool {
        // The model here has a key too, once it answers.
        if let local, local.keys === keys { return false }
        return choice.baseURL != nil
            || options.gguf == nil && (keys.hasKey || options.network.replay != nil)
    }

    /// The built-in conversation, and the packages that it needs here beside those of plugins.
    ///
    /// - Throws: `ValidationError`.
    func builtInScript() throws -> (ChatScript, ScriptMetadata) {
        guard !options.locked else {
            throw ValidationError("--locked is for scripts: amaru run --locked PATH.")
        }
        var needs = ScriptMetadata()
        needs.dependencies = options.packages
        return (try ChatScript(path: resources.mainScript.path), needs)
    }

    /// An environment with what plugins need too, or without it if that can't be had.
    ///
    /// - Throws: `EnvironmentError` if the rest can't be had.
    func environmentWithPlugins(for needs: ScriptMetadata) async throws -> PythonEnvironment? {
        let wanted = try await plugins.requirements(builder)
        guard !wanted.isEmpty else { return try await environment(for: needs) }
        var all = needs
        all.dependencies += wanted
        do {
            return try await environment(for: all)
        } catch let error as EnvironmentError where error.code != .cancelled {
            await screen.notice(
                "the plugins' packages (\(wanted.joined(separator: ", "))) are missing: \(error)"
            )
            return try await environment(for: needs)
        }
    }

    /// Prepares the built-in conversation.
    ///
    /// - Throws: `EnvironmentError` if packages or the model cannot be had; `ValidationError`.
    func prepareConversation() async throws -> ChatConfiguration {
        let (script, needs) = try builtInScript()
        guard isRemote else { return try await prepareLocally(script, needs) }
        // While Python starts; the limit is that of the conversation's own requests.
        Task { [network, keys] in await network.prepare(for: keys.origin, within: .seconds(10)) }
        return configuration(script, settings(), try await environmentWithPlugins(for: needs))
    }

    /// Prepares a script of the user's.
    ///
    /// - Throws: `EnvironmentError` if its packages cannot be had; `ValidationError`.
    func prepare(_ script: ChatScript) async throws -> ChatConfiguration {
        let environment = try await environment(of: script)
        // A script may ask the model. The settings' command for a key is run for a chat only.
        try await keys.load(variables: variables, runningCommands: false)
        var made = configuration(script, settings(), environment)
        made.readsVariables = true
        made.hasUTF8Mode = CharacterEncoding.hasUTF8Mode
        made.packages = ScriptPackages(
            builder: builder,
            progress: screen.progress
        )
        return made
    }

    func configuration(
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
        made.readPassword = screen.readPassword
        made.write = screen.print
        made.linePrinted = screen.linePrinted
        made.report = screen.report
        made.trace = trace
        made.leaving = TerminalMode.leaveAll
        made.ownsDescriptors = { $0.contains(Int(SignalSource.descriptor)) }
        return made
    }

    func settings() -> ChatSettings { settings(of: choice, keys) }

    func settings(of choice: ModelChoice, _ keys: KeyRing) -> ChatSettings {
        var settings = ChatSettings(
            model: choice.model ?? ModelChoice.standardModel,
            baseURL: choice.baseURL ?? KeyRing.defaultBaseURL
        )
        settings.system = system(of: choice)
        settings.options = choice.options
        settings.headers = choice.headers
        settings.keyPlaceholder = keys.known ?? ""
        settings.keyVariable = keys.source ?? ""
        settings.keyRemedy = keys.provider?.remedy ?? ""
        settings.stallTimeout = options.stallTimeout
        settings.plugins = plugins.exists ? plugins.path : ""
        settings.isConversation = screen.isInteractive
        settings.output = screen.isInteractive ? .screen : .shared
        settings.options.merge(options.request.fields) { _, own in own }
        settings.needsKey = options.network.replay == nil && !keys.hasKey && keys.isAsked
        return settings
    }

    /// Asks for the key of the server, if it needs one that is not there.
    ///
    /// - `ring`: The keys of another server than the one that is asked now.
    /// - Throws: As `KeyRing.load` and `KeyRing.ask`; `CancellationError` on Ctrl-C.
    func askForKey(_ ring: KeyRing? = nil) async throws {
        guard options.network.replay == nil else { return }
        let keys = ring ?? keys
        let destination = try options.network.routes().target(of: keys.origin)
        try await interrupts.cancelling { [screen, variables] in
            try await keys.load(variables: variables)
            try await keys.ask(sentTo: destination) { try await screen.readKey(prompt: $0) }
            // Ctrl-C may have come while no key had to be asked for.
            try Task.checkCancellation()
        }
    }

    // MARK: The model on this machine

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

    /// Starts the model on this machine, and prepares a conversation with it.
    private func prepareLocally(
        _ script: ChatScript,
        _ others: ScriptMetadata
    ) async throws -> ChatConfiguration {
        // Before the user can ask something else.
        let (choice, keys) = (choice, keys)
        if let path = options.gguf, !FileManager.default.isReadableFile(atPath: path) {
            throw ValidationError("--gguf \(path): there is no such file, or it cannot be read.")
        }
        var needs = others
        needs.dependencies.append(LocalModel.engineRequirement)
        guard let environment = try await environmentWithPlugins(for: needs) else {
            preconditionFailure("the engine is among the requirements")
        }
        let server = try await LocalModelServer.start(
            model: try await modelFile(),
            environment: environment,
            resources: resources.root,
            builder: builder
        )
        keep(server)
        let base = server.baseURL.absoluteString
        trace("local model ready at \(base)")
        let origin = try HTTPOrigin(parsing: base)
        network.allow(origin)
        if options.gguf == nil {
            await screen.notice(
                "This is a tiny demo model on your machine. For a real one set \(keys.variable), "
                    + "or use --base-url, or --gguf FILE."
            )
        }
        keys.add(server.key, for: origin)
        var settings = settings()
        settings.model = localModel
        settings.baseURL = base
        settings.keyPlaceholder = keys.known ?? ""
        settings.isLocal = true
        keep(Local(choice: choice, keys: keys, settings: settings))
        return configuration(script, settings, environment)
    }

    /// The name of the model that answers here: what the user calls it, else that of its file.
    var localModel: String {
        let file = options.gguf ?? LocalModel.smolLM2.fileName
        return options.model ?? URL(filePath: file).deletingPathExtension().lastPathComponent
    }

    private func modelFile() async throws -> URL {
        if let path = options.gguf { return URL(filePath: path) }
        return try await LocalModel.smolLM2.file(
            with: try interpreter(),
            builder: builder,
            progress: screen.progress
        )
    }
}
