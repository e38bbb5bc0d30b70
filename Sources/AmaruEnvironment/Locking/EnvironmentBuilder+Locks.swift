// Locks: written, read, installed.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

extension EnvironmentBuilder {
    /// Resolves a request, and writes what it leads to.
    ///
    /// pip resolves it, also where uv would install it: its report is the same everywhere.
    ///
    /// - Parameters:
    ///   - request: What to resolve.
    ///   - file: The file to write; one that is there is replaced at the end, in one step.
    ///   - progress: Gets one line of text at a time, from any thread.
    /// - Returns: The number of packages.
    /// - Throws: `EnvironmentError`; the file is then as it was.
    @discardableResult
    public func writeLock(
        of request: EnvironmentRequest,
        to file: URL,
        progress: @escaping @Sendable (String) -> Void = { _ in }
    ) async throws -> Int {
        try request.validate()
        let entry = entry(named: CacheKey.make([["amaru locking 1", request.key]]))
        do {
            var count = 0
            try await entry.fill(
                unless: { false },
                onWait: { progress("waiting for another amaru that locks the same packages") }
            ) { work in
                let tools = try await pip(for: request.interpreter, progress)
                let installer = Installer(self, work, .pip(tools), progress)
                let report = try await installer.report(of: request)
                let folder = file.deletingLastPathComponent()
                let answer: Written = try await askLock(
                    ["write", report.path, request.inputsText, folder.path],
                    named: file.path,
                    with: request.interpreter
                )
                guard let text = answer.text else {
                    throw Self.damaged(file.path, "the lock cannot be made", answer.error)
                }
                count = answer.count ?? 0
                try await blockingCall("amaru-cache") {
                    let draft = folder.appending(path: ".\(file.lastPathComponent).new")
                    do {
                        try DurableFile.write(text, to: draft)
                        try DurableFile.publish(draft, as: file)
                    } catch {
                        try? DurableFile.remove(draft)
                        throw error
                    }
                }
            }
            return count
        } catch let error as PosixError where !error.isDiskFull && !error.isShortage {
            throw Self.damaged(file.path, "the lock cannot be written", "\(error)")
        } catch {
            throw EnvironmentError(cache: cacheFolder.path, error)
        }
    }

    /// Reads a lock; what was read once is kept in the cache.
    ///
    /// - Throws: `EnvironmentError` with `staleLock` for one that cannot be read.
    public func lock(
        at file: URL,
        with interpreter: PythonInterpreterInfo
    ) async throws -> EnvironmentLock {
        guard let text = FileManager.default.contents(atPath: file.path) else {
            throw Self.damaged(file.path, "the lock cannot be read", "no file, or not readable")
        }
        let folder = file.deletingLastPathComponent().path
        let source = String(decoding: text, as: UTF8.self)
        let key = ["amaru lock file 1", interpreter.path, interpreter.version, folder, source]
        let answer: Read = try await remembered(CacheKey.make([key])) {
            try await askLock(["read", file.path, folder], named: file.path, with: interpreter)
        }
        guard let packages = answer.packages else {
            throw Self.damaged(file.path, "the lock cannot be read", answer.error)
        }
        return EnvironmentLock(
            inputs: answer.inputs,
            fits: answer.fits ?? false,
            packages: packages
        )
    }

    /// Returns the environment of a lock, and makes it first if it is new.
    ///
    /// The files are those of the lock, and their digests are compared.
    ///
    /// - Throws: `EnvironmentError`: `damagedDownload` for a file with another digest.
    public func environment(
        for lock: EnvironmentLock,
        with interpreter: PythonInterpreterInfo,
        progress: @escaping @Sendable (String) -> Void = { _ in }
    ) async throws -> PythonEnvironment {
        let named = (lock.inputs?.requirements ?? []) + ["locked"]
        let name = lock.key(interpreter)
        return try await environment(name, for: interpreter, holding: named, progress) {
            made,
            installer in
            try await makeEmpty(made, for: interpreter, installer)
            try await installer.install(lock, into: made)
        }
    }

    /// Returns the environment of a lock, if it was made before; starts no process.
    public func existing(
        for lock: EnvironmentLock,
        with interpreter: PythonInterpreterInfo
    ) -> PythonEnvironment? {
        PythonEnvironment(completeAt: entry(named: lock.key(interpreter)).url, for: interpreter)
    }

    private struct Written: Codable {
        var text: String?
        var count: Int?
        var error: String?
    }

    private struct Read: Codable {
        var inputs: EnvironmentLock.Inputs?
        var fits: Bool?
        var packages: [EnvironmentLock.Package]?
        var error: String?
    }

    private func askLock<Answer: Decodable>(
        _ arguments: [String],
        named name: String,
        with interpreter: PythonInterpreterInfo
    ) async throws -> Answer {
        do {
            let source = String(decoding: PackageResources.lock_py, as: UTF8.self)
            return try await ask(interpreter.path, ["-I", "-S", "-c", source] + arguments)
        } catch is CancellationError {
            throw EnvironmentError.cancelled("start")
        } catch {
            throw Self.damaged(name, "the lock cannot be read or written", "\(error)")
        }
    }

    private static func damaged(_ name: String, _ what: String, _ reason: String?)
        -> EnvironmentError
    {
        EnvironmentError(
            .staleLock,
            "\(name): \(what): \(reason ?? "it is not known why")",
            remedy: "Correct what it says, or remove the file and lock again."
        )
    }
}

extension EnvironmentRequest {
    /// What the lock was made for, as JSON.
    fileprivate var inputsText: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        // Texts and lists of texts can be encoded.
        return (try? String(decoding: encoder.encode(lockInputs), as: UTF8.self)) ?? "{}"
    }
}
