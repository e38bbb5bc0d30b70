// Diagnostics: one line each on standard error, and the exit code that they mean.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruChat
import AmaruEnvironment
import ArgumentParser

/// What the program says about itself.
///
/// What cannot be written is lost, and nothing else: standard error may be full or closed.
enum Report {
    /// Writes a line of diagnostics.
    static func line(_ text: String) { self.text(ShownText.diagnostics(text) + "\n") }

    /// Writes text with its own line endings.
    static func text(_ text: String) {
        try? PosixCall.writeAll(ShownText.harmless(text), to: STDERR_FILENO)
    }

    /// Writes text to standard output; a terminal gets nothing of it that it would obey.
    ///
    /// - Throws: `TerminalError` if standard output is closed or cannot be written.
    static func output(_ text: String) throws {
        let shown = isatty(STDOUT_FILENO) == 1 ? ShownText.harmless(text) : text
        try TerminalOutput.write(shown, to: STDOUT_FILENO)
    }

    /// The exit code of an exception that ends a script.
    static func code(of exception: PythonException) -> Int32 {
        exception.typeName == "KeyboardInterrupt" ? ProcessEnd.interrupted : 1
    }

    /// Reports an error and returns the exit code that it means.
    static func failure(_ error: any Error) -> Int32 {
        switch error {
        case let exception as PythonException:
            text(exception.traceback)
            return code(of: exception)
        case let exit as ExitCode:
            return exit.rawValue
        case is CancellationError, HiddenPrompt.Failure.cancelled:
            return ProcessEnd.interrupted
        case let error as EnvironmentError where error.code == .cancelled:
            // Behind the ^C that a terminal shows.
            line((isatty(STDERR_FILENO) == 1 ? "\n" : "") + "amaru: \(error.message)")
            return ProcessEnd.interrupted
        case let error as TerminalError where error.code == .outputClosed:
            // What `head` does to any program: 128 + SIGPIPE, without a word.
            return 141
        case is ValidationError, is ChatScriptError, is SettingsError, is AttachmentError:
            line("amaru: \(error)")
            return 2
        default:
            line("amaru: \(error)")
            return 1
        }
    }

    /// Runs a command and turns each error into one line and an exit code.
    ///
    /// - Throws: `ExitCode`.
    static func exiting(_ body: () async throws -> Void) async throws {
        do { try await body() } catch { throw ExitCode(failure(error)) }
    }
}

/// Why a command has not done what it was asked for: a sentence for the user.
struct CommandFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
