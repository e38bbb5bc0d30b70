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
        abstract: "Run a Python script: a file, a folder, an archive, a URL, or standard input.",
        usage: """
            amaru run [OPTIONS] PATH [-- ARGS …]
            amaru run [OPTIONS] -c CODE [ARGS …]
            amaru run [OPTIONS] -m MODULE [ARGS …]
            """,
        discussion: """
            A script runs as it would under python, and what it has started is done before it ends. \
            One that leaves a callable sender_message_proxy, or marks a function with amaru.reply, \
            then gets each line of the input as a message, also one that begins with a slash: it \
            keeps the conversation, and has commands if it wants. Packages are those of the script's \
            # /// script block, of --with, and of the requirements.txt or pyproject.toml of a folder \
            that is named as PATH: what the project depends on, and not the project itself. What \
            follows -- are the script's own arguments; so is all that \
            follows -c CODE, -m MODULE, or a script whose first line starts amaru.
            """
    )

    @Argument(
        help: """
            A Python file; a folder or an archive (.tar.gz, .zip, .whl) with a main.py or \
            __main__.py; an http(s) URL of a script or an archive; or - for standard input.
            """,
        completion: .file(extensions: ["py"])
    )
    var path: String?

    @Argument(help: "The script's own arguments; options only after --.")
    var arguments: [String] = []

    @Option(
        name: .customShort("c"),
        parsing: .unconditional,
        help: ArgumentHelp("A program to run, as by python -c.", valueName: "code")
    )
    var code: String?

    @Option(
        name: .customShort("m"),
        parsing: .unconditional,
        help: ArgumentHelp("A module to run, as by python -m.", valueName: "module")
    )
    var module: String?

    @Option(
        help: """
            What relative URLs are relative to: the URL of a web page, or a folder (default: the \
            script's).
            """
    )
    var origin: String?

    @OptionGroup var options: ChatOptions
    @OptionGroup var store: StoreOptions

    @OptionGroup(title: "Screen options") var screen: ScreenOptions

    /// What is run, with its arguments.
    private var source: (ScriptSource, [String])? {
        // Behind -c and -m every word is an argument.
        let words = [path].compactMap(\.self) + arguments
        if let code { return (.code(code), words) }
        if let module { return (.module(module), words) }
        return path.map { (ScriptSource($0), arguments) }
    }

    func validate() throws {
        if source == nil {
            throw ValidationError("What is to be run? Write amaru run PATH, or -c CODE, -m MODULE.")
        }
        if case .url(let url) = source?.0 { try ChatOptions.check(url, named: "PATH") }
        guard let origin else { return }
        if origin.contains("://") { return try ChatOptions.check(origin, named: "--origin") }
        var isFolder = false
        guard FileManager.default.fileExists(atPath: origin, isDirectory: &isFolder), isFolder
        else { throw ValidationError("--origin \(origin): there is no such folder.") }
    }

    func run() async throws {
        guard let (source, words) = source else { return }
        let program = try await Program(options, isPlain: screen.plain)
        await program.end {
            let arguments = CommandLine.bytes(of: words)
            // Standard input is read first: Ctrl-C ends that in a way of its own.
            let early = source == .standardInput ? try await program.script(source, arguments) : nil
            let session = ChatSession { [origin] in
                let found =
                    if let early { early } else { try await program.script(source, arguments) }
                var configuration = try await program.prepare(found.script)
                configuration.takesInterrupts = true
                configuration.settings.fetchBase = origin ?? found.base ?? ""
                return configuration
            }
            session.marksEscapes = screen.showEscapes
            let isRead = source == .standardInput
            let record = ChatRecord(program, session, store, script: source.name)
            return try await ScriptRun(program: program, session: session, isInputRead: isRead)
                .run(recordedBy: record)
        }
    }
}
