// The environments of the cache, listed and removed.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// A complete environment in the cache.
///
/// ```swift
/// for old in builder.cached where old.lastUsed < limit { _ = try await builder.remove(old) }
/// ```
public struct CachedEnvironment: Sendable {
    /// The name of its folder, made from what it holds.
    public let name: String
    /// Its folder.
    public let root: URL
    /// The requirements that it was made for.
    public let requirements: [String]
    /// When a program began to use it last.
    public let lastUsed: Date

    /// The names and versions of its packages, in order; read from the disk.
    public var packages: [String] {
        let lib = root.appending(path: "lib")
        let minors = (try? FileManager.default.contentsOfDirectory(atPath: lib.path)) ?? []
        return minors.flatMap { minor in
            let folder = lib.appending(path: "\(minor)/site-packages").path
            let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            return files.compactMap { file -> String? in
                guard file.hasSuffix(".dist-info") else { return nil }
                return String(file.dropLast(".dist-info".count)).replacing("-", with: " ")
            }
        }
        .sorted()
    }
}

extension EnvironmentBuilder {
    /// The complete environments of the cache, read from the disk; the ones used last come first.
    ///
    /// What cannot be read is left out.
    public var cached: [CachedEnvironment] { cached(in: environments) }

    private func cached(in folder: URL) -> [CachedEnvironment] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.compactMap { file -> CachedEnvironment? in
            guard file.hasSuffix(PythonEnvironment.markerSuffix) else { return nil }
            let name = String(file.dropLast(PythonEnvironment.markerSuffix.count))
            let root = folder.appending(path: name)
            let marker = PythonEnvironment.marker(of: root)
            guard let text = try? String(contentsOf: marker, encoding: .utf8),
                let attributes = try? FileManager.default.attributesOfItem(atPath: marker.path)
            else { return nil }
            return CachedEnvironment(
                name: name,
                root: root,
                requirements: text.split(separator: "\n").map(String.init),
                lastUsed: attributes[.modificationDate] as? Date ?? .distantPast
            )
        }
        .sorted { $0.lastUsed > $1.lastUsed }
    }

    /// Removes what belongs to no environment: scripts of archives and from elsewhere that do not
    /// run and were started last before a time, what was read of scripts before it, a pip that was
    /// used last before it, files of locks, and what older versions of this program or dead
    /// processes left.
    ///
    /// - Throws: `EnvironmentError` if files cannot be removed.
    public func removeStrays(before limit: Date) async throws {
        let suffix = PythonEnvironment.markerSuffix
        do {
            for folder in [environments, installerFolder] {
                try await CacheEntry.removeStrays(in: folder, markerSuffix: suffix)
            }
            for old in cached(in: installerFolder) where old.lastUsed < limit {
                _ = try await entry(named: old.name, in: installerFolder).discard()
            }
            try await blockingCall("amaru-cache") { [metadataFolder, scriptsFolder] in
                try Self.remove(in: metadataFolder, before: limit)
                try Self.remove(in: scriptsFolder, before: limit)
            }
        } catch {
            throw EnvironmentError(cache: cacheFolder.path, error)
        }
    }

    /// Removes what is in a folder, was changed last before a time, and is not in use.
    static func remove(
        in folder: URL,
        before limit: Date,
        where isMeant: (String) -> Bool = { _ in true }
    ) throws {
        let manager = FileManager.default
        let names = (try? manager.contentsOfDirectory(atPath: folder.path)) ?? []
        // A lock is held by whoever unpacks just now.
        for name in names where name != ".lock" && isMeant(name) {
            let file = folder.appending(path: name)
            let found = try? manager.attributesOfItem(atPath: file.path)
            let changed = found?[.modificationDate] as? Date ?? .distantPast
            guard changed < limit, let claim = CacheUse.claim(file.path) else { continue }
            try withExtendedLifetime(claim) { try DurableFile.remove(file) }
        }
    }

    /// Removes an environment, unless a program uses it.
    ///
    /// - Returns: Whether it is gone.
    /// - Throws: `EnvironmentError` if its files cannot be removed.
    public func remove(_ cached: CachedEnvironment) async throws -> Bool {
        do {
            return try await entry(named: cached.name).discard()
        } catch {
            throw EnvironmentError(cache: cacheFolder.path, error)
        }
    }
}
