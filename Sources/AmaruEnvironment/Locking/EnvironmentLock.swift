// Exact packages with their digests, as a file beside a script or in a folder keeps them.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// A lock: what was resolved once, to be installed again without resolving.
///
/// The form is that of
/// [pylock.toml](https://packaging.python.org/en/latest/specifications/pylock-toml/). In those
/// that a builder writes, the table `[tool.amaru]` says what they were made for; those of uv, pip
/// and other programs have what is for this Python and machine chosen from them.
///
/// ```swift
/// let file = EnvironmentLock.file(for: script, isFolder: false)
/// try await builder.writeLock(of: request, to: file)
/// let lock = try await builder.lock(at: file, for: request)
/// if lock.stale == nil {
///     let made = try await builder.environment(for: lock, with: request.interpreter)
/// }
/// ```
public struct EnvironmentLock: Sendable, Hashable {
    /// A file of a package.
    struct Package: Sendable, Hashable, Codable {
        var name: String
        var url: String
        var hashes: [String: String]
    }

    /// What a lock was made for.
    struct Inputs: Sendable, Hashable, Codable {
        var requirements: [String]
        var requirementFiles: String?
        var requiresPython: String?
        var indexes: [String]?
        var limits: [String]?

        enum CodingKeys: String, CodingKey {
            case requirements, indexes, limits
            case requirementFiles = "requirement-files"
            case requiresPython = "requires-python"
        }
    }

    /// The requirements that it is used for.
    var requirements: [String]
    /// Its packages, each with one file.
    var packages: [Package]

    /// Why the lock is not one of what is asked for, on this Python and machine; nil if it is.
    public internal(set) var stale: String?

    /// The program that has made it, as it says itself; nil for one that a builder has written.
    public internal(set) var maker: String?

    /// The names of the locked packages.
    public var names: [String] { packages.map(\.name) }

    /// The lock of a script, such as `pylock.chat.toml` of `chat.py`, or of a folder.
    ///
    /// PEP 751 allows the names `pylock.toml` and `pylock.NAME.toml`; NAME has no dots.
    public static func file(for path: URL, isFolder: Bool) -> URL {
        if isFolder { return path.appending(path: "pylock.toml") }
        let name = path.deletingPathExtension().lastPathComponent.replacing(".", with: "-")
        return path.deletingLastPathComponent().appending(path: "pylock.\(name).toml")
    }

    /// The name of the environment that the lock leads to.
    func key(_ interpreter: PythonInterpreterInfo) -> String {
        CacheKey.make(
            "amaru lock 2",
            with: interpreter,
            packages.map { package in
                [package.name, package.url]
                    + package.hashes.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] }
            }
        )
    }

    /// The packages as pip and uv read them.
    var requirementsFile: String {
        packages.map { package in
            let hashes = package.hashes.sorted { $0.key < $1.key }
                .map { " --hash=\($0.key):\($0.value)" }
            return "\(package.name) @ \(package.url)\(hashes.joined())\n"
        }
        .joined()
    }
}

extension EnvironmentRequest {
    /// What decides whether a lock of this request is still one.
    var lockInputs: EnvironmentLock.Inputs {
        let files = RequirementsFile.contents(of: requirementFiles)
        return EnvironmentLock.Inputs(
            requirements: named,
            requirementFiles: files.isEmpty ? nil : CacheKey.make([files]),
            requiresPython: requiresPython,
            indexes: indexes == PackageIndexes() ? nil : indexes.key,
            limits: limits.key.isEmpty ? nil : limits.key
        )
    }
}
