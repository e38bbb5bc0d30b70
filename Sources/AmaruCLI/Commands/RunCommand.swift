// `amaru run PATH`: run a Python script, and chat with it if it converses.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
import ArgumentParser

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run a chat script: a Python file, or a folder with a main.py.",
        discussion: """
            A script that leaves a callable sender_message_proxy, or marks a function with \
            amaru.reply, gets each line of the input as a message. Any other just runs, as it \
            would under python. What follows -- are the script's own arguments.
            """
    )

    @Argument(
        help: "The script, or a folder with a main.py.",
        completion: .file(extensions: ["py"])
    )
    var path: String

    @Argument(help: "The script's own arguments; options only after --.")
    var arguments: [String] = []

    @Option(
        help: """
            What relative URLs are relative to: the URL of a web page, or a folder (default: the \
            script's).
            """
    )
    var origin: String?

    @OptionGroup var options: ChatOptions

    func validate() throws {
        guard let origin else { return }
        if origin.contains("://") { return try ChatOptions.check(origin, named: "--origin") }
        var isFolder = false
        guard FileManager.default.fileExists(atPath: origin, isDirectory: &isFolder), isFolder
        else { throw ValidationError("--origin \(origin): there is no such folder.") }
    }

    func run() async throws {
        let program = try Program(options)
        await program.end {
            let script = try ChatScript(path: path, arguments: CommandLine.bytes(of: arguments))
            let session = ChatSession { [origin] in
                var configuration = try await program.prepare(script)
                configuration.settings.fetchBase = origin ?? ""
                return configuration
            }
            return try await ScriptRun(program: program, session: session).run()
        }
    }
}
