// The options of the store: whether a conversation is kept, and which one goes on.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruStore
import ArgumentParser

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

struct StoreOptions: ParsableArguments {
    @Flag(help: "Keep nothing of the conversation on the disk.")
    var noStore = false

    /// Where conversations are kept.
    static var path: String {
        let folder = UserFolder.data(in: EnvironmentVariables.current)
        return folder.appending(path: "conversations.db").path
    }

    /// The database of a URL.
    ///
    /// - Throws: `ValidationError`.
    static func place(_ url: String) throws -> PostgresPlace {
        if let place = PostgresPlace(url) { return place }
        // What is wrong may be a password, and is not repeated.
        throw ValidationError(
            "--store: this is not a URL such as postgresql://user@host/database; within a "
                + "password write %40 for @ and %2F for /."
        )
    }
}

struct ContinueOptions: ParsableArguments {
    @Flag(
        name: [.customShort("c"), .customLong("continue")],
        help: """
            Go on with the last conversation, or with the one whose id follows: -c k3f9, or \
            --continue=k3f9. An id may be cut short as long as it is the only one that begins so; \
            after -c it has three characters or more, a letter and a digit among them. A prompt \
            that begins with such a word goes after --: -c -- 3rd try. amaru history list shows \
            the ids.
            """
    )
    var isContinued = false

    @Option(
        name: .customLong("conversation"),
        help: ArgumentHelp("Go on with this conversation.", valueName: "id", visibility: .hidden)
    )
    var identifier: String?

    /// Takes the conversation to go on with, and its id off the words of the prompt; nil for a new
    /// one.
    ///
    /// - Throws: `CommandFailure` if it is missing or cannot be continued; `StoreError`.
    func conversation(_ prompt: inout [String]) throws -> WholeConversation? {
        guard isContinued || identifier != nil else { return nil }
        guard let store = try ConversationStore.existing(at: StoreOptions.path) else {
            throw CommandFailure("There is no conversation yet that could be continued.")
        }
        var id = try identifier.map { try store.identifier(named: $0) }
        if id == nil, let word = prompt.first, followsFlag(word) {
            id = try store.identifier(beginning: prompt)
            if id != nil { prompt.removeFirst() }
        }
        guard let id = try id ?? store.latest(isBuiltIn: true),
            var whole = try store.load(id)
        else { throw CommandFailure("There is no conversation yet that could be continued.") }
        if let script = whole.conversation.script {
            throw CommandFailure(
                "The conversation \(id) was with the script \(script), which alone knows how to "
                    + "go on: amaru history show \(id) shows it."
            )
        }
        try store.fetchFiles(of: &whole.turns)
        return whole
    }

    /// Whether a word stands after the option, where it may be an id.
    private func followsFlag(_ word: String) -> Bool {
        let words = CommandLine.arguments
        return zip(words, words.dropFirst()).contains { option, next in
            next == word && (option == "-c" || option == "--continue")
        }
    }

    /// Writes `--continue=ID` as the option that the parser knows.
    static func spelledOut(_ words: [String]) -> [String] {
        let prefix = "--continue="
        guard let index = words.firstIndex(where: { $0 == "--" || $0.hasPrefix(prefix) }),
            words[index] != "--"
        else { return words }
        var words = words
        words[index] = "--conversation=" + words[index].dropFirst(prefix.count)
        return words
    }
}

extension ChatOptions {
    /// Takes over what a conversation was begun with and nothing else is said about.
    ///
    /// A provider of the settings keeps its key, options and headers.
    mutating func goOn(with former: Conversation) async throws {
        if model == nil, gguf == nil, !former.server.isEmpty {
            // Another server hardly has the same models.
            if baseURL == nil || baseURL == former.server, !former.model.isEmpty {
                model = former.model
            }
            if baseURL == nil {
                let settings = try await UserSettings().configuration()
                // The variable stands for the provider of that name, unless the settings have it.
                let variables = EnvironmentVariables.current
                let isHidden = !variables[ModelChoice.variable, default: ""].isEmpty
                if let name = settings.providerName(at: former.server),
                    !isHidden || settings.providers[name] != nil
                {
                    model = model.map { "\(name)/\($0)" } ?? name
                } else {
                    baseURL = former.server
                }
            }
        }
        if !former.system.isEmpty { system = system ?? former.system }
    }
}
