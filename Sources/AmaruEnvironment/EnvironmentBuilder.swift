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
/// the marker is never used. An installation that fails, is cancelled or is ended by a signal
/// leaves nothing behind.
///
/// ```swift
/// let builder = EnvironmentBuilder(cacheFolder: cache, environment: variables)
/// let made = try await builder.environment(for: request) { print($0) }
/// ```
public struct EnvironmentBuilder: Sendable {
    /// The folder that holds `environments`, `installers` and `models`.
    public let cacheFolder: URL

    /// Where the environment of pip is kept, which installs into the others.
    var installerFolder: URL

    /// How long an installer may neither say anything nor write a file before it is ended.
    public var stallLimit: Duration = .seconds(600)

    /// Whether the progress tells how much of large files is there, a line for each tenth.
    public var reportsDownloads = false

    /// The variables that installers and model servers get.
    let environment: [String: String]

    /// Creates a builder, and no file.
    ///
    /// - Parameters:
    ///   - cacheFolder: Where environments are kept, see ``UserFolder/cache(in:)``.
    ///   - environment: The process's variables, read by the caller and without its secrets; PATH
    ///     in it decides whether `uv` is used.
    public init(cacheFolder: URL, environment: [String: String]) {
        self.cacheFolder = cacheFolder
        installerFolder = cacheFolder.appending(path: "installers")
        self.environment = InstallerEnvironment.cleaned(environment)
    }

    /// Returns the environment for a request, and makes it first if it is new.
    ///
    /// One that is complete is returned without starting any process. Cancelling the task kills
    /// the installer with its children and removes what it made.
    ///
    /// - `progress`: Gets one line of text at a time, from any thread.
    /// - Throws: `EnvironmentError`. A wait for another process that makes the same environment is
    ///   not an error, but a line of `progress`.
    public func environment(
        for request: EnvironmentRequest,
        progress: @escaping @Sendable (String) -> Void = { _ in }
    ) async throws -> PythonEnvironment {
        // First: one that is invalid may mean the same as a valid one that is there.
        try request.validate()
        let (interpreter, named) = (request.interpreter, request.texts + request.requirementFiles)
        return try await environment(request.key, for: interpreter, holding: named, progress) {
            made,
            installer in
            try await makeEmpty(made, for: interpreter, installer)
            try await installer.install(request, into: made)
        }
    }

    /// Returns the environment with a name in the cache, and makes it first if it is not there.
    ///
    /// - `contents`: What the marker says that it was made of.
    func environment(
        _ name: String,
        for interpreter: PythonInterpreterInfo,
        holding contents: @autoclosure () -> [String],
        _ progress: @escaping @Sendable (String) -> Void,
        _ make: (PythonEnvironment, Installer) async throws -> Void
    ) async throws -> PythonEnvironment {
        let entry = entry(named: name)
        return try await complete(entry, for: interpreter, holding: contents(), progress) {
            made,
            work in
            let installer = try await installer(for: interpreter, work, progress)
            try await make(made, installer)
        }
    }

    /// The installer of this machine: uv if the caller's PATH has it, else pip.
    ///
    /// - Throws: `EnvironmentError` if pip has to be installed and cannot be.
    func installer(
        for interpreter: PythonInterpreterInfo,
        _ work: CacheEntry.Work,
        _ progress: @escaping @Sendable (String) -> Void
    ) async throws -> Installer {
        if let uv = Installer.find("uv", path: environment["PATH"]) {
            return Installer(self, work, .uv(uv), progress)
        }
        return Installer(self, work, .pip(try await pip(for: interpreter, progress)), progress)
    }

    /// The environment of the pip that installs into all others, made once for each Python.
    func pip(
        for interpreter: PythonInterpreterInfo,
        _ progress: @escaping @Sendable (String) -> Void
    ) async throws -> PythonEnvironment {
        let entry = pipEntry(for: interpreter)
        // Programs that clean caches remove old files, and not whole folders.
        if PythonEnvironment(root: entry.url).pipRunner == nil { _ = try? await entry.discard() }
        return try await complete(entry, for: interpreter, holding: ["pip"], progress) {
            made,
            work in
            progress("installing pip for Python \(interpreter.version)")
            let installer = Installer(self, work, .pip(made), progress)
            try await installer.makeEnvironment(at: made.root, with: interpreter)
            try Self.check(made.root, belongsTo: interpreter)
            try await installer.installPip(into: made)
        }
    }

