// Makes virtual environments once and finds them again.
// SPDX-License-Identifier: Apache-2.0

import Amaru

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// Makes a virtual environment for a set of requirements, or returns the one made before.
///
/// An environment can't be moved (its scripts and `pyvenv.cfg` hold its path), so it is made in its
/// final place under a lock, and a marker written last says that it is complete. A folder without
/// the marker is never used: whoever holds the lock next removes it.
///
/// ```swift
/// let builder = EnvironmentBuilder(cacheFolder: cache, environment: variables)
/// let made = try await builder.environment(for: request) { print($0) }
/// ```
public struct EnvironmentBuilder: Sendable {
    /// The folder that holds `environments` and `models`.
    public let cacheFolder: URL

    /// The variables that installers and model servers get.
    let environment: [String: String]

    /// Creates a builder; nothing is touched.
    ///
    /// - Parameters:
    ///   - cacheFolder: where environments are kept, see `CacheFolder.standard(environment:)`.
    ///   - environment: the process' variables, read by the caller and without its secrets; PATH in
    ///     it decides whether `uv` is used.
    public init(cacheFolder: URL, environment: [String: String]) {
        self.cacheFolder = cacheFolder
        self.environment = InstallerEnvironment.cleaned(environment)
    }

    /// Returns the environment for a request, and makes it first if it is new.
    ///
    /// One that is complete is returned without starting any process. Cancelling the task kills
    /// the installer with its children and removes what it made.
    ///
    /// - Parameter progress: gets one line of text at a time, from any thread.
    /// - Throws: `EnvironmentError`. A wait for another process that makes the same environment is
    ///   not an error; `progress` is told.
    public func environment(
        for request: EnvironmentRequest,
        progress: @escaping @Sendable (String) -> Void = { _ in }
    ) async throws -> PythonEnvironment {
        let root = folder(for: request)
        if let complete = PythonEnvironment(completeAt: root, for: request.interpreter) {
            return complete
        }
        do {
            try request.validate()
            return try await make(request, at: root, progress)
        } catch {
            throw EnvironmentError(cache: cacheFolder.path, error)
        }
    }

    private var environmentsFolder: URL { cacheFolder.appending(path: "environments") }

    private func folder(for request: EnvironmentRequest) -> URL {
        environmentsFolder.appending(path: request.key)
    }

    private func make(
        _ request: EnvironmentRequest,
        at root: URL,
        _ progress: @escaping @Sendable (String) -> Void
    ) async throws -> PythonEnvironment {
        let interpreter = request.interpreter
        guard FileManager.default.isExecutableFile(atPath: interpreter.path) else {
            throw EnvironmentError(
                .interpreterMissing,
                "there is no Python interpreter at \(interpreter.path)",
                remedy: "Install Python \(interpreter.version) there."
            )
        }
        let folder = environmentsFolder
        try await blockingCall("amaru-cache") { try DurableFile.prepareFolder(folder) }
        let lock = try await FileLock.acquire(at: root.path + ".lock") {
            progress("waiting for another amaru that installs the same packages")
        }
        defer { withExtendedLifetime(lock) {} }
        if let complete = PythonEnvironment(completeAt: root, for: interpreter) { return complete }
        try await blockingCall("amaru-cache") { try Self.discard(root) }
        do {
            try await fill(request, at: root, lock, progress)
        } catch {
            try? await blockingCall("amaru-cache") { try Self.discard(root) }
            throw error
        }
        guard let complete = PythonEnvironment(completeAt: root, for: interpreter) else {
            preconditionFailure("the marker and the interpreter were checked by fill")
        }
        return complete
    }

    private func fill(
        _ request: EnvironmentRequest,
        at root: URL,
        _ lock: FileLock,
        _ progress: @escaping @Sendable (String) -> Void
    ) async throws {
        let installer = Installer(environment: environment, lock: lock, progress: progress)
        let python = PythonRoot(root: root)
        progress("making a virtual environment for Python \(request.interpreter.version)")
        try await installer.makeEnvironment(at: root, with: request.interpreter)
        try Self.check(root, belongsTo: request.interpreter)
        let requirements = request.requirements.trimmed
        try await installer.install(requirements, into: python, .complete)
        guard !Task.isCancelled else { throw EnvironmentError.cancelled }
        try await blockingCall("amaru-cache") {
            try DurableFile.flushTree(root)
            let text = requirements.map { $0 + "\n" }.joined()
            try DurableFile.write(
                text,
                to: root.appending(path: PythonEnvironment.markerName)
            )
        }
    }

    /// Refuses an interpreter of another version than its caller believes.
    private static func check(_ root: URL, belongsTo interpreter: PythonInterpreterInfo) throws {
        let made = VirtualEnvironmentConfiguration(root: root.path)
        if made?.belongs(to: interpreter) == true { return }
        let found = made.map { "Python \($0.version) in \($0.home)" } ?? "no pyvenv.cfg"
        throw EnvironmentError(
            .interpreterMismatch,
            "an environment for Python \(interpreter.version) (\(interpreter.path)) came out with "
                + found,
            remedy: "Use the interpreter that belongs to the linked libpython."
        )
    }

    /// Removes an environment, its marker first: a removal that stops half-way leaves no marker.
    private static func discard(_ root: URL) throws {
        try DurableFile.remove(root.appending(path: PythonEnvironment.markerName))
        try DurableFile.remove(root)
    }
}

extension [String] {
    /// The requirements without blanks around them, empty ones dropped.
    fileprivate var trimmed: [String] { map(\.trimmed).filter { !$0.isEmpty } }
}
