// From options to a chat that can start: packages, model, settings.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruChat
import AmaruHTTP
import AmaruPython
import ArgumentParser
import Foundation

/// Which script a chat is prepared for.
enum ScriptChoice: Sendable {
    case builtIn
    case named(ChatScript)
}

extension Program {
    /// What the built-in conversation imports.
    static let conversationRequirements = ["openai>=3.1,<4", "httpx2", "pluggy>=1.5"]
    private static let defaultModel = "gpt-4o-mini"

    /// Makes the environment, starts the model if one is needed here, and gives the session.
    func prepare(_ choice: ScriptChoice, _ lines: LazyScreen) async throws -> ChatSession {
        let settings: ChatSettings
        let environment: PythonEnvironment?
        let script: ChatScript
        switch choice {
        case .builtIn:
            script = try ChatScript(path: resources.mainScript.path)
            (settings, environment) = try await conversationSettings(try lines.screen())
        case .named(let named):
            script = named
            environment = try await self.environment(for: options.with)
            settings = remoteSettings(placeholder: keys.known ?? "")
        }
        trace("environment ready")
        return ChatSession(
            ChatConfiguration(
                resources: resources,
                script: script,
                settings: settings,
                environment: environment,
                network: network,
                bytecodeCache: cacheFolder.appending(path: "bytecode"),
                idleTimeout: .seconds(options.idleTimeout),
                readLine: { prompt in try await lines.screen().readLine(prompt: prompt) },
                trace: { [self] event in trace(event) }
            )
        )
    }

    var cacheFolder: URL { CacheFolder.standard(environment: variables) }

    // MARK: Settings

    private func conversationSettings(_ screen: Screen) async throws -> (
        ChatSettings, PythonEnvironment?
    ) {
        let requirements = Self.conversationRequirements + options.with
        // A model that the user names goes before a key that happens to be set.
        // A recording answers as the server did that was recorded, and needs no key.
        let isRemote = options.baseURL != nil || keys.hasKey || options.network.replay != nil
        let isLocal = options.gguf != nil || !isRemote
        guard isLocal else {
            // While Python is still importing; the limit is that of the conversation's client.
            Task { [network, keys] in
                await network.prepare(for: keys.origin, within: .seconds(10))
            }
            let environment = try await environment(for: requirements)
            return (remoteSettings(placeholder: try await placeholder(screen)), environment)
        }
        return try await localSettings(requirements, screen)
    }

    /// Asks for the key of a server that is named and needs one.
    func askForKey(_ screen: Screen) async throws {
        guard options.baseURL != nil else { return }
        _ = try await placeholder(screen)
    }

    /// The key's placeholder; a server on this machine may need none.
    private func placeholder(_ screen: Screen) async throws -> String {
        if let known = keys.known { return known }
        if keys.origin.isLoopback || options.network.replay != nil { return "none" }
        return try await keys.placeholder { prompt in
            try await screen.readKey(prompt: prompt)
        }
    }

    private func remoteSettings(placeholder: String) -> ChatSettings {
        ChatSettings(
            model: options.model ?? Self.defaultModel,
            baseURL: options.baseURL ?? KeyRing.defaultBaseURL,
            system: options.system ?? "",
            keyPlaceholder: placeholder,
            stallTimeout: options.stallTimeout,
            plugins: PluginFolder(variables: variables).path
        )
    }

    private func localSettings(_ requirements: [String], _ screen: Screen) async throws -> (
        ChatSettings, PythonEnvironment?
    ) {
        let (environment, model) = try await localModel(requirements)
        let server = try await LocalModelServer.start(
            model: model,
            environment: environment,
            resources: resources.root,
            builder: builder
        )
        keep(server)
        trace("local model ready at \(server.baseURL.absoluteString)")
        let base = server.baseURL.absoluteString
        let origin = try HTTPOrigin(parsing: base)
        network.allow(origin)
        let key = keys.add(server.key, for: origin)
        if options.gguf == nil {
            await screen.notice(
                "This is a tiny demo model on your machine. For a real one set \(keys.variable), "
                    + "or use --base-url, or --gguf FILE."
            )
        }
        var settings = remoteSettings(placeholder: key)
        settings.baseURL = base
        settings.model = options.model ?? "local"
        settings.isLocal = true
        return (settings, environment)
    }

    private func localModel(_ requirements: [String]) async throws -> (PythonEnvironment, URL) {
        let all = requirements + [LocalModel.engineRequirement]
        if let path = options.gguf {
            guard FileManager.default.isReadableFile(atPath: path) else {
                throw ValidationError(
                    "--gguf \(path): there is no such file, or it cannot be read."
                )
            }
            guard let environment = try await environment(for: all) else {
                throw ValidationError("--gguf needs an environment.")
            }
            return (environment, URL(filePath: path))
        }
        let files =
            if let given = try givenEnvironment() {
                try await LocalModelFiles.ensure(
                    in: given,
                    builder: builder,
                    progress: Report.line
                )
            } else {
                try await LocalModelFiles.ensure(
                    requirements: all,
                    interpreter: try interpreter(),
                    builder: builder,
                    progress: Report.line
                )
            }
        return (files.environment, files.model)
    }

    // MARK: Environment

    var builder: EnvironmentBuilder {
        EnvironmentBuilder(cacheFolder: cacheFolder, environment: variables)
    }

    /// The environment that holds `requirements`; nil where nothing is asked for.
    private func environment(for requirements: [String]) async throws -> PythonEnvironment? {
        if let given = try givenEnvironment() { return given }
        if requirements.isEmpty { return nil }
        let request = EnvironmentRequest(
            requirements: requirements,
            interpreter: try interpreter()
        )
        return try await builder.environment(for: request, progress: Report.line)
    }

    /// The environment that `--python` names, if it names one.
    private func givenEnvironment() throws -> PythonEnvironment? {
        guard let path = options.python else { return nil }
        var root = URL(filePath: path)
        if !root.hasDirectoryPath, root.deletingLastPathComponent().lastPathComponent == "bin" {
            root = root.deletingLastPathComponent().deletingLastPathComponent()
        }
        let marker = root.appending(path: "pyvenv.cfg").path
        guard FileManager.default.fileExists(atPath: marker) else { return nil }
        try LinkedPython.checkEnvironment(root.path)
        return PythonEnvironment(root: root)
    }

    /// The interpreter that environments are made with.
    private func interpreter() throws -> PythonInterpreterInfo {
        let own = try LinkedPython.interpreter()
        guard let path = options.python else {
            return PythonInterpreterInfo(path: own, version: LinkedPython.version)
        }
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw ValidationError(
                "--python \(path): there is no such interpreter or environment. This program is "
                    + "linked with CPython \(LinkedPython.version), whose interpreter is \(own)."
            )
        }
        let given = URL(filePath: path).resolvingSymlinksInPath().path
        guard given == URL(filePath: own).resolvingSymlinksInPath().path else {
            throw ValidationError(
                "--python \(path): this program is linked with CPython \(LinkedPython.version), "
                    + "whose interpreter is \(own). Use that one, or an environment made by it."
            )
        }
        return PythonInterpreterInfo(path: path, version: LinkedPython.version)
    }
}
