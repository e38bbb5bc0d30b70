// `amaru repl [PATH]`: type Python, with await, and a script's names if one is named.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
import ArgumentParser

struct ReplCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "repl",
        abstract: "Type Python line by line, with await; or run a script first, and go on there.",
        discussion: """
            await amaru.chat("…") sends a message of one conversation to the model. Tab completes, \
            Ctrl-C stops a line, Ctrl-D or exit() ends the session.
            """
    )

    @Argument(
        help: "A script, as for amaru run, whose names are there.",
        completion: .file(extensions: ["py"])
    )
    var path: String?

    @Argument(help: "The script's own arguments; options only after --.")
    var arguments: [String] = []

    // Not among the options that are shared: `amaru run -m` names a module.
    @Option(
        name: .customShort("m"),
        help: ArgumentHelp("The short form of --model.", valueName: "model"),
        completion: .custom(ModelCompletion.words)
    )
    var shortModel: String?

    @OptionGroup var options: ChatOptions

    private var source: ScriptSource? { path.map { ScriptSource($0) } }

    func validate() throws {
        if source == .standardInput {
            throw ValidationError("Standard input has the lines of the session: leave - out.")
        }
        if case .url(let url) = source { try ChatOptions.check(url, named: "PATH") }
    }

    func run() async throws {
        var options = options
        options.model = options.model ?? shortModel
        let program = try await Program(options)
        let words = CommandLine.bytes(of: arguments)
        await program.end {
            let session = ChatSession { [source] in
                let found =
                    if let source { try await program.script(source, words) } else {
                        FoundScript(script: ChatScript())
                    }
                var configuration = try await program.prepare(found.script)
                configuration.settings.fetchBase = found.base ?? ""
                configuration.isForNames = true
                return configuration
            }
            return try await ReplLoop(program: program, session: session).run()
        }
    }
}
