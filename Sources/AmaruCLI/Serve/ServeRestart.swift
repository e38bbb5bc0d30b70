// Restarting a server in its own process.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruHTTP

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Restarts the program in its process, with the same arguments and the same port.
///
/// CPython cannot be started twice in a process, and a script that has failed half-way leaves
/// modules, tasks and threads behind: another run beside those would not be the script's first.
struct ServeRestart {
    let port: Int
    /// The token that is not in a file.
    let token: String?
    /// The database's password that came in a variable.
    let storePassword: String?
    /// The folder that the words of the command line are relative to.
    let folder: String

    /// Says to the program that it was a server before, and at which port.
    private static let variable = "AMARU_SERVE_AGAIN"

    /// The port that a former run of this process had; nil if there was none.
    static func take() -> Int? {
        ProcessSecrets.take(variable).flatMap(Int.init).flatMap { 1...65535 ~= $0 ? $0 : nil }
    }

    /// Restarts; returns only if the system refuses that.
    func failure(of program: Program) -> CommandFailure {
        TerminalMode.leaveAll()
        // With the keys, which the former run has taken out; this one does so at its start.
        var variables = program.variables.mapValues { program.network.vault.key(for: $0) ?? $0 }
        variables[ServeOptions.tokenVariable] = token
        if let storePassword { variables[ServeOptions.passwordVariable] = storePassword }
        variables[Self.variable] = "\(port)"
        closeFiles()
        _ = chdir(folder)
        var none = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, nil)
        let words = variables.map { strdup("\($0)=\($1)") } + [nil]
        execve(Self.executable, CommandLine.unsafeArgv, words)
        let reason = String(cString: strerror(errno))
        return CommandFailure("the server could not start again (\(reason)): start it by hand.")
    }

    /// Has the system close all files but the standard ones: sockets are inherited otherwise.
    private func closeFiles() {
        let limit = min(max(sysconf(Int32(_SC_OPEN_MAX)), 4), 1 << 16)
        for descriptor in 3..<Int32(limit) {
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        }
    }

    /// The file of this program.
    static var executable: String {
        #if os(Linux)
            // By its own name, unless the file has been replaced by a newer version.
            let link = "/proc/self/exe"
            let file = try? FileManager.default.destinationOfSymbolicLink(atPath: link)
            return file.flatMap { FileManager.default.fileExists(atPath: $0) ? $0 : nil } ?? link
        #else
            return CommandLine.arguments[0]
        #endif
    }
}
