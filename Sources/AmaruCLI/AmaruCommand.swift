// The command `amaru`: its subcommands and its exit codes.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruEnvironment
import ArgumentParser

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

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
        openStandardDescriptors()
        if CommandLine.arguments.dropFirst() == ["--version"] {
            // Without the parser, which takes most of the time of so short a run.
            Report.output("\(configuration.version)\n")
            return
        }
        // Swift's own handlers would first print a backtrace, on a terminal that may be held.
        for fault in TerminalMode.faultSignals { SignalAction().install(for: fault) }
        do {
            // Before the first suspension, for which the runtime needs descriptors of its own.
            try ProcessLimits.require(openFiles: 64, memory: 1 << 30)
            try refusePromptWithDash()
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch  where exitCode(for: error) == .validationFailure {
            // The parser's own code is sysexits' 64; ours is the one that most commands use.
            let message = fullMessage(for: error)
            Report.line(message)
            if message.contains("Unknown option") {
                Report.line(
                    CommandLine.arguments.dropFirst().first == "run"
                        ? "For the script's own options, write: amaru run PATH -- --option"
                        : "For a prompt that begins with a dash, write: amaru -- \"-1 + 1 = ?\""
                )
            }
            leave(usage)
        } catch  where exitCode(for: error) == .failure {
            leave(Report.failure(error))
        } catch {
            exit(withError: error)
        }
    }

    /// Leaves the process; the parser's own `exit` hides the system's.
    private static func leave(_ code: Int32) -> Never {
        fflush(nil)
        _exit(code)
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

    /// Opens standard descriptors that are closed, or the next file opened would take their place.
    private static func openStandardDescriptors() {
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
            // The lowest free number, which is this one.
            _ = open("/dev/null", O_RDWR)
        }
    }
}
