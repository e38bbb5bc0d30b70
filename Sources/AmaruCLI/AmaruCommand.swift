// The command `amaru`: its subcommands and its exit codes.
// SPDX-License-Identifier: Apache-2.0

// swift-format-ignore-file: OrderedImports

#if canImport(Glibc)
    // First: what libc declares would else be taken for that of Python's header, which has it too.
    import Glibc
#endif

import Amaru
import AmaruEnvironment
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
            amaru serve chat.py                      serve it as a page, and under /v1
            amaru repl                               type Python, with await

            Without a key, --base-url or --model, a tiny model answers on this machine.
            Exit codes: 0 all answered, 1 a message failed, 2 usage; Ctrl-C ends it by SIGINT (130).
            """,
        version: "0.1.0",
        subcommands: [
            ChatCommand.self, RunCommand.self, ServeCommand.self, ReplCommand.self,
            CheckCommand.self, WrapCommand.self, EnvironmentCommand.self, PluginsCommand.self,
            HistoryCommand.self, ConfigCommand.self, ModelsCommand.self, KeysCommand.self,
            TemplatesCommand.self, DoctorCommand.self,
        ],
        defaultSubcommand: ChatCommand.self
    )

    private static let usage: Int32 = 2
    /// What the first word of the command line may be, apart from a prompt.
    static let commandNames = [
        "run", "serve", "repl", "check", "wrap", "env", "plugins", "history", "config", "models",
        "keys", "templates", "doctor", "help",
    ]

    static func main() {
        _ = TerminalOutput.closed
        // Without the parser, which takes most of the time of so short a run.
        switch CommandLine.arguments.dropFirst() {
        case ["--version"]: ProcessEnd.leave(output(configuration.version))
        case ["--help"], ["-h"]: ProcessEnd.leave(output(helpMessage()))
        default: break
        }
        if let script = CompletedCommand.script(askedFor: Array(CommandLine.arguments.dropFirst()))
        {
            ProcessEnd.leave(output(script))
        }
        // Swift's own handlers would first print a backtrace, on a terminal that may be held.
        for fault in TerminalMode.faultSignals { SignalAction().install(for: fault) }
        do {
            // Before the first task, for which the runtime needs descriptors of its own.
            try ProcessLimits.require(openFiles: 64, memory: 1 << 30)
        } catch {
            ProcessEnd.leave(report(error))
        }
        Python.serveFirstThread {
            do {
                try await run()
                exit()
            } catch {
                ProcessEnd.leave(report(error))
            }
        }
    }

    private static func run() async throws {
        try refusePromptWithDash()
        try refuseUnknownHelp()
        var command = try parse()
        // What the doctor examines is the user's own.
        if !(command is DoctorCommand) { CharacterEncoding.adopt() }
        switch command {
        // By its own type: the runtime searches all protocols of the program for another one.
        case let command as RunCommand: try await command.run()
        case var command as any AsyncParsableCommand: try await command.run()
        default: try command.run()
        }
    }

    /// Parses the command line.
    ///
    /// Describing the other commands takes as long as a short script: a run is parsed alone, and
    /// with all of them only to say what is wrong with it. So is the history.
    private static func parse() throws -> any ParsableCommand {
        let words = ContinueOptions.spelledOut(Array(CommandLine.arguments.dropFirst()))
        // A question of a shell's script.
        if words.first == "---completion" { return try CompletedCommand.parseAsRoot(words) }
        // What is asked about it is answered as for any command.
        let isHelp = words.contains { ["-h", "--help", "--version", "help"].contains($0) }
        if words.first == "history", !isHelp,
            let command = try? HistoryCommand.parseAsRoot(Array(words.dropFirst())),
            !(command is HistoryCommand)
        {
            return command
        }
        guard words.first == "run" else { return try parseAsRoot(words) }
        if let command = RunCommand.plain(Array(words.dropFirst())) { return command }
        let rest = RunCommand.separated(Array(words.dropFirst()))
        if let command = try? RunCommand.parse(rest) { return command }
        // With any path: an unknown option is named rather than a missing path.
        _ = try parseAsRoot(["run"] + rest + ["-"])
        return try parseAsRoot(["run"] + rest)
    }

    /// Reports what ended the command, and returns its exit code.
    private static func report(_ error: any Error) -> Int32 {
        switch exitCode(for: error) {
        case .success:
            // What was asked for, such as the help.
            return output(fullMessage(for: error))
        case .validationFailure:
            // The rest of what the program says begins with its name. The usage is that of the
            // command, which is not known of what comes after the parsing.
            let message =
                (error as? ValidationError).map { "amaru: \($0.message)" }
                ?? withoutFarGuess(fullMessage(for: error))
                .replacing(#/^Error: /#, with: "amaru: ")
            Report.line(message)
            if message.contains("Unknown option") {
                switch CommandLine.arguments.dropFirst().first {
                case let command? where ["run", "serve"].contains(command):
                    Report.line(
                        "For the script's own options, write: amaru \(command) PATH -- --option"
                    )
                case let command? where commandNames.contains(command): break
                default:
                    Report.line(
                        "For a prompt that begins with a dash, write: amaru -- \"-1 + 1 = ?\""
                    )
                }
            }
            // The parser's own code is sysexits' 64; ours is the one that most commands use.
            return usage
        default:
            return Report.failure(error)
        }
    }

    /// Removes the parser's suggestion of an option unless it is close to what was typed.
    private static func withoutFarGuess(_ message: String) -> String {
        message.replacing(#/(Unknown option '(--[^']+)')\. Did you mean '(--[^']+)'\?/#) { found in
            let (option, guess) = (String(found.2), String(found.3))
            let isNear = !NearMiss.names(near: option, among: [guess]).isEmpty
            return isNear ? String(found.0) : "\(found.1)."
        }
    }

    /// Writes a text to standard output, and returns the exit code.
    private static func output(_ text: String) -> Int32 {
        do {
            try Report.output(text + "\n")
            return 0
        } catch {
            return Report.failure(error)
        }
    }

    /// Refuses help about a command that there is not, for which the parser shows all of it.
    private static func refuseUnknownHelp() throws {
        let words = CommandLine.arguments.dropFirst()
        guard words.first == "help", let name = words.dropFirst().first, !name.hasPrefix("-"),
            !(commandNames + ["chat"]).contains(name)
        else { return }
        throw ValidationError(
            "There is no command \(name). The commands are "
                + "\(commandNames.joined(separator: ", ")); quote a prompt that begins with help."
        )
    }

    /// Refuses a word that is a command's name with a typing error: alone, or before what only a
    /// command has after it.
    ///
    /// - `prompt`: The words that stand where a prompt would, none of them quoted.
    static func refuseMistypedCommand(_ prompt: [String]) throws {
        guard let word = prompt.first, word.allSatisfy(\.isLetter),
            let name = NearMiss.names(near: word, among: commandNames).first
        else { return }
        let rest = prompt.dropFirst()
        if let next = rest.first {
            let command = configuration.subcommands.first { $0._commandName == name }
            let words = command?.configuration.subcommands.map { $0._commandName } ?? []
            let isWord = words.contains(next) || !NearMiss.names(near: next, among: words).isEmpty
            let isPath = rest.count == 1 && ChatCommand.namesScript(next)
            guard isWord || isPath || name == "help" && commandNames.contains(next) else {
                return
            }
        }
        let line = { (first: String) in ([first] + rest).joined(separator: " ") }
        throw ValidationError(
            "There is no command \(word). For the command \(name), write: amaru \(line(name)); for "
                + "a prompt: amaru -- \(line(word))"
        )
    }

    /// Refuses a prompt such as `-x what?`, which would be taken for a cluster of flags.
    private static func refusePromptWithDash() throws {
        let words = CommandLine.arguments.dropFirst().prefix { $0 != "--" }
        let isPrompt = { (word: String) in
            word.hasPrefix("-") && !word.hasPrefix("--") && word.contains { $0.isWhitespace }
        }
        if let word = words.first(where: isPrompt) {
            throw ValidationError("Unknown option in \(word.debugDescription).")
        }
    }
}
