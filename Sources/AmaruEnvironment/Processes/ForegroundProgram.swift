// A program that has the terminal while this one waits for it, as an editor does.
// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Runs programs in this process's own job.
package enum ForegroundProgram {
    /// How a program gave the terminal back.
    package enum End: Equatable, Sendable {
        case ended(ExitStatus)
        /// It was stopped for good, and has been killed: nobody else has the terminal then.
        case stopped
    }

    /// Runs a program on this process's standard streams, and blocks until it has ended.
    ///
    /// It belongs to this job: Ctrl-C and Ctrl-Z are signals for both, so the caller decides what
    /// it does with its own; the shell that continues the job continues both.
    ///
    /// - `input`: Its standard input, in place of this process's.
    /// - Throws: `PosixError` if it can't be started.
    package static func run(
        executable: String,
        arguments: [String],
        environment: [String: String],
        input: Descriptor? = nil
    ) throws -> End {
        let streams = [
            try input ?? Descriptor(duplicating: STDIN_FILENO),
            try Descriptor(duplicating: STDOUT_FILENO),
            try Descriptor(duplicating: STDERR_FILENO),
        ]
        var spawn = Spawn(
            executable: executable,
            arguments: arguments,
            environment: environment,
            descriptors: streams
        )
        spawn.group = getpgrp()
        let process = try spawn.start()
        let watch = try StopWatch(process)
        defer { watch.end() }
        var wasStopped = false
        while true {
            var status: Int32 = 0
            guard waitpid(process, &status, WUNTRACED) >= 0 else {
                guard errno == EINTR else { throw PosixError("wait for \(executable)") }
                continue
            }
            guard status & 0xFF == 0x7F else {
                let isStopped = wasStopped || watch.hasKilled
                return isStopped ? .stopped : .ended(ExitStatus(waitStatus: status))
            }
            // SIGTSTP, SIGTTIN and SIGTTOU have stopped the whole job, and the shell knows.
            guard (status >> 8) & 0xFF == SIGSTOP else { continue }
            wasStopped = true
            kill(process, SIGKILL)
        }
    }
}
