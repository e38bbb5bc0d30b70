// The user's own files, and where they are.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The files in `$XDG_CONFIG_HOME/amaru`, with what the cache knows of them.
struct UserSettings: Sendable {
    let folder: URL
    let cacheFolder: URL

    init(variables: [String: String] = EnvironmentVariables.current) {
        folder = UserFolder.config(in: variables)
        cacheFolder = UserFolder.cache(in: variables)
    }

    /// The main file, `config.toml`.
    var file: SettingsFile<Configuration> { configuration(at: path) }

    var path: String { folder.appending(path: "config.toml").path }

    /// The keys that `amaru keys set` has stored.
    var keys: KeyFolder { KeyFolder(url: folder.appending(path: "keys")) }

    /// The models that servers have named.
    var models: ModelCache { ModelCache(folder: cacheFolder.appending(path: "models")) }

    /// A file with the keys of the main one.
    func configuration(at path: String) -> SettingsFile<Configuration> {
        SettingsFile(kind: "configuration", path: path, cacheFolder: cacheFolder)
    }

    /// What the main file says; nothing if the file is missing.
    ///
    /// - Throws: `SettingsError`, `CancellationError`.
    func configuration() async throws -> Configuration {
        try await file.read() ?? Configuration()
    }
}
