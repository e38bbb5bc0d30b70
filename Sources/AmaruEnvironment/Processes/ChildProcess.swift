// A program started by this one, in a process group of its own.
// SPDX-License-Identifier: Apache-2.0

import Amaru

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A running program: its output as lines, its end as a value, and its whole group stoppable.
///
/// Not `Foundation.Process`, which passes its signal mask and stray descriptors on, and watches
/// through SIGCHLD. Here one thread waits for each child, so the host's signals are untouched and
/// a child is always reaped. When the child ends, the rest of its group is killed: the children of
/// an installer or a server have no work without it. When this process ends, the whole group is
/// killed too.
package final class ChildProcess: Sendable {
    /// What a child reads.
    package enum StandardInput: Sendable {
        /// Nothing.
        case null

        /// A pipe that stays open until `closeStandardInput()` or the end of this process.
        case pipe
    }

    /// Where a child's diagnostics go.
    package enum StandardError: Sendable {
        /// Where this process's go, and what it prints too.
        case inherited

        /// To `standardError`.
        case separate

        /// Into `standardOutput`, in the order written.
        case merged
    }

    private struct State {
        var isReaped = false
        var input: Descriptor?
    }

    /// The lines kept for a reader that is slow or absent; older ones are dropped.
    static let lineBound = 4096

    /// The child's process number.
    package let identifier: Int32

    /// The lines of the standard output; ends when the child has closed it, and is empty if it
    /// inherits this process's.
    package let standardOutput: AsyncStream<String>

    /// The lines of the standard error; empty if it is merged or inherited.
    package let standardError: AsyncStream<String>

    private let watch: EndWatch
    private let state: Lock<State>
    private let ended = AsyncValue<ExitStatus>()

    /// Starts a program.
    ///
    /// - `executable`: The program's absolute path.
    /// - `arguments`: The arguments after the program's name.
    /// - `environment`: The whole environment; the child inherits no variable.
    /// - `held`: Descriptors that the child holds open, as its numbers 3 and up.
    /// - Throws: `PosixError` if it can't be started.
    package init(
        executable: String,
        arguments: [String] = [],
        environment: [String: String],
        standardInput: StandardInput = .null,
        standardError: StandardError = .separate,
        holding held: [Descriptor] = []
    ) throws {
        let null = try Descriptor.null()
        let isInherited = standardError == .inherited
        let output = isInherited ? nil : try Descriptor.pipe()
        let error = standardError == .separate ? try Descriptor.pipe() : nil
        let input = standardInput == .pipe ? try Descriptor.pipe() : nil
        state = Lock(State(input: input?.write))
        // The threads first: if they can't be started, there is no child to kill.
        standardOutput = try Self.lines(of: output?.read)
        self.standardError = try Self.lines(of: error?.read)
        let watch = try EndWatch("kill -KILL 0")
        self.watch = watch
        do {
            var spawn = Spawn(
                executable: executable,
                arguments: arguments,
                environment: environment,
                descriptors: [
                    input?.read ?? null,
                    try output?.write ?? Descriptor(duplicating: STDOUT_FILENO),
                    try error?.write ?? output?.write ?? Descriptor(duplicating: STDERR_FILENO),
                ] + held
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

    /// Waits for the child's end, and returns the lines that it wrote.
    ///
    /// - Throws: `CancellationError` if the waiting task is cancelled; the child has ended by then.
    package func output() async throws -> (status: ExitStatus, lines: [String], errors: [String]) {
        async let errors = standardError.reduce(into: [String]()) { $0.append($1) }
        let lines = await standardOutput.reduce(into: [String]()) { $0.append($1) }
        do {
            return (try await exitStatus(), lines, await errors)
        } catch {
            // It may have files to remove.
            await terminate(grace: .seconds(2))
            throw error
        }
    }

    /// Waits for the child's end.
    ///
    /// - Throws: `CancellationError` if the waiting task is cancelled; the child runs on.
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
        // Under the lock, because the number may name another process once the child is reaped.
        state.withLock { state in
            guard !state.isReaped else { return }
            kill(-watch.group, signal)
        }
    }

    /// Writes to the child's standard input; blocks while the pipe is full.
    ///
    /// - Throws: `PosixError`, also if nobody reads the pipe any more.
    package func write(_ text: String) throws {
        guard let input = state.withLock({ $0.input }) else {
            throw PosixError("write", code: EPIPE)
        }
        try PosixCall.withoutBrokenPipeSignal { try PosixCall.writeAll(text, to: input.number) }
    }

    /// Closes the pipe to the child's standard input, which then ends.
    package func closeStandardInput() {
        state.withLock { $0.input = nil }
    }

    /// Waits for the child's end, kills the rest of its group, and reaps both.
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
    private static func lines(of descriptor: Descriptor?) throws -> AsyncStream<String> {
        guard let descriptor else { return AsyncStream { $0.finish() } }
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
