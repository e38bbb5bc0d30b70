// `amaru history`: the conversations that were kept.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
import AmaruEnvironment
import AmaruStore
import ArgumentParser

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

struct HistoryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history",
        abstract: "List, search, show, export, import or delete conversations.",
        discussion: """
            Conversations are kept in $XDG_DATA_HOME/amaru/conversations.db, which only you can \
            read. An id may be cut short as long as it stays the only one that begins so. To go on \
            with a conversation: amaru -c ID.
            """,
        subcommands: [
            List.self, Search.self, Show.self, Export.self, Import.self, Delete.self,
        ],
        defaultSubcommand: List.self
    )

    /// The store; nil, and said, if nothing was ever kept.
    static func store() throws -> ConversationStore? {
        let store = try ConversationStore.existing(at: StoreOptions.path)
        if store == nil { sayThereAreNone() }
        return store
    }

    static func sayThereAreNone() { Report.line("There are no conversations.") }

    /// The settings, which have the prices; without them nothing else is wrong here.
    static func prices() async -> Configuration {
        (try? await UserSettings().configuration()) ?? Configuration()
    }

    /// The conversation of an id, or the one that the user picks on a terminal.
    ///
    /// - Throws: `CommandFailure`.
    static func whole(_ word: String?, in store: ConversationStore) throws -> WholeConversation {
        let id = try word.map { try store.identifier(named: $0) } ?? HistoryPicker.pick(from: store)
        guard let whole = try store.load(id) else {
            throw CommandFailure("The conversation \(id) was deleted just now.")
        }
        return whole
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "List the conversations: id, time of the last message, title.",
            discussion: "With --json also the tokens, and their cost by the prices of the settings."
        )

        @Option(
            name: [.customShort("n"), .customLong("count")],
            help: "How many of the last ones to list; all without it."
        )
        var count: Int?

        @Flag(help: "Write one JSON object on each line.")
        var json = false

        func validate() throws {
            guard count ?? 1 > 0 else { throw ValidationError("--count is a number from 1 on.") }
        }

        func run() async throws {
            try await Report.exiting {
                guard let store = try HistoryCommand.store() else { return }
                let all = try store.list(atMost: count)
                if all.isEmpty { HistoryCommand.sayThereAreNone() }
                guard json else { return try Report.output(HistoryText.list(all)) }
                let prices = await HistoryCommand.prices()
                var spendings: [String: Spending] = [:]
                for used in try store.usage() {
                    spendings[used.conversation, default: Spending()].add(
                        TokenUsage(prompt: used.prompt, completion: used.completion),
                        turns: used.turns,
                        at: prices.price(of: used.model, at: used.server)
                    )
                }
                try Report.output(
                    ConversationDocument.lines(of: all, spendings, currency: prices.currency)
                )
            }
        }
    }

    struct Search: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "search",
            abstract: "Find the conversations in which all words occur, the best first."
        )

        @Argument(help: "Words, or their beginnings.")
        var words: [String]

        @Option(
            name: [.customShort("n"), .customLong("count")],
            help: "How many messages to look at most for."
        )
        var count = 50

        @Flag(help: "Write one JSON object on each line.")
        var json = false

        func validate() throws {
            guard count > 0 else { throw ValidationError("--count is a number from 1 on.") }
            guard words.contains(where: { $0.contains { !$0.isWhitespace } }) else {
                throw ValidationError("What is to be found? Write a word of the conversation.")
            }
        }

        func run() async throws {
            try await Report.exiting {
                guard let store = try HistoryCommand.store() else { return }
                let parts = words.flatMap { $0.split(whereSeparator: \.isWhitespace) }
                let found = try store.search(parts.map(String.init), atMost: count)
                guard !found.isEmpty else {
                    Report.line("No conversation has these words.")
                    throw ExitCode(1)
                }
                try Report.output(
                    try json ? ConversationDocument.lines(of: found) : HistoryText.findings(found)
                )
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show",
            abstract:
                "Show a conversation as Markdown; without an id, on a terminal, you pick one.",
            discussion: """
                On a terminal it looks as it did in the chat, and goes through the program of \
                PAGER, else less, if it is longer than the screen; PAGER=cat does without. \
                Elsewhere it is Markdown as it is.
                """
        )

        @Argument(
            help: "The conversation's id, or its beginning.",
            completion: .custom(ConversationCompletion.words)
        )
        var id: String?

        @Flag(help: "Show the branches that were left, too.")
        var all = false

        @Flag(help: "Write it as JSON, with all branches.")
        var json = false

        func run() async throws {
            try await Report.exiting {
                guard let store = try HistoryCommand.store() else { return }
                let whole = try HistoryCommand.whole(id, in: store)
                let prices = await HistoryCommand.prices()
                guard !json else {
                    return try Report.output(
                        try ConversationDocument(whole, store, prices).text
                    )
                }
                let text = HistoryText.markdown(whole, isWhole: all, prices)
                guard isatty(STDOUT_FILENO) == 1 else { return try Report.output(text) }
                try await Pager(variables: EnvironmentVariables.current).show(text)
            }
        }
    }
}
