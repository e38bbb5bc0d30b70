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
    var cacheFolder: URL { CacheFolder.standard(environment: variables) }

    var builder: EnvironmentBuilder {
        EnvironmentBuilder(cacheFolder: cacheFolder, environment: variables)
    }

    /// The environment that holds `requirements`; nil if nothing is asked for.
    func environment(for requirements: [String]) async throws -> PythonEnvironment? {
        if let given = try givenEnvironment() { return given }
        if requirements.isEmpty { return nil }
        return try await builder.environment(
            for: EnvironmentRequest(requirements: requirements, interpreter: try interpreter()),
            progress: Report.line
        )
    }

    /// The environment and the file of the model on this machine.
    func modelEnvironment(with others: [String]) async throws -> (PythonEnvironment, URL) {
        let requirements = options.with + others + [LocalModel.engineRequirement]
        if let path = options.gguf {
            guard FileManager.default.isReadableFile(atPath: path) else {
                throw ValidationError(
                    "--gguf \(path): there is no such file, or it cannot be read."
                )
            }
            guard let environment = try await environment(for: requirements) else {
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
                    requirements: requirements,
                    interpreter: try interpreter(),
                    builder: builder,
                    progress: Report.line
                )
            }
        return (files.environment, files.model)
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
