// What the user's file of settings says.
// SPDX-License-Identifier: Apache-2.0

import AmaruHTTP

/// The settings in `config.toml`.
///
/// ```toml
/// model = "fast"                          # what is asked when --model is left out
/// highlight = false                       # or true, or the seconds that code waits for colours
///
/// [providers.groq]
/// base-url = "https://api.groq.com/openai/v1"
/// key.command = "pass show groq"          # or key.variable, key.file, "prompt", "none"
/// model = "llama-3.3-70b-versatile"
/// options = { temperature = 0.2 }
/// prices."llama-3.3-70b-versatile" = { input = 0.59, output = 0.79 }
///
/// [aliases]
/// fast = "groq/llama-3.1-8b-instant"
/// careful = { model = "openai/o3", options = { reasoning_effort = "high" } }
/// ```
struct Configuration: Codable, Equatable, Sendable {
    /// What is asked when the user names no model: an alias, a provider, or a model's name.
    var model: String?
    /// What stands before an amount of money.
    var currency: String?
    /// Whether code gets colours; the usual if nil.
    var highlight: Highlight?
    var providers: [String: Provider] = [:]
    var aliases: [String: Alias] = [:]

    /// Whether code gets colours, and how long it may wait for them.
    enum Highlight: Codable, Equatable, Sendable {
        case off
        case on(seconds: Double?)
    }

    /// A server that models are asked at, with what goes to it.
    struct Provider: Codable, Equatable, Sendable {
        var baseURL: String?
        var key: KeySource?
        var model: String?
        var system: String?
        /// Further fields of each request; the values are JSON texts.
        var options: [String: String]?
        var headers: [String: String]?
        var prices: [String: Price]?
    }

    /// A short name for a model, with what goes with it.
    struct Alias: Codable, Equatable, Sendable {
        var model: String
        var system: String?
        var options: [String: String]?
        var headers: [String: String]?
    }

    /// The provider that is known without the file.
    static let standardProvider = "openai"

    /// A provider by its name; the standard one need not be in the file.
    func provider(_ name: String) -> Provider? {
        guard name == Self.standardProvider else { return providers[name] }
        var found = providers[name] ?? Provider()
        found.baseURL = found.baseURL ?? KeyRing.defaultBaseURL
        return found
    }

    /// The names of all providers, the standard one included.
    var providerNames: [String] {
        Set(providers.keys).union([Self.standardProvider]).sorted()
    }

    /// The name of the provider with this base URL.
    func providerName(at url: String) -> String? {
        providerNames.first { provider($0)?.baseURL == url }
    }

    /// Where each provider's key comes from, and the one origin that it belongs to.
    var keys: [ProviderKey] {
        providerNames.compactMap { name in
            guard let found = provider(name), let url = found.baseURL,
                let origin = try? HTTPOrigin(parsing: url)
            else { return nil }
            return ProviderKey(name: name, origin: origin, source: found.key)
        }
    }
}

/// Where a key comes from.
enum KeySource: Codable, Equatable, Sendable {
    /// An environment variable.
    case variable(name: String)
    /// The first line that a program prints.
    case command(words: [String])
    /// A file that its owner alone can read.
    case file(path: String)
    /// The user, at each start.
    case prompt
    /// The server needs none.
    case unneeded

    /// Whether a program is run for it.
    var isCommand: Bool {
        if case .command = self { true } else { false }
    }
}

/// A provider's key: where it comes from, and where it may go.
struct ProviderKey: Equatable, Sendable {
    let name: String
    let origin: HTTPOrigin
    /// What the file says; nil to look into the variable, then among the stored keys.
    let source: KeySource?

    /// The variable that the key may be in; nil if it comes from elsewhere.
    var variable: String? {
        switch source {
        case .variable(let name): name
        case nil: Self.variable(for: name)
        default: nil
        }
    }

    /// What to do about the key if it is missing, or the server refuses it.
    var remedy: String {
        let place = "amaru config edit opens the file"
        return switch source {
        case .variable(let name): "set the variable \(name), or run amaru keys set \(self.name)"
        case nil: "set the variable \(Self.variable(for: name)), or run amaru keys set \(name)"
        case .unneeded: "the settings have key = \"none\" for \(name): \(place)"
        case .command, .file: "the settings say where the key of \(name) is: \(place)"
        case .prompt: "start again, and enter another one"
        }
    }

    /// The variable of a provider whose key has no source in the file: `groq` has `GROQ_API_KEY`.
    static func variable(for provider: String) -> String {
        let name = provider.uppercased().map { character in
            character.isASCII && (character.isLetter || character.isNumber) ? character : "_"
        }
        let isDigit = name.first?.isNumber ?? true
        return (isDigit ? "_" : "") + String(name) + "_API_KEY"
    }
}
