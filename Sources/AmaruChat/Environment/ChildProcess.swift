// A program started by this one, in a process group of its own.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A running program: its output as lines, its end as a value, and its whole group stoppable.
///
/// Not `Foundation.Process`, which hands its signal mask and stray descriptors on, and watches
/// through SIGCHLD. Here one thread waits for each child, so nothing of the host's is touched and
/// a child is always reaped. When the leader ends, what is left of its group is killed: an
/// installer's or a server's own children have no work without it.
package final class ChildProcess: Sendable {
    /// What a child reads.
    package enum StandardInput: Sendable {
        /// Nothing.
        case null

        /// A pipe that stays open until `closeStandardInput()` or this process' end, a kill included.
        case pipe
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

        /// Descriptors that the child gets as 3, 4, …; every other one is closed.
        package var inheritedDescriptors: [Int32]

        package init(
            executable: String,
            arguments: [String] = [],
            environment: [String: String],
            standardInput: StandardInput = .null,
            standardError: StandardError = .separate,
            inheritedDescriptors: [Int32] = []
        ) {
            self.executable = executable
            self.arguments = arguments
            self.environment = environment
            self.standardInput = standardInput
            self.standardError = standardError
            self.inheritedDescriptors = inheritedDescriptors
        }
    }

    private struct State {
        var isReaped = false
        var input: Int32?
    }

    /// The lines kept for a reader that is slow or absent; older ones are dropped.
    static let lineBound = 4096

    /// The process, which is also its group.
    package let identifier: Int32

    /// The lines of the standard output; ends when the child has closed it.
    package let standardOutput: AsyncStream<String>

    /// The lines of the standard error; empty where it is merged.
    package let standardError: AsyncStream<String>

    private let state: Mutex<State>
    private let ended = AsyncValue<ExitStatus>()

    /// Starts the program.
    ///
    /// - Throws: `PosixError` if it can't be started.
    package init(_ configuration: Configuration) throws {
        let pipes = try ChildPipes(configuration)
        defer { pipes.closeChildEnds() }
        do {
            identifier = try spawn(configuration, pipes)
        } catch {
            pipes.closeParentEnds()
            throw error
        }
        state = Mutex(State(input: pipes.input?.write))
        standardOutput = Self.lines(of: pipes.output.read)
        standardError = pipes.error.map { Self.lines(of: $0.read) } ?? AsyncStream { $0.finish() }
        startThread("amaru-wait") { [self] in reap() }
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
    /// Works in a cancelled task.
    @discardableResult
    package func terminate(grace: Duration = .seconds(3)) async -> ExitStatus {
        signal(SIGTERM)
        let seconds = Double(grace.components.seconds) + Double(grace.components.attoseconds) / 1e18
        DispatchQueue.global().asyncAfter(deadline: .now() + seconds) { [self] in signal(SIGKILL) }
        return await ended.waitRegardlessOfCancellation()
    }

    /// Sends a signal to the child's group, unless the child has been reaped.
    package func signal(_ signal: Int32) {
        // Under the lock, because the number may belong to a stranger once it is reaped.
        state.withLock { state in
            guard !state.isReaped else { return }
            kill(-identifier, signal)
        }
    }

    /// Closes the child's standard input; it reads the end.
    package func closeStandardInput() {
        state.withLock { state in
            if let input = state.input { close(input) }
            state.input = nil
        }
    }

    /// Waits for the leader, kills what is left of its group, then lets the number go.
    private func reap() {
        var information = siginfo_t()
        while waitid(P_PID, id_t(identifier), &information, WEXITED | WNOWAIT) != 0 {
            guard errno == EINTR else { break }
        }
        // As long as the leader is not reaped, its number can't name another group.
        kill(-identifier, SIGKILL)
        closeStandardInput()
        let status = state.withLock { state in
            var status: Int32 = 0
            while waitpid(identifier, &status, 0) < 0 && errno == EINTR {}
            state.isReaped = true
            return status
        }
        ended.set(ExitStatus(waitStatus: status))
    }

    /// Reads a pipe to its end on a thread of its own.
    private static func lines(of descriptor: Int32) -> AsyncStream<String> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: String.self,
            bufferingPolicy: .bufferingNewest(lineBound)
        )
        startThread("amaru-output") {
            var splitter = LineSplitter()
            withUnsafeTemporaryAllocation(byteCount: 16 * 1024, alignment: 1) { buffer in
                while let count = try? PosixCall.read(descriptor, into: buffer), count > 0 {
                    for line in splitter.feed(buffer.prefix(count)) { continuation.yield(line) }
                }
            }
            for line in splitter.finish() { continuation.yield(line) }
            continuation.finish()
            close(descriptor)
        }
        return stream
    }
}
