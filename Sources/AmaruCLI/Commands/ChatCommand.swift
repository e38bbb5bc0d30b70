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
            the editor of VISUAL or EDITOR; Ctrl-C stops an answer, or clears the line; Ctrl-D, \
            exit or quit ends the chat. What you enter during an answer is sent after it; Up, or a \
            Ctrl-C that stops the answer, returns it to the line. /model NAME asks another model \
            from then on, /retry asks again, /new begins a new conversation, /copy copies the \
            answer; /help lists all commands.

            Exit codes: 0 answered; 1 failed, or the answer does not fit --schema; 2 wrong usage, \
            nothing was sent; 130 interrupted; 141 the reader of the output has gone.
            """
    )

    @Argument(
        help: """
            The prompt; without one, on a terminal, you converse. What is piped in goes with it, up to \
            its end: in a loop of the shell that reads a pipe, write </dev/null.
            """
    )
    var prompt: [String] = []

    // Not among the options that are shared: `amaru run -m` names a module.
    @Option(
        name: .customShort("m"),
        help: ArgumentHelp("The short form of --model.", valueName: "model"),
        completion: .custom(ModelCompletion.words)
    )
    var shortModel: String?

    @OptionGroup(title: "Answer options") var answer: AnswerOptions

    @OptionGroup var options: ChatOptions
    @OptionGroup(title: "Conversation options") var continuation: ContinueOptions
    @OptionGroup var store: StoreOptions

    @OptionGroup(title: "Screen options") var screen: ScreenOptions

    @OptionGroup(title: "Template options") var templates: TemplateOptions

    func validate() throws {
        // A prompt in quotes is one word; after -- there is no command.
        guard let word = prompt.first, !CommandLine.arguments.contains("--") else { return }
        // Also after a command's name with a typing error.
        if let script = prompt.prefix(2).last, script.hasSuffix(".py"),
            FileManager.default.fileExists(atPath: script)
        {
            throw ValidationError(
                "\(script) is a script, and no prompt: amaru run \(script) runs it. For a prompt with "
                    + "such a name, write -- before it."
            )
        }
        try AmaruCommand.refuseMistypedCommand(prompt)
        if prompt.count == 1, Self.namesScript(word),
            !FileManager.default.fileExists(atPath: word)
        {
            throw ValidationError(
                "There is no file \(word). To run a script, write: amaru run PATH; to send this as a "
                    + "prompt: amaru -- \(word)"
            )
        }
        guard prompt.count > 1, AmaruCommand.commandNames.contains(word) else { return }
        throw ValidationError(
            "The command \(word) comes first: put the options after it, as in amaru \(word) "
                + "--model NAME …; quote a prompt that begins with this word."
        )
    }

    /// Whether a word is the path of a script rather than a prompt.
    static func namesScript(_ word: String) -> Bool {
        word.hasSuffix(".py") && !word.contains("://") && !word.contains { $0.isWhitespace }
    }

    func run() async throws {
        var (prompt, options) = (prompt, options)
        options.model = options.model ?? shortModel
        let former = try continuation.conversation(&prompt)
        if let former { try await options.goOn(with: former.conversation) }
        let template = try await templates.filled()
        let isTyped = prompt.isEmpty && isatty(STDIN_FILENO) == 1
        let isConversation = isTyped && template?.prompt == nil
        if isTyped, template?.takesInput == true {
            throw ValidationError(
                "The template needs a text: write it after the options, or pipe it into amaru."
            )
        }
        try answer.check(isConversation: isConversation, hasPrompt: !prompt.isEmpty)
        options.model = options.model ?? template?.model
        options.system = options.system ?? template?.system
        let program = try await Program(
            options,
            requestOptions: template?.options ?? [:],
            isConversation: isConversation,
            isPlain: screen.plain
        )
        await program.end { [prompt] in
            let words = prompt.joined(separator: " ")
            let (message, files) = try await program.interrupts.during({ _ in
                program.leave(ProcessEnd.interrupted)
            }) {
                // What is attached is not part of the message, too.
                let isTaken = isConversation || answer.attach.contains("-")
                let message = try await isTaken ? nil : text(of: words, in: template)
                return (
                    message ?? (isConversation ? nil : words),
                    try await AttachmentSource.attachments(answer.attach, network: program.network)
                )
            }
            // A conversation is shown as it goes.
            let format = isConversation ? nil : answer.format
            let writer = try format.map { try AnswerWriter($0, to: answer.output) }
            // Before a line is read: two readers would share the terminal.
            if answer.dryRun {
                // Nothing is sent: no key is asked for, and no command for one is run.
                try await program.keys.load(
                    variables: program.variables,
                    runningCommands: false
                )
            } else if program.isRemote {
                try await program.askForKey()
            } else {
                try program.checkModel()
            }
            let session = ChatSession { [answer] in
                var made =
                    try await answer.dryRun
                    ? program.prepareDryRun() : program.prepareConversation()
                made.settings.commands = ConversationCommand.summaries
                try answer.apply(to: &made.settings)
                return made
            }
            session.marksEscapes = screen.showEscapes
            var store = store
            if answer.dryRun { store.noStore = true }
            let record = ChatRecord(program, session, store, continuing: former)
            var chat = ChatLoop(program: program, session: session, record: record)
            (chat.writer, chat.hasCommands) = (writer, true)
            // A word of the prompt may have been meant for an id.
            let isSaid = message != nil && !answer.json && !answer.events && !answer.dryRun
            if let former, isSaid || isatty(STDERR_FILENO) == 1 {
                await program.screen.notice(former.welcome)
                if let last = former.lastExchange, program.screen.isInteractive {
                    try await program.screen.showFormer(last)
                }
            }
            let server = program.isRemote ? program.keys.origin : nil
            for warning in former?.warnings(asking: server) ?? [] {
                await program.screen.notice(warning)
            }
            if let message { return try await chat.answer(message, files) }
            return try await chat.converse(files)
        }
    }

    /// What is asked: the prompt and what was piped in, in the template if there is one.
    private func text(of words: String, in template: Template?) async throws -> String {
        guard let template, template.prompt != nil else {
            return try await PipedInput.message(after: words)
        }
        if template.takesInput {
            return template.prompt(with: try await PipedInput.message(after: words))
        }
        let parts = [template.prompt(with: ""), words].filter { !$0.isEmpty }
        return try await PipedInput.message(after: parts.joined(separator: "\n\n"))
    }
}
