// Environments that are made from others.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension EnvironmentBuilder {
    /// Returns the environment for a request, if it was made before; starts no process.
    public func existing(for request: EnvironmentRequest) -> PythonEnvironment? {
        PythonEnvironment(completeAt: entry(named: request.key).url, for: request.interpreter)
    }

    /// Returns the environment that a change leads to, if it was made before; starts no process.
    public func existing(
        after change: EnvironmentChange,
        with interpreter: PythonInterpreterInfo
    ) -> PythonEnvironment? {
        let entry = entry(named: change.key(interpreter))
        return PythonEnvironment(completeAt: entry.url, for: interpreter)
    }

    /// Makes the environment that a change leads to; the base stays as it is.
    ///
    /// - `progress`: Gets one line of text at a time, from any thread.
    /// - Throws: `EnvironmentError`; nothing incomplete is kept.
    public func environment(
        after change: EnvironmentChange,
        with interpreter: PythonInterpreterInfo,
        progress: @escaping @Sendable (String) -> Void = { _ in }
    ) async throws -> PythonEnvironment {
        try change.validate(interpreter)
        return try await environment(
            change.key(interpreter),
            for: interpreter,
            holding: contents(after: change),
            progress
        ) { made, installer in
            try await apply(change, to: made, interpreter, installer)
        }
    }

    /// What the marker of the environment says: that of the base, and the change.
    private func contents(after change: EnvironmentChange) -> [String] {
        let marker = PythonEnvironment.marker(of: URL(filePath: change.base))
        let before = (try? String(contentsOf: marker, encoding: .utf8)) ?? ""
        return before.split(separator: "\n").map(String.init) + change.requirements
            + change.removals.map { "without \($0)" }
            + Set(change.stands.keys.compactMap { $0.split(separator: "/").first }).sorted()
            .filter { $0.hasSuffix(".dist-info") }
            .map { "in place of \($0.dropLast(".dist-info".count))" }
    }

    private func apply(
        _ change: EnvironmentChange,
        to made: PythonEnvironment,
        _ interpreter: PythonInterpreterInfo,
        _ installer: Installer
    ) async throws {
        // Only what is in the cache never changes.
        let base = URL(filePath: change.base)
        if base.path.hasPrefix(environments.path + "/") {
            try await blockingCall("amaru-cache") { try Self.copy(base, to: made.root) }
        } else {
            try await makeEmpty(made, for: interpreter, installer)
        }
        try await installer.remove(change.removals, from: made)
        try await blockingCall("amaru-cache") {
            let packages = made.sitePackages(of: interpreter)
            for (path, text) in change.stands {
                let file = packages.appending(path: path)
                try DurableFile.makeFolder(file.deletingLastPathComponent())
                try? DurableFile.remove(file)
                try text.write(to: file, atomically: false, encoding: .utf8)
            }
        }
        try await installer.install(change, into: made)
    }

    /// Copies an environment; links would share what a program writes into its packages.
    private static func copy(_ base: URL, to root: URL) throws {
        try FileManager.default.copyItem(at: base, to: root)
        // Programs name the environment that they belong to.
        let programs = root.appending(path: "bin")
        for name in try FileManager.default.contentsOfDirectory(atPath: programs.path) {
            let file = programs.appending(path: name)
            let attributes = try FileManager.default.attributesOfItem(atPath: file.path)
            guard attributes[.type] as? FileAttributeType == .typeRegular,
                let text = try? String(contentsOf: file, encoding: .utf8),
                text.contains(base.path)
            else { continue }
            try DurableFile.remove(file)
            try text.replacing(base.path, with: root.path)
                .write(to: file, atomically: false, encoding: .utf8)
            let mode = attributes[.posixPermissions] ?? 0o755
            try FileManager.default.setAttributes(
                [.posixPermissions: mode],
                ofItemAtPath: file.path
            )
        }
    }
}
