// `amaru env path` and `amaru env lock`: the packages of a script.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
import AmaruEnvironment
import ArgumentParser

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension EnvironmentCommand {
    /// A script or a folder, and what it asks for.
    ///
    /// - Throws: `ChatScriptError`, `EnvironmentError`, `ValidationError`.
    private static func needs(
        of path: String
    ) async throws -> (lockFile: URL, request: EnvironmentRequest) {
        let script = try ChatScript(path: path)
        let needs = try await script.needs(builder) { try .linked }
        guard let lockFile = script.lockFile else { preconditionFailure("it was read by its path") }
        return (lockFile, script.request(for: needs, try .linked))
    }

    struct Path: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show the path of a script's environment, or of one with a name."
        )

        @Argument(
            help: "A script, a folder with a main.py, or the beginning of an environment's name.",
            completion: .file(extensions: ["py"])
        )
        var path: String

        func run() async throws {
            try await PluginsCommand.reporting {
                let root = try await root()
                try Report.output(root.path + "\n")
            }
        }

        private func root() async throws -> URL {
            guard FileManager.default.fileExists(atPath: path) else {
                return try EnvironmentCommand.environment(named: path).root
            }
            let (lockFile, request) = try await EnvironmentCommand.needs(of: path)
            let builder = EnvironmentCommand.builder
            if FileManager.default.fileExists(atPath: lockFile.path) {
                let lock = try await builder.lock(at: lockFile, with: request.interpreter)
                if lock.fits(request),
                    let made = builder.existing(for: lock, with: request.interpreter)
                {
                    return made.root
                }
            }
            if let made = builder.existing(for: request) { return made.root }
            throw PluginsCommand.Failure(
                request.isEmpty
                    ? "\(path) names no packages, and runs without an environment."
                    : "There is no environment for \(path) yet: amaru run makes it."
            )
        }
    }

    struct Lock: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lock the packages of a script: write their exact files and digests.",
            discussion: """
                The lock of chat.py is pylock.chat.toml beside it, that of a folder is pylock.toml \
                in it; the form is that of PEP 751. amaru run installs what it names, and compares \
                the digests. It holds for this version of Python on this kind of machine.
                """
        )

        @Argument(
            help: "A script, or a folder with a main.py.",
            completion: .file(extensions: ["py"])
        )
        var path: String

        func run() async throws {
            try await PluginsCommand.reporting {
                let (lockFile, request) = try await EnvironmentCommand.needs(of: path)
                guard !request.isEmpty else {
                    throw PluginsCommand.Failure("\(path) names no packages to lock.")
                }
                let count = try await EnvironmentCommand.builder.writeLock(
                    of: request,
                    to: lockFile
                ) { Report.line($0) }
                let noun = count == 1 ? "package" : "packages"
                try Report.output("\(lockFile.path)\t\(count) \(noun)\n")
            }
        }
    }
}
