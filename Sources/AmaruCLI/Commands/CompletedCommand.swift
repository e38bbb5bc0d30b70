// The command as shells complete it.
// SPDX-License-Identifier: Apache-2.0

import AmaruStore
import ArgumentParser

/// The command `amaru` with the options of a chat at its top, where the parser has them in the
/// default subcommand only.
///
/// It is never run: scripts for shells are made of it, and their questions answered by it.
struct CompletedCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "amaru",
        abstract: AmaruCommand.configuration.abstract,
        version: AmaruCommand.configuration.version,
        subcommands: AmaruCommand.configuration.subcommands.map { command in
            command == ChatCommand.self ? CompletedChat.self : command
        }
    )

    @OptionGroup var options: CompletedOptions

    /// The script that the command line asks for; nil if it asks for something else.
    static func script(askedFor words: [String]) -> String? {
        let name = "--generate-completion-script"
        guard let first = words.first, first == name || first.hasPrefix(name + "=") else {
            return nil
        }
        let word = first == name ? words.dropFirst().first : String(first.dropFirst(name.count + 1))
        let shell = word.map { CompletionShell(rawValue: $0) } ?? CompletionShell.autodetected()
        return shell.map { completionScript(for: $0) }
    }
}

/// `amaru chat`, likewise.
struct CompletedChat: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chat",
        abstract: ChatCommand.configuration.abstract
    )

    @OptionGroup var options: CompletedOptions
}

/// The options of a chat, with an id after `-c`: for the parser that is a word of the prompt.
struct CompletedOptions: ParsableArguments {
    @Option(
        name: .customShort("m"),
        help: "The short form of --model.",
        completion: .custom(ModelCompletion.words)
    )
    var shortModel: String?

    @Option(
        name: [.customShort("c"), .customLong("continue")],
        help: "Go on with a conversation.",
        completion: .custom(ConversationCompletion.words)
    )
    var identifier: String?

    @OptionGroup var answer: AnswerOptions
    @OptionGroup var options: ChatOptions
    @OptionGroup var store: StoreOptions
    @OptionGroup var screen: ScreenOptions
    @OptionGroup var templates: TemplateOptions
}

/// What a shell completes where a conversation is named.
enum ConversationCompletion {
    private static let bound = 100

    /// Returns the ids of the last conversations, with their titles if the shell shows them.
    @Sendable static func words(_: [String], _: Int, _ prefix: String) -> [String] {
        let store = try? ConversationStore.existing(at: StoreOptions.path)
        let last = (try? store?.list(atMost: bound)) ?? []
        let mark =
            switch CompletionShell.requesting {
            case .zsh: ":"
            case .fish: "\t"
            default: ""
            }
        return last.reversed().filter { $0.id.hasPrefix(prefix) }.map { conversation in
            mark.isEmpty ? conversation.id : conversation.id + mark + title(of: conversation)
        }
    }

    private static func title(of conversation: Conversation) -> String {
        ShownText.line(conversation.title)
    }
}
