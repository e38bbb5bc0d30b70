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
                    ["write", report.path, Self.json(request.lockInputs), folder.path],
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

    /// Reads a lock, and compares it with a request; what was read once is kept in the cache.
    ///
    /// One of another program is compared with the requirements' names and versions.
    ///
    /// - Throws: `EnvironmentError` with `staleLock` for one that cannot be read, or names what no
    ///   digest fits, such as a folder or a repository.
    public func lock(
        at file: URL,
        for request: EnvironmentRequest
    ) async throws -> EnvironmentLock {
        guard let text = FileManager.default.contents(atPath: file.path) else {
            throw Self.damaged(file.path, "the lock cannot be read", "no file, or not readable")
        }
        let interpreter = request.interpreter
        let folder = file.deletingLastPathComponent().path
        let files = RequirementsFile.requirements(of: request.requirementFiles)
        let asked = Self.json(
            Asked(inputs: request.lockInputs, requirements: request.texts + files)
        )
        let parts = [folder, String(decoding: text, as: UTF8.self), asked]
        let key = CacheKey.make("amaru lock file 2", with: interpreter, [parts])
        let answer: Read = try await remembered(key) {
            let words = ["read", file.path, folder, asked]
            let answer: Read = try await askLock(words, named: file.path, with: interpreter)
            if answer.packages != nil { return answer }
            throw Self.damaged(file.path, "the lock cannot be used", answer.error)
        }
        return EnvironmentLock(
            requirements: request.named,
            packages: answer.packages ?? [],
            stale: answer.stale,
            maker: answer.maker
        )
    }

    /// Returns the environment of a lock, and makes it first if it is new.
    ///
    /// The files are those of the lock, and their digests are compared.
    ///
    /// - Throws: `EnvironmentError`: `damagedDownload` for a file with another digest, `staleLock`
    ///   for a lock that is not one of what was asked for.
    public func environment(
        for lock: EnvironmentLock,
        with interpreter: PythonInterpreterInfo,
        progress: @escaping @Sendable (String) -> Void = { _ in }
    ) async throws -> PythonEnvironment {
        if let reason = lock.stale { throw Self.damaged("the lock", "it is stale", reason) }
        let named = lock.requirements + ["locked"]
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

    /// What a lock is compared with.
    private struct Asked: Encodable {
        var inputs: EnvironmentLock.Inputs
        var requirements: [String]
    }

    private struct Read: Codable {
        var packages: [EnvironmentLock.Package]?
        var stale: String?
        var maker: String?
        var error: String?
    }

    /// A value as JSON, the same for the same values.
    private static func json(_ value: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        // Texts and lists of texts can be encoded.
        return (try? String(decoding: encoder.encode(value), as: UTF8.self)) ?? "{}"
    }

    private func askLock<Answer: Decodable>(
        _ arguments: [String],
        named name: String,
        with interpreter: PythonInterpreterInfo
    ) async throws -> Answer {
        do {
            let source = Self.program(
                PackageResources.nearby_py,
                PackageResources.choosing_py,
                PackageResources.lock_py
            )
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
