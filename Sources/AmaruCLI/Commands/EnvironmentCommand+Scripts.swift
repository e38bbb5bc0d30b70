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
        let needs = try await script.needs(builder)
        guard let lockFile = script.lockFile else { preconditionFailure("it was read by its path") }
        return (lockFile, script.request(for: needs, try .linked))
    }

    /// The environment of a script or a folder, or the one with a name.
    ///
    /// - Throws: As ``needs(of:)``; `CommandFailure` if it is missing.
    static func environment(of path: String) async throws -> CachedEnvironment {
        guard FileManager.default.fileExists(atPath: path) else {
            return try environment(named: path)
        }
        let (lockFile, request) = try await needs(of: path)
        let made = try await lockedEnvironment(lockFile, request) ?? builder.existing(for: request)
        if let made, let cached = builder.cached.first(where: { $0.root.path == made.root.path }) {
            return cached
        }
        throw CommandFailure(
            request.isEmpty
                ? "\(path) names no packages, and runs without an environment."
                : "There is no environment for \(path) yet: amaru run makes it."
        )
    }

    private static func lockedEnvironment(
        _ file: URL,
        _ request: EnvironmentRequest
    ) async throws -> PythonEnvironment? {
        guard FileManager.default.fileExists(atPath: file.path) else { return nil }
        let lock = try await builder.lock(at: file, for: request)
        return lock.stale == nil ? builder.existing(for: lock, with: request.interpreter) : nil
    }

    struct Path: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "path",
            abstract: "Show the path of a script's environment, or of one with a name."
        )

        @Argument(
            help: "A script, a folder with a main.py, or the beginning of an environment's name.",
            completion: .file(extensions: ["py"])
        )
        var path: String

        func run() async throws {
            try await Report.exiting {
                let cached = try await EnvironmentCommand.environment(of: path)
                try Report.output(cached.root.path + "\n")
            }
        }
    }

    struct Lock: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "lock",
            abstract: "Lock the packages of a script: write their exact files and digests.",
            discussion: """
                The lock of chat.py is pylock.chat.toml beside it, that of a folder is pylock.toml \
                in it; the form is that of PEP 751. amaru run installs what it names, and compares \
                the digests. It holds for this version of Python on this kind of machine. Locks \
                there that uv, pip or another program has made are used, too.
                """
        )

        @Argument(
            help: "A script, or a folder with a main.py.",
            completion: .file(extensions: ["py"])
        )
        var path: String

        func run() async throws {
            try await Report.exiting {
                let (lockFile, request) = try await EnvironmentCommand.needs(of: path)
                guard !request.isEmpty else {
                    throw CommandFailure("\(path) names no packages to lock.")
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
