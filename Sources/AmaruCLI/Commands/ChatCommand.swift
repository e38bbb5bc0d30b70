// `amaru [PROMPT…]`: converse on a terminal, else answer once.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
import AmaruStore
import ArgumentParser

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

struct ChatCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chat",
        abstract: "Chat with a model: answer a prompt or piped input once, or converse.",
        discussion: """
            While you type: Alt-Enter, a backslash at the end or three double quotes begin a new \
            line; Up and Ctrl-R find earlier lines; Tab completes /commands and @files; Ctrl-G opens \
            the editor of VISUAL or EDITOR; Ctrl-C stops an answer, or clears the line; Ctrl-D ends \
            the chat. What you enter during an answer is sent behind it; Up takes it back.
            """
    )

    @Argument(help: "The prompt; without one, on a terminal, you converse.")
    var prompt: [String] = []

    // Not among the options that are shared: `amaru run -m` names a module.
    @Option(
        name: .customShort("m"),
        help: ArgumentHelp("The short form of --model.", valueName: "model")
    )
    var shortModel: String?

    @OptionGroup var options: ChatOptions
    @OptionGroup(title: "Conversation options") var continuation: ContinueOptions
    @OptionGroup var store: StoreOptions

    @OptionGroup(title: "Screen options") var screen: ScreenOptions

    func validate() throws {
        // A prompt in quotes is one word; behind -- there is no command.
        guard let word = prompt.first, !CommandLine.arguments.contains("--") else { return }
        // Also behind a command's name with a typing error.
        if let script = prompt.prefix(2).last, script.hasSuffix(".py"),
            FileManager.default.fileExists(atPath: script)
        {
            throw ValidationError(
                "\(script) is a script, and no prompt: amaru run \(script) runs it. For a prompt with "
                    + "such a name, write -- before it."
            )
        }
        guard prompt.count > 1, AmaruCommand.commandNames.contains(word) else { return }
        throw ValidationError(
            "The command \(word) comes first: put the options behind it, as in amaru \(word) "
                + "--model NAME …; quote a prompt that begins with this word."
        )
    }

    func run() async throws {
        var (prompt, options) = (prompt, options)
        options.model = options.model ?? shortModel
        let former = try continuation.conversation(&prompt)
        try former.map { try options.goOn(with: $0.conversation) }
        let isConversation = prompt.isEmpty && isatty(STDIN_FILENO) == 1
        let program = try Program(options, isConversation: isConversation, isPlain: screen.plain)
        await program.end { [prompt] in
            let words = prompt.joined(separator: " ")
            let message = try await program.interrupts.during({ _ in
                program.leave(ProcessEnd.interrupted)
            }) { try await isConversation ? nil : PipedInput.message(after: words) }
            // Before a line is read: two readers would share the terminal.
            if program.isRemote { try await program.askForKey() } else { try program.checkModel() }
            let session = ChatSession {
                var prepared = try await program.prepareConversation()
                prepared.settings.commands = ConversationCommand.summaries
                return prepared
            }
            let record = ChatRecord(program, session, store, continuing: former)
            var chat = ChatLoop(program: program, session: session, record: record)
            chat.hasCommands = true
            if isConversation, let former { await program.screen.notice(former.welcome) }
            if let message { return try await chat.answer(message) }
            return try await chat.converse()
        }
    }
}
