// Runs the user's editor on the terminal.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruEnvironment
import ArgumentParser

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

enum Editor {
    /// Has the user edit a file; returns when the editor has ended.
    ///
    /// - Throws: `ValidationError` without an editor, `PluginsCommand.Failure` if it fails.
    static func edit(_ path: String) async throws {
        let variables = ProcessInfo.processInfo.environment
        let names = ["VISUAL", "EDITOR"].compactMap { variables[$0] }.filter { !$0.isEmpty }
        let standard = ["/usr/bin/editor", "/usr/bin/nano", "/usr/bin/vi"]
        guard let editor = names.first ?? standard.first(where: { access($0, X_OK) == 0 }) else {
            throw ValidationError(
                "There is no editor: set the variable EDITOR. The file is \(path)"
            )
        }
        let status = try await blockingCall("amaru-editor") { try run(editor, path) }
        guard status == .exited(0) else {
            throw PluginsCommand.Failure(
                "The editor \(editor) failed (\(status)); the file is \(path)"
            )
        }
    }

    /// Runs a line of the shell with a file behind it, on this program's own terminal.
    private static func run(_ editor: String, _ path: String) throws -> ExitStatus {
        // Ctrl-C is the editor's, and does not end what waits for it. A handler is not inherited
        // by the editor, as ignoring would be.
        let ignored = [SIGINT, SIGQUIT].map { ($0, SignalAction(current: $0)) }
        for (signal, _) in ignored { SignalAction({ _ in }).install(for: signal) }
        defer { for (signal, action) in ignored { action.install(for: signal) } }
        let words = ["/bin/sh", "-c", "\(editor) \"$1\"", "sh", path]
        let arguments = words.map { strdup($0) } + [nil]
        let variables = ProcessInfo.processInfo.environment.map { strdup("\($0)=\($1)") } + [nil]
        defer { for word in arguments + variables { free(word) } }
        var process: pid_t = 0
        let code = posix_spawn(&process, words[0], nil, nil, arguments, variables)
        guard code == 0 else { throw PosixError("start \(editor)", code: code) }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        return ExitStatus(waitStatus: status)
    }
}