    /// The place of that environment in the cache.
    func pipEntry(for interpreter: PythonInterpreterInfo) -> CacheEntry {
        entry(named: CacheKey.make("amaru pip 2", with: interpreter), in: installerFolder)
    }

    private func complete(
        _ entry: CacheEntry,
        for interpreter: PythonInterpreterInfo,
        holding contents: @autoclosure () -> [String],
        _ progress: @escaping @Sendable (String) -> Void,
        _ make: (PythonEnvironment, CacheEntry.Work) async throws -> Void
    ) async throws -> PythonEnvironment {
        let made = PythonEnvironment(root: entry.url)
        if let complete = PythonEnvironment(completeAt: made.root, for: interpreter) {
            return complete
        }
        do {
            return try await fill(entry, for: interpreter, holding: contents(), progress) {
                try await make(made, $0)
            }
        } catch {
            throw EnvironmentError(cache: cacheFolder.path, error)
        }
    }

    /// Makes an environment without packages.
    func makeEmpty(
        _ made: PythonEnvironment,
        for interpreter: PythonInterpreterInfo,
        _ installer: Installer
    ) async throws {
        installer.progress("making a virtual environment for Python \(interpreter.version)")
        try await installer.makeEnvironment(at: made.root, with: interpreter)
        try Self.check(made.root, belongsTo: interpreter)
    }

    /// The folder of all environments.
    var environments: URL { cacheFolder.appending(path: "environments") }

    /// The place of an environment in the cache.
    func entry(named name: String, in folder: URL? = nil) -> CacheEntry {
        CacheEntry(
            folder: folder ?? environments,
            name: name,
            markerSuffix: PythonEnvironment.markerSuffix
        )
    }

    /// Makes an environment, unless another process does so first; the marker comes last, and
    /// says what the environment was made of.
    private func fill(
        _ entry: CacheEntry,
        for interpreter: PythonInterpreterInfo,
        holding contents: [String],
        _ progress: @escaping @Sendable (String) -> Void,
        _ body: (CacheEntry.Work) async throws -> Void
    ) async throws -> PythonEnvironment {
        guard FileManager.default.isExecutableFile(atPath: interpreter.path) else {
            throw EnvironmentError(
                .interpreterMissing,
                "there is no Python interpreter at \(interpreter.path)",
                remedy: "Install Python \(interpreter.version) there."
            )
        }
        let root = entry.url
        try await entry.fill(
            unless: { PythonEnvironment(completeAt: root, for: interpreter) != nil },
            onWait: { progress("waiting for another amaru that installs the same packages") }
        ) { work in
            try await body(work)
            guard !Task.isCancelled else { throw EnvironmentError.cancelled }
            try await blockingCall("amaru-cache") {
                try DurableFile.flushTree(root)
                let text = contents.map { $0 + "\n" }.joined()
                let draft = work.folder.appending(path: "marker")
                try DurableFile.write(text, to: draft)
                try DurableFile.publish(draft, as: PythonEnvironment.marker(of: root))
            }
        }
        let made = PythonEnvironment(root: root)
        _ = CacheUse.begin(made.marker.path)
        return made
    }

    /// Refuses an interpreter of another version than its caller says.
    private static func check(_ root: URL, belongsTo interpreter: PythonInterpreterInfo) throws {
        let made = VirtualEnvironmentConfiguration(root: root.path)
        if made?.belongs(to: interpreter) == true { return }
        let found = made.map { "Python \($0.version) in \($0.home)" } ?? "no pyvenv.cfg"
        throw EnvironmentError(
            .interpreterMismatch,
            "an environment for Python \(interpreter.version) (\(interpreter.path)) was made with "
                + found,
            remedy: "Use the interpreter that belongs to the linked libpython."
        )
    }
}
