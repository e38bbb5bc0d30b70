// Another model for the conversation that is under way.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
import AmaruEnvironment
import AmaruHTTP
import ArgumentParser

/// A model that may be asked beside the chat's own.
struct OfferedModel: Sendable {
    /// The word that the user has named it by.
    let name: String
    let settings: ChatSettings
}

extension Program {
    /// The word that means the model on this machine, in a chat that began with it.
    static let localName = "local"

    /// Has a chat ask another model from its next message on.
    ///
    /// - `word`: As in `--model`: an alias, a provider, `PROVIDER/MODEL`, or a model's name.
    /// - Throws: `ValidationError`, `SettingsError`; as `askForKey(_:)`. What is asked stays as it
    ///   was then.
    func switchModel(to word: String, of session: ChatSession) async throws {
        let configuration = try await userSettings.configuration()
        if let local, word == Self.localName, configuration.aliases[word] == nil {
            ask(local.choice, keys: local.keys)
            session.change { $0.takeServer(of: local.settings) }
            return
        }
        let new = try choice.switched(to: word, configuration)
        let ring = try keys(of: new)
        try await askForKey(ring)
        ask(new, keys: ring)
        network.allow(ring.origin)
        let made = settings()
        session.change { $0.takeServer(of: made) }
        // While the user types.
        Task { [network] in await network.prepare(for: ring.origin, within: .seconds(10)) }
    }

    /// What may be asked beside the chat's own model; the keys are asked for.
    ///
    /// - `words`: As in `--model`.
    /// - Throws: As `switchModel(to:of:)`.
    func offers(_ words: [String]) async throws -> [OfferedModel] {
        guard !words.isEmpty else { return [] }
        let configuration = try await userSettings.configuration()
        var offers: [OfferedModel] = []
        for word in words where !offers.contains(where: { $0.name == word }) {
            let new = try choice.switched(to: word, configuration)
            guard new.model?.isEmpty == false else {
                throw ValidationError("--offer \(word.debugDescription) names no model.")
            }
            let ring = try keys(of: new)
            if word == settings().model {
                if ring.origin == keys.origin, new.model == word { continue }
                throw ValidationError(
                    "--offer \(word): the chat's own model has that name; give another alias to it."
                )
            }
            try await askForKey(ring)
            network.allow(ring.origin)
            offers.append(OfferedModel(name: word, settings: settings(of: new, ring)))
        }
        return offers
    }

    /// What is asked, for the user.
    func modelText(of session: ChatSession) -> String {
        let settings = session.settings ?? settings()
        guard !settings.isLocal, isRemote else {
            // Python may not have started yet.
            let model = settings.isLocal ? settings.model : localModel
            return "The model is \(model), on this machine."
        }
        let place = choice.provider ?? "\(keys.origin)"
        return "The model is \(settings.model) of \(place)."
    }

    /// The words that may follow `/model`; the server is asked for its models if it never was.
    func modelNames() async -> [String] {
        if isRemote, userSettings.models.list(of: baseURL) == nil {
            _ = try? await models(within: .all(.seconds(5)))
        }
        let names = ModelCompletion.names(userSettings, askedAt: baseURL)
        return local == nil ? names : names + [Self.localName]
    }
}

extension ChatSettings {
    /// Takes over what depends on the server and the model.
    fileprivate mutating func takeServer(of other: ChatSettings) {
        model = other.model
        baseURL = other.baseURL
        system = other.system
        options = other.options
        headers = other.headers
        keyPlaceholder = other.keyPlaceholder
        keyVariable = other.keyVariable
        keyRemedy = other.keyRemedy
        needsKey = other.needsKey
        isLocal = other.isLocal
    }
}
