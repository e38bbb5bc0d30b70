// Which interpreter and which packages a run uses.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruEnvironment
import ArgumentParser

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension Program {
    var cacheFolder: URL { UserFolder.cache(in: variables) }

    var builder: EnvironmentBuilder {
        EnvironmentBuilder(cacheFolder: cacheFolder, environment: variables)
    }

    /// Returns the environment that holds `requirements`, or nil if no package is required.
    func environment(for requirements: [String]) async throws -> PythonEnvironment? {
        if let given = try givenEnvironment() { return given }
        if requirements.isEmpty {
            // A name that leads nowhere is an error although nothing is made with it.
            if options.python != nil { _ = try interpreter() }
            return nil
        }
        let request = EnvironmentRequest(requirements: requirements, interpreter: try interpreter())
        return try await builder.environment(for: request, progress: screen.progress)
    }

    /// Returns the environment and the file of the model on this machine.
    func modelEnvironment(with others: [String]) async throws -> (PythonEnvironment, URL) {
        if let path = options.gguf, !FileManager.default.isReadableFile(atPath: path) {
            throw ValidationError("--gguf \(path): there is no such file, or it cannot be read.")
        }
        let requirements = options.with + others + [LocalModel.engineRequirement]
        guard let environment = try await environment(for: requirements) else {
            preconditionFailure("the engine is among the requirements")
        }
        if let path = options.gguf { return (environment, URL(filePath: path)) }
        let model = LocalModel.smolLM2
        let file = try await model.file(
            using: environment,
            builder: builder,
            progress: screen.progress
        )
        return (environment, file)
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
    @Sendable func interpreter() throws -> PythonInterpreterInfo {
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
}
