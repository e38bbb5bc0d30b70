// Which server and which model are asked, of all that options, variables and file name.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import ArgumentParser

/// What is asked, and what goes with each request.
///
/// The server is that of the first of these which names one:
///
/// 1. `--gguf FILE`: the model on this machine; the file of settings says nothing about it.
/// 2. `--base-url URL`: there, `--model` is a name of the server's own.
/// 3. `--model` with an alias, a provider, or `PROVIDER/MODEL`.
/// 4. `OPENAI_BASE_URL`: as `--base-url`, except that 3 goes before it. While it is set, `openai/…`
///    is a name of that server's own, unless the file has a provider `openai`.
/// 5. `model` in the file.
/// 6. The provider `openai` if there is a key for it, else the model on this machine.
///
/// A plain name in `--model` takes the place of the model that 4, 5 or 6 would ask, and leaves the
/// server. What goes with each request comes from the options, then the alias, then the provider:
/// the first system prompt, and for each option and header the first value.
///
/// The key is that of the server's origin: `--key-env`, then the provider's `key`, which without an
/// entry is the variable `PROVIDER_API_KEY`, then what `amaru keys set` stored, then the prompt.
struct ModelChoice: Equatable, Sendable {
    /// The provider's name; nil for a server that is named by its URL, or the model here.
    var provider: String?
    /// The server's base URL; nil for the standard one, if there is a key.
    var baseURL: String?
    /// The model's name; nil for the server's default.
    var model: String?
    var system: String?
    /// Further fields of each request; the values are JSON texts.
    var options: [String: String] = [:]
    var headers: [String: String] = [:]
    var price: Price?
    var currency: String?

    /// Where the user has named a model or a server.
    struct Words: Equatable, Sendable {
        var model: String?
        var baseURL: String?
        var isLocal = false
    }

    /// The variable that names a server.
    static let variable = "OPENAI_BASE_URL"

    /// The model of the standard provider.
    static let standardModel = "gpt-4o-mini"

    /// Finds what is asked.
    ///
    /// - Throws: `ValidationError` for a variable that holds no URL, or a misspelt provider.
    init(
        _ words: Words,
        variables: [String: String],
        configuration: Configuration
    ) throws {
        currency = configuration.currency
        if words.isLocal || words.baseURL != nil {
            (baseURL, model) = (words.baseURL, words.model)
            return
        }
        let url = Self.url(in: variables)
        let standard = configuration.providers[Configuration.standardProvider]
        let isRedefined = url != nil && standard == nil
        if let word = words.model {
            if take(word, of: configuration, unlessStandard: isRedefined) { return }
            try Self.refuse(word, of: configuration)
        }
        if let url {
            try ChatOptions.check(url, named: Self.variable)
            (baseURL, model) = (url, words.model)
            return
        }
        if let word = configuration.model {
            if !take(word, of: configuration, unlessStandard: false) {
                take(Configuration.standardProvider, word, of: configuration)
            }
            guard let plain = words.model, let provider else { return }
            self = Self(currency: currency)
            take(provider, plain, of: configuration)
        } else {
            take(Configuration.standardProvider, words.model, of: configuration)
            // Without a key the model on this machine answers.
            if standard == nil { baseURL = nil }
        }
    }

    /// What the variable holds, without blanks around it; nil if nothing is left.
    static func url(in variables: [String: String]) -> String? {
        variables[variable].map(\.trimmed).flatMap { $0.isEmpty ? nil : $0 }
    }

    private init(currency: String?) { self.currency = currency }

    /// What a chat that asks this asks from now on, by a word as in `--model`.
    ///
    /// A plain name is a model of the same server; without one, of the server of plain names.
    ///
    /// - Throws: `ValidationError` for a misspelt alias or provider.
    func switched(to word: String, _ configuration: Configuration) throws -> ModelChoice {
        var new = ModelChoice(currency: configuration.currency)
        let isNamed = provider != nil || baseURL == nil
        let hasStandard = configuration.providers[Configuration.standardProvider] != nil
        // A server that was named by its URL may have models of its own below openai/.
        if new.take(word, of: configuration, unlessStandard: !isNamed && !hasStandard) {
            return new
        }
        try Self.refuse(word, of: configuration)
        if isNamed {
            new.take(provider ?? Self.home(of: configuration), word, of: configuration)
        } else {
            (new.baseURL, new.model) = (baseURL, word)
        }
        return new
    }

    /// Takes what an alias, a provider or `PROVIDER/MODEL` means; returns whether it means anything.
    private mutating func take(
        _ word: String,
        of configuration: Configuration,
        unlessStandard: Bool
    ) -> Bool {
        if let alias = configuration.aliases[word] {
            let isKnown = take(alias.model, ofProviderIn: configuration, unlessStandard)
            if !isKnown { take(Self.home(of: configuration), alias.model, of: configuration) }
            system = alias.system ?? system
            options.merge(alias.options ?? [:]) { _, own in own }
            headers.merge(alias.headers ?? [:]) { _, own in own }
            return true
        }
        return take(word, ofProviderIn: configuration, unlessStandard)
    }

    private mutating func take(
        _ word: String,
        ofProviderIn configuration: Configuration,
        _ unlessStandard: Bool
    ) -> Bool {
        let parts = word.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let name = String(parts[0])
        guard configuration.provider(name) != nil,
            !unlessStandard || name != Configuration.standardProvider
        else { return false }
        take(name, parts.count > 1 ? String(parts[1]) : nil, of: configuration)
        return true
    }

    private mutating func take(_ name: String, _ model: String?, of configuration: Configuration) {
        let found = configuration.provider(name) ?? Configuration.Provider()
        provider = name
        baseURL = found.baseURL
        let isStandard = name == Configuration.standardProvider
        self.model = model ?? found.model ?? (isStandard ? Self.standardModel : nil)
        system = found.system
        options = found.options ?? [:]
        headers = found.headers ?? [:]
        price = self.model.flatMap { found.prices?[$0] }
    }

    /// The provider of plain names: that of the file's `model`.
    private static func home(of configuration: Configuration) -> String {
        let word = configuration.model ?? ""
        let name = String((configuration.aliases[word]?.model ?? word).prefix { $0 != "/" })
        return configuration.provider(name) == nil ? Configuration.standardProvider : name
    }

    /// Refuses what was surely meant as an alias or a provider of the file.
    private static func refuse(_ word: String, of configuration: Configuration) throws {
        let name = String(word.prefix { $0 != "/" })
        let rest = word.dropFirst(name.count)
        let known = rest.isEmpty ? configuration.aliases.keys.sorted() : []
        let providers = configuration.providers.keys.sorted()
        guard let near = NearMiss.names(near: name, among: known + providers).first else { return }
        throw ValidationError(
            "There is no provider or alias \(name): did you mean \(near)\(rest)? "
                + "amaru config path names the file that defines them."
        )
    }
}
