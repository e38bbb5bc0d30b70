// The command `amaru`: its subcommands and nothing else.
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

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
            """,
        version: "0.1.0",
        subcommands: [ChatCommand.self, RunCommand.self, PluginsCommand.self],
        defaultSubcommand: ChatCommand.self
    )
}
