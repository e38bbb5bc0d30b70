// A program started by this one, in a process group of its own.
// SPDX-License-Identifier: Apache-2.0

import Synchronization
import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A running program: its output as lines, its end as a value, and its whole group stoppable.
///
/// Not `Foundation.Process`, which hands its signal mask and stray descriptors on, and watches
/// through SIGCHLD. Here one thread waits for each child, so nothing of the host's is touched and
/// a child is always reaped. When the child ends, what is left of its group is killed: an
/// installer's or a server's own children have no work without it. When this process ends, the
/// whole group is killed too, see `Watch`.
package final class ChildProcess: Sendable {
    /// What a child reads.
    package enum StandardInput: Sendable {
        /// Nothing.
        case null

        /// A pipe that stays open until `closeStandardInput()` or this process' end, a kill included.
        case pipe

        /// A lock file, which is empty: the lock is held until the child has ended too.
        case lock(FileLock)
    }

    /// Where a child's diagnostics go.
    package enum StandardError: Sendable {
        /// To `standardError`.
        case separate

        /// Into `standardOutput`, in the order written.
        case merged
    }

    /// What to start.
    package struct Configuration: Sendable {
        /// The program's absolute path.
        package var executable: String

        /// The arguments after the program's name.
        package var arguments: [String]

        /// The whole environment; nothing is inherited.
        package var environment: [String: String]

        package var standardInput: StandardInput
        package var standardError: StandardError

        package init(
            executable: String,
            arguments: [String] = [],
            environment: [String: String],
            standardInput: StandardInput = .null,
            standardError: StandardError = .separate
        ) {
            self.executable = executable
            self.arguments = arguments
            self.environment = environment
            self.standardInput = standardInput
            self.standardError = standardError
        }
    }

    private struct State {
        var isReaped = false
        var input: Descriptor?
    }

    /// The lines kept for a reader that is slow or absent; older ones are dropped.
    static let lineBound = 4096

    /// The child's process number.
    package let identifier: Int32

    /// The lines of the standard output; ends when the child has closed it.
    package let standardOutput: AsyncStream<String>

    /// The lines of the standard error; empty where it is merged.
    package let standardError: AsyncStream<String>

    private let watch: Watch
    private let state: Mutex<State>
    private let ended = AsyncValue<ExitStatus>()

    /// Starts the program.
    ///
    /// - Throws: `PosixError` if it can't be started.
    package init(_ configuration: Configuration) throws {
        let null = try Descriptor(opening: "/dev/null", .readWrite)
        let output = try Descriptor.pipe()
        let error = configuration.standardError == .separate ? try Descriptor.pipe() : nil
        var input: (read: Descriptor, write: Descriptor)?
        var childInput = null
        switch configuration.standardInput {
        case .null: break
        case .pipe:
            let pipe = try Descriptor.pipe()
            input = pipe
            childInput = pipe.read
        case .lock(let lock): childInput = lock.descriptor
        }
        state = Mutex(State(input: input?.write))
        // Before the child, which need not be killed again if they can't be started.
        standardOutput = try Self.lines(of: output.read)
        standardError = try error.map { try Self.lines(of: $0.read) } ?? AsyncStream { $0.finish() }
        let watch = try Watch(null)
        self.watch = watch
        do {
            var spawn = Spawn(
                executable: configuration.executable,
                arguments: configuration.arguments,
                environment: configuration.environment,
                descriptors: [childInput, output.write, error?.write ?? output.write]
            )
            spawn.group = watch.group
            identifier = try spawn.start()
        } catch {
            watch.end()
            throw error
        }
        do {
            try startThread("amaru-wait") { [self] in reap() }
        } catch {
            signal(SIGKILL)
            reap()
            throw error
        }
    }

    /// How the child ended, or nil while it runs.
    package var currentStatus: ExitStatus? { ended.current }

    /// Waits for the child's end.
    ///
    /// - Throws: `CancellationError` when the waiting task is cancelled; the child runs on.
    package func exitStatus() async throws -> ExitStatus {
        try await ended.wait()
    }

    /// Asks the whole group to end, kills it after `grace`, and returns when the child is reaped.
    ///
    /// Finishes in a cancelled task too.
    @discardableResult
    package func terminate(grace: Duration = .seconds(5)) async -> ExitStatus {
        signal(SIGTERM)
        let killing = Task.detached { [self] in
            try await Task.sleep(for: grace)
            signal(SIGKILL)
        }
        defer { killing.cancel() }
        return await ended.waitRegardlessOfCancellation()
    }

    /// Sends a signal to the child's group, unless the child has been reaped.
    package func signal(_ signal: Int32) {
        // Under the lock, because the number may belong to a stranger once it is reaped.
        state.withLock { state in
            guard !state.isReaped else { return }
            kill(-watch.group, signal)
        }
    }

    /// Closes the child's standard input; it reads the end.
    package func closeStandardInput() {
        state.withLock { $0.input = nil }
    }

    /// Waits for the child, kills what is left of its group, then lets the numbers go.
    private func reap() {
        var information = siginfo_t()
        while waitid(P_PID, id_t(identifier), &information, WEXITED | WNOWAIT) != 0 {
            guard errno == EINTR else { break }
        }
        closeStandardInput()
        let status = state.withLock { state in
            watch.end()
            state.isReaped = true
            return waitForEnd(of: identifier)
        }
        ended.set(ExitStatus(waitStatus: status))
    }

    /// Reads a pipe to its end on a thread of its own.
    private static func lines(of descriptor: Descriptor) throws -> AsyncStream<String> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: String.self,
            bufferingPolicy: .bufferingNewest(lineBound)
        )
        try startThread("amaru-output") {
            var splitter = LineSplitter()
            withUnsafeTemporaryAllocation(byteCount: 16 * 1024, alignment: 1) { buffer in
                while let count = try? PosixCall.read(descriptor.number, into: buffer), count > 0 {
                    for line in splitter.feed(buffer.prefix(count)) { continuation.yield(line) }
                }
            }
            for line in splitter.finish() { continuation.yield(line) }
            continuation.finish()
        }
        return stream
    }
}

/// The leader of a child's process group, which kills the group when this process ends.
///
/// A shell that waits for the end of a pipe that only this process writes to: the system closes it
/// however this process ends, SIGKILL included. It starts before the child, so there is no moment
/// at which nobody watches. Not Linux's `PR_SET_PDEATHSIG`, which knows the child alone and not
/// its children, and fires when the *thread* that started the child ends. A copy of this process
/// that `os.fork` made holds the pipe too, so the group ends with the last of them.
private struct Watch {
    /// The group's number, and the shell's.
    let group: pid_t

    private let pipe: Descriptor

    init(_ null: Descriptor) throws {
        let ends = try Descriptor.pipe()
        pipe = ends.write
        var shell = Spawn(
            executable: "/bin/sh",
            arguments: ["-c", "read -r _; kill -KILL 0"],
            environment: [:],
            descriptors: [ends.read, null, null]
        )
        // A signal for the group is not for its watch.
        shell.blocksSignals = true
        group = try shell.start()
    }

    /// Kills what is left of the group.
    func end() {
        // Until the leader is reaped, its number can't name another group.
        kill(-group, SIGKILL)
        _ = waitForEnd(of: group)
    }
}

/// Reaps a child of this process and returns the status that it left.
private func waitForEnd(of identifier: pid_t) -> Int32 {
    var status: Int32 = 0
    while waitpid(identifier, &status, 0) < 0 && errno == EINTR {}
    return status
}
