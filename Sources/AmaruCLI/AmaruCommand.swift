// The command `amaru`: its subcommands and its exit codes.
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation

@main
struct AmaruCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "amaru",
        abstract: "Chat with language models; run and extend the chat in Python.",
        discussion: """
            amaru "What is the capital of Peru?"     answer once
            amaru                                    converse
            echo data | amaru "Summarise this"       answer once, with the data
            amaru run chat.py                        run a chat script

            Without a key and without --base-url a tiny model answers on this machine.
            Exit codes: 0 all answered, 1 a message failed, 2 usage, 130 interrupted.
            """,
        version: "0.1.0",
        subcommands: [ChatCommand.self, RunCommand.self, PluginsCommand.self],
        defaultSubcommand: ChatCommand.self
    )

    private static let usage: Int32 = 2

    static func main() async {
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch  where exitCode(for: error) == .validationFailure {
            // The parser's own code is sysexits' 64; ours is the one that most commands use.
            FileHandle.standardError.write(Data((fullMessage(for: error) + "\n").utf8))
            Foundation.exit(usage)
        } catch {
            exit(withError: error)
        }
    }
}
