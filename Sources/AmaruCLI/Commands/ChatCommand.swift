// `amaru [PROMPT…]`: converse on a terminal, else answer once.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
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
            Exit codes: 0 answered; 1 failed, or the answer does not fit --schema; 2 wrong usage, \
            nothing was sent; 130 interrupted; 141 the reader of the output has gone.
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

    @OptionGroup(title: "Answer options") var answer: AnswerOptions

    @OptionGroup var options: ChatOptions

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
        let isConversation = prompt.isEmpty && isatty(STDIN_FILENO) == 1
        try answer.check(isConversation: isConversation, hasPrompt: !prompt.isEmpty)
        var options = options
        options.model = options.model ?? shortModel
        let program = try Program(options, isConversation: isConversation)
        await program.end {
            let words = prompt.joined(separator: " ")
            let (message, files) = try await program.interrupts.during({ _ in
                program.leave(ProcessEnd.interrupted)
            }) {
                // What is attached is not part of the message, too.
                let isTaken = isConversation || answer.attach.contains("-")
                let message = try await isTaken ? nil : PipedInput.message(after: words)
                return (
                    message ?? (isConversation ? nil : words),
                    try await AttachmentSource.attachments(answer.attach, network: program.network)
                )
            }
            let writer = try answer.format.map { try AnswerWriter($0, to: answer.output) }
            // Before a line is read: two readers would share the terminal.
            if answer.dryRun {
                // Nothing is sent.
            } else if program.isRemote {
                try await program.askForKey()
            } else {
                try program.checkModel()
            }
            let session = ChatSession { [answer] in
                var made =
                    try await answer.dryRun
                    ? program.prepareDryRun() : program.prepareConversation()
                try answer.apply(to: &made.settings)
                return made
            }
            let chat = ChatLoop(program: program, session: session, writer: writer)
            if let message { return try await chat.answer(message, files) }
            return try await chat.converse(files)
        }
    }
}
