// Diagnostics: one line each on standard error, and the exit code that they mean.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruChat
import AmaruPython
import ArgumentParser
import Foundation

enum Report {
    /// Writes a line of diagnostics.
    static func line(_ text: String) {
        let clean = EscapeFilter.clean(text)
        FileHandle.standardError.write(Data((clean + "\n").utf8))
    }

    /// Writes text of Python's, with its own ends of lines.
    static func text(_ text: String) {
        FileHandle.standardError.write(Data(EscapeFilter.clean(text).utf8))
    }

    /// The exit code of an exception that ends a script.
    static func code(of exception: PythonException) -> Int32 {
        exception.typeName == "KeyboardInterrupt" ? 130 : 1
    }

    /// Reports an error and gives the exit code that it means.
    static func failure(_ error: any Error) -> Int32 {
        switch error {
        case let exception as PythonException:
            text(exception.traceback)
            return code(of: exception)
        case let exit as ExitCode:
            return exit.rawValue
        case is CancellationError, HiddenPrompt.Failure.cancelled:
            return 130
        case let error as EnvironmentError where error.code == .cancelled:
            return 130
        case let error as TerminalError where error.code == .outputClosed:
            // What `head` does to any program: 128 + SIGPIPE, without a word.
            return 141
        case let error as ValidationError:
            line("amaru: \(error.message)")
            return 2
        case is ChatScriptError:
            line("amaru: \(error)")
            return 2
        default:
            line("amaru: \(error)")
            return 1
        }
    }

    /// Writes out what the C library has buffered, which `_exit` would lose.
    static func flush() {
        fflush(nil)
    }
}
