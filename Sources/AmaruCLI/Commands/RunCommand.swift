// `amaru run PATH`: run a Python script, and chat with it if it converses.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
import ArgumentParser

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run a chat script: a Python file, or a folder with a main.py.",
        usage: "amaru run [OPTIONS] PATH [ARGUMENTS…]",
        discussion: """
            A script that leaves a callable sender_message_proxy, or marks a function with \
            amaru.reply, gets each line of the input as a message. Any other just runs, as it \
            would under python. What follows PATH is the script's own.
            """
    )

    @Argument(
        parsing: .captureForPassthrough,
        help: ArgumentHelp(
            "The script, or a folder with a main.py; then the script's own arguments.",
            valueName: "path"
        ),
        completion: .file(extensions: ["py"])
    )
    var words: [String] = []

    @OptionGroup var options: ChatOptions

    func validate() throws {
        // The parser leaves to the words whatever begins with what it does not know.
        switch words.first {
        case "-h", "--help": throw CleanExit.helpRequest(Self.self)
        case "--version": throw CleanExit.message(AmaruCommand.configuration.version)
        case let word? where word.hasPrefix("-") && word != "--" && word != "-":
            throw ValidationError("Unknown option '\(word)'")
        default: break
        }
        guard words.contains(where: { $0 != "--" }) else {
            throw ValidationError("Missing expected argument '<path>'")
        }
    }

    /// The path and the script's arguments; `--` before either only separates.
    private var script: (path: String, arguments: [String]) {
        var rest = words[...]
        if rest.first == "--" { rest.removeFirst() }
        let path = rest.removeFirst()
        if rest.first == "--" { rest.removeFirst() }
        return (path, Array(rest))
    }

    func run() async throws {
        let program = try Program(options)
        await program.end {
            try StandardStreams.refuseFolder()
            let script = try ChatScript(path: script.path, arguments: script.arguments)
            let session = ChatSession { try await program.prepare(script) }
            return try await ScriptRun(program: program, session: session).run()
        }
    }
}
