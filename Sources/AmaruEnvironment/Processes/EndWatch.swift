// What happens to a process's children and files when it ends.
// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A shell that runs a command when this process ends, however it ends.
///
/// It waits for the end of a pipe that only this process writes to: the system closes it even
/// after SIGKILL. Not Linux's `PR_SET_PDEATHSIG`, which reaches one child and not its children,
/// and fires when the *thread* that started the child ends. A copy of this process that `os.fork`
/// made holds the pipe too, so the command runs after the last of them.
struct EndWatch: Sendable {
    /// The shell's process number, and that of the process group that it leads.
    let group: pid_t

    /// The pipe's writing end; the command also waits for each child that holds it.
    let pipe: Descriptor

    /// Starts the shell.
    ///
    /// - `command`: In the shell's language, with `arguments` as its `$1` and so on.
    /// - `held`: Descriptors that stay open until the command is finished.
    /// - Throws: `PosixError` if the shell can't be started.
    init(_ command: String, _ arguments: [String] = [], holding held: [Descriptor] = []) throws {
        let null = try Descriptor.null()
        let ends = try Descriptor.pipe()
        pipe = ends.write
        var shell = Spawn(
            executable: "/bin/sh",
            arguments: ["-c", "read -r _; \(command)", "sh"] + arguments,
            environment: [:],
            descriptors: [ends.read, null, null] + held
        )
        // A signal for the group, or from the terminal, is not for its watch.
        shell.blocksSignals = true
        group = try shell.start()
    }

    /// Kills the shell and what is left of its group; the command does not run.
    func end() {
        // Until the leader is reaped, its number can't name another group.
        kill(-group, SIGKILL)
        _ = waitForEnd(of: group)
    }
}

/// Reaps a child of this process and returns the status that it left.
func waitForEnd(of identifier: pid_t) -> Int32 {
    var status: Int32 = 0
    while waitpid(identifier, &status, 0) < 0 && errno == EINTR {}
    return status
}
