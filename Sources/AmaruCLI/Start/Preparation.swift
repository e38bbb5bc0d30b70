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

extension Program {
    private var plugins: PluginFolder { PluginFolder(variables: variables) }
    private var cacheFolder: URL { UserFolder.cache(in: variables) }
    /// Where archives and scripts from elsewhere are kept, by what is in them.
    var scriptCache: URL { cacheFolder.appending(path: "scripts") }
    private var builder: EnvironmentBuilder {
        EnvironmentBuilder(cacheFolder: cacheFolder, environment: variables)
    }

    // MARK: The chat

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
        var needs = ScriptMetadata()
        needs.dependencies =
            try await options.with + plugins.requirements(builder, linkedInterpreter)
        guard isRemote else { return try await prepareLocally(script, needs) }
        // While Python starts; the limit is that of the conversation's own requests.
        Task { [network, keys] in await network.prepare(for: keys.origin, within: .seconds(10)) }
        return configuration(script, settings(), try await environment(for: needs))
    }

    /// Prepares a script of the user's.
    ///
    /// - Throws: `EnvironmentError` if its packages cannot be had; `ValidationError`.
    func prepare(_ script: ChatScript) async throws -> ChatConfiguration {
        var needs = try await script.needs(builder, linkedInterpreter)
        needs.dependencies = options.with + needs.dependencies
        let files = options.withRequirements + script.requirementFiles
        let environment = try await environment(for: needs, files: files)
        var made = configuration(script, settings(), environment)
        made.readsVariables = true
        made.packages = ScriptPackages(
            builder: builder,
            interpreter: linkedInterpreter,
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
        made.report = { Report.text($0) }
        made.trace = trace
        made.leaving = TerminalMode.leaveAll
        return made
    }

    private func settings() -> ChatSettings {
        var settings = ChatSettings(
            model: options.model ?? "gpt-4o-mini",
            baseURL: serverURL ?? KeyRing.defaultBaseURL
        )
        settings.system = options.system ?? ""
        settings.keyPlaceholder = keys.known ?? ""
        settings.keyVariable = keys.source ?? ""
        settings.stallTimeout = options.stallTimeout
        settings.plugins = plugins.exists ? plugins.path : ""
        settings.isConversation = screen.isInteractive
        return settings
    }

    /// Asks for the key of the server, if it needs one that is not there.
    ///
    /// - Throws: As `KeyRing.ask`; `CancellationError` on Ctrl-C.
    func askForKey() async throws {
        guard !options.noKey, options.network.replay == nil else { return }
        let destination = try options.network.routes().target(of: keys.origin)
        try await interrupts.cancelling { [screen, keys] in
            try await keys.ask(sentTo: destination) { try await screen.readKey(prompt: $0) }
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
        if let path = options.gguf, !FileManager.default.isReadableFile(atPath: path) {
            throw ValidationError("--gguf \(path): there is no such file, or it cannot be read.")
        }
        var needs = others
        needs.dependencies.append(LocalModel.engineRequirement)
        guard let environment = try await environment(for: needs) else {
            preconditionFailure("the engine is among the requirements")
        }
        let server = try await LocalModelServer.start(
            model: try await modelFile(environment),
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
        var settings = settings()
        settings.model = options.model ?? "local"
        settings.baseURL = base
        settings.isLocal = true
        return configuration(script, settings, environment)
    }

    private func modelFile(_ environment: PythonEnvironment) async throws -> URL {
        if let path = options.gguf { return URL(filePath: path) }
        return try await LocalModel.smolLM2.file(
            using: environment,
            builder: builder,
            progress: screen.progress
        )
    }

    // MARK: Packages

    /// Returns the environment that has what is needed, or nil if no package is.
    private func environment(
        for needs: ScriptMetadata,
        files: [String] = []
    ) async throws -> PythonEnvironment? {
        if let given = try givenEnvironment() { return given }
        if needs.dependencies.isEmpty, files.isEmpty {
            // A name that leads nowhere is an error although nothing is made with it.
            if options.python != nil { _ = try interpreter() }
            return nil
        }
        var request = EnvironmentRequest(
            requirements: needs.dependencies,
            interpreter: try interpreter()
        )
        request.requirementFiles = files
        request.indexes = needs.indexes
        return try await builder.environment(for: request, progress: screen.progress)
    }

    /// The environment that `--python` names, or the interpreter of which it names.
    private func givenEnvironment() throws -> PythonEnvironment? {
        guard var root = options.python.map({ URL(filePath: $0) }) else { return nil }
        let folder = root.deletingLastPathComponent()
        if !root.hasDirectoryPath, folder.lastPathComponent == "bin" {
            root = folder.deletingLastPathComponent()
        }
        let marker = root.appending(path: "pyvenv.cfg").path
        guard FileManager.default.fileExists(atPath: marker) else { return nil }
        try LinkedPython.checkEnvironment(root.path)
        return PythonEnvironment(root: root)
    }

    /// The interpreter that makes environments: only the linked one can.
    private func interpreter() throws -> PythonInterpreterInfo {
        let own = try LinkedPython.interpreter()
        let path = options.python ?? own
        let targets = Set([path, own].map { URL(filePath: $0).resolvingSymlinksInPath().path })
        guard targets.count == 1 else {
            let isProgram = FileManager.default.isExecutableFile(atPath: path)
            throw ValidationError(
                "--python \(path): "
                    + (isProgram ? "" : "there is no such interpreter or environment. ")
                    + "This program is linked with CPython \(LinkedPython.version), whose "
                    + "interpreter is \(own). Use that one, or an environment made by it."
            )
        }
        return PythonInterpreterInfo(path: path, version: LinkedPython.version)
    }

    /// The interpreter that belongs to the linked library.
    @Sendable func linkedInterpreter() throws -> PythonInterpreterInfo {
        PythonInterpreterInfo(path: try LinkedPython.interpreter(), version: LinkedPython.version)
    }
}
