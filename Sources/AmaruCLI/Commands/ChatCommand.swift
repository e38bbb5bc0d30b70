// `amaru [PROMPT…]`: converse on a terminal, else answer once.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
import ArgumentParser
import Foundation

struct ChatCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chat",
        abstract: "Chat with a model: once with a prompt or piped input, else in turns."
    )

    @Argument(help: "The prompt; without one, and on a terminal, you converse.")
    var prompt: [String] = []

    @OptionGroup var options: ChatOptions

    func run() async throws {
        let program = try Program.begin(options)
        await program.end {
            let prompt = try wholePrompt()
            let screen = try Screen(isConversation: prompt == nil)
            // Before a line is read: two readers would share the terminal.
            try await program.askForKey(screen)
            let starting = Task { try await program.prepare(.builtIn, LazyScreen(screen)) }
            let chat = Conversation(program: program, screen: screen, starting: starting)
            if let prompt { return try await chat.answerOnce(prompt) }
            return try await chat.converse()
        }
    }

    /// The prompt with what was piped in, or nil for a conversation.
    private func wholePrompt() throws -> String? {
        let words = prompt.joined(separator: " ")
        guard isatty(STDIN_FILENO) == 0 else { return prompt.isEmpty ? nil : words }
        let data = try FileHandle.standardInput.readToEnd() ?? Data()
        var piped = String(decoding: data, as: UTF8.self)
        while piped.last?.isNewline == true { piped.removeLast() }
        let parts = [words, piped].filter { !$0.isEmpty }
        guard !parts.isEmpty else {
            throw ValidationError("There is no prompt: standard input is empty.")
        }
        return parts.joined(separator: "\n\n")
    }
}
