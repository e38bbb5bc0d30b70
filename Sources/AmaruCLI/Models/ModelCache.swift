// The models that servers have named, kept for completion and for typing errors.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What a server offered at a time.
struct ModelList: Codable, Equatable, Sendable {
    var baseURL: String
    /// Seconds since 1970.
    var fetched: Double
    var models: [String]

    /// How many seconds ago the server was asked; 0 if its clock was ahead.
    var age: Double { max(0, Date().timeIntervalSince1970 - fetched) }

    /// The age in words.
    var ageText: String {
        switch age {
        case ..<120: "\(Int(age)) s"
        case ..<7200: "\(Int(age / 60)) minutes"
        case ..<172_800: "\(Int(age / 3600)) hours"
        default: "\(Int(min(age / 86_400, 1e9))) days"
        }
    }
}

/// A file for each server.
struct ModelCache: Sendable {
    let folder: URL

    /// How long a list is good enough, in seconds.
    static let lifetime = 3600.0

    private func file(_ baseURL: String) -> URL {
        folder.appending(path: CacheKey.make([["amaru models", baseURL]]) + ".json")
    }

    /// What a server offered when it was asked last.
    func list(of baseURL: String) -> ModelList? {
        guard let bytes = FileManager.default.contents(atPath: file(baseURL).path) else {
            return nil
        }
        return try? JSONDecoder().decode(ModelList.self, from: bytes)
    }

    /// Keeps a list; one that cannot be written is asked for again.
    func keep(_ list: ModelList) {
        guard let bytes = try? JSONEncoder().encode(list) else { return }
        try? PrivateFile.write(bytes, to: file(list.baseURL))
    }
}

/// What a shell completes after `--model`.
enum ModelCompletion {
    /// Returns aliases, providers and the models that are known of each; asks nobody.
    @Sendable static func words(_: [String], _: Int, _ prefix: String) -> [String] {
        let settings = UserSettings()
        let variables = EnvironmentVariables.current
        let configuration = settings.file.known ?? Configuration()
        let words = ModelChoice.Words()
        let choice = try? ModelChoice(words, variables: variables, configuration: configuration)
        let home = choice?.baseURL ?? KeyRing.defaultBaseURL
        return names(settings, askedAt: home).filter { $0.hasPrefix(prefix) }
    }

    /// The same words, for a chat that asks a server.
    ///
    /// - `home`: The server of the plain names.
    static func names(_ settings: UserSettings, askedAt home: String) -> [String] {
        let configuration = settings.file.known ?? Configuration()
        var found = configuration.aliases.keys.sorted()
        found += settings.models.list(of: home)?.models ?? []
        for name in configuration.providers.keys.sorted() {
            let url = configuration.provider(name)?.baseURL ?? ""
            found.append(name)
            found += (settings.models.list(of: url)?.models ?? []).map { "\(name)/\($0)" }
        }
        // A name that shows as another one is not offered.
        return found.filter { ShownText.line($0) == $0 }
    }
}
