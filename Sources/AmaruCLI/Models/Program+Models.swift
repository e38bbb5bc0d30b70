// The models of the server that is asked.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
import AmaruHTTP

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension Program {
    /// The base URL of the server that is asked.
    var baseURL: String { choice.baseURL ?? KeyRing.defaultBaseURL }

    /// The models of the server: those that were kept, if they are new enough, else it is asked.
    ///
    /// - `lifetime`: How many seconds old those that were kept may be.
    /// - Throws: `ServerFault`, `CancellationError`.
    func models(
        keptFor lifetime: Double = ModelCache.lifetime,
        within timeouts: HTTPTimeouts? = nil
    ) async throws -> ModelList {
        if let kept = userSettings.models.list(of: baseURL), kept.age < lifetime { return kept }
        var request = ModelRequest(
            baseURL: baseURL,
            network: network,
            key: keys.known,
            headers: choice.headers
        )
        if let timeouts { request.timeouts = timeouts }
        let models = try await request.models()
        let list = ModelList(
            baseURL: baseURL,
            fetched: Date().timeIntervalSince1970,
            models: models
        )
        userSettings.models.keep(list)
        return list
    }

    /// What to add to a failure: about a model that the server does not have, or files that the
    /// model may not take.
    func hint(about failure: ChatFailure, _ files: [Attachment] = []) async -> String? {
        if failure.code == "bad_request" || failure.code == "server",
            let file = files.first(where: { !MediaType.isText($0.mediaType) })
        {
            let option = screen.isInteractive ? "/model NAME" : "--model NAME"
            return "if the model takes no \(file.mediaType), send the message without "
                + "\(file.name), or ask another model: \(option)"
        }
        guard failure.code == "no_model", let model = choice.model else { return nil }
        // A list that lacks the model is as good as a new one; one that has it is out of date.
        let kept = userSettings.models.list(of: baseURL)
        let lifetime = kept?.models.contains(model) == false ? Double.infinity : 0
        let list = try? await models(keptFor: lifetime, within: .all(.seconds(5)))
        guard let list, !list.models.isEmpty else { return nil }
        guard !list.models.contains(model) else {
            return "it is in the server's list of models: it may need another key, or a moment"
        }
        let near = Self.near(model, list.models)
        let command = choice.provider.map { "amaru models \($0)" } ?? "amaru models"
        return near.isEmpty
            ? "\(command) lists the \(list.models.count) that it has"
            : "did you mean \(near.joined(separator: " or "))?"
    }

    /// Up to three models that a name may have been meant for.
    static func near(_ name: String, _ models: [String]) -> [String] {
        let found = NearMiss.names(near: name, among: models)
        if !found.isEmpty { return Array(found.prefix(3)) }
        // Without the maker's name before the slash, the version after it, or a hyphen.
        let simple = { (name: String) in name.lowercased().filter { $0.isLetter || $0.isNumber } }
        let wanted = simple(name)
        guard wanted.count >= 3 else { return [] }
        return Array(models.filter { simple($0).contains(wanted) }.prefix(3))
    }

    /// Says what a turn cost, if the settings have a price.
    func report(_ usage: TokenUsage?) async {
        guard let usage, let price = choice.price else { return }
        await screen.notice(Price.summary(of: usage, at: price, currency: choice.currency))
    }
}
