// A run of the built command, or of another program, on pipes or on a terminal.
// SPDX-License-Identifier: Apache-2.0

package import AmaruEnvironment
import Synchronization

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
#if canImport(Glibc)
    package import Glibc
#elseif canImport(Darwin)
    package import Darwin
#endif

/// A program in a session, a home and a configuration of its own.
///
/// ```swift
/// let result = try await AmaruProcess.run(["run", "chat.py"], input: "hello\n", in: folder)
/// #expect(result.status == .exited(0))
///
/// let terminal = try PseudoTerminal()
/// let chat = try AmaruProcess([], on: terminal, in: folder)
/// try await terminal.waitFor("> ")
/// try terminal.send("\u{4}")
/// #expect(try await chat.end() == .exited(0))
/// ```
package final class AmaruProcess: Sendable {
    // Swift Testing has an ExitStatus too.
    package typealias Status = AmaruEnvironment.ExitStatus

    /// What a program left behind.
    package struct Result: Equatable, CustomStringConvertible, Sendable {
        package var status: Status
        package var output: String
        package var errors: String

        package init(status: Status, output: String, errors: String) {
            self.status = status
            self.output = output
            self.errors = errors
        }

        package var description: String {
            "\(status)\n--- standard output\n\(output)\n--- standard error\n\(errors)"
        }
    }

    /// What a program without a terminal reads.
    package enum Input: Sendable {
        /// This text, then the end.
        case text(String)
        /// A pipe that stays open.
        case open
    }

    /// The process, which leads a group and a session of its own.
    package let identifier: pid_t

    /// What comes out: the screen of one on a terminal.
    package let output: OutputCapture

    private let errors: OutputCapture?
    private let input: Mutex<OpenDescriptor?>
    private let terminal: PseudoTerminal?
    private let folder: TemporaryFolder
    private let ended = AsyncValue<Status>()

    /// Starts the command, or another program.
    ///
    /// - Parameters:
    ///   - terminal: Its controlling terminal and standard streams; pipes without one.
    ///   - folder: Its working folder and home; nil for a new one.
    ///   - environment: Variables beside those of each run; nil removes one.
    ///   - shell: What a shell does that becomes the program, `"$@"`; it may set limits and redirect.
    ///   - pace: How fast the standard output is read where that is a pipe.
    package init(
        _ arguments: [String],
        of program: String = AmaruProcess.command,
        input: Input = .text(""),
        on terminal: PseudoTerminal? = nil,
        in folder: TemporaryFolder? = nil,
        environment: [String: String?] = [:],
        shell: String = #"exec "$@""#,
        pace: OutputCapture.Pace = .free
    ) throws {
        let folder = try folder ?? TemporaryFolder()
        var variables = Self.variables(folder)
        for (name, value) in environment { variables[name] = value }
        let words = ["/bin/sh", "-c", #"cd "$0" && "# + shell, folder.path, program] + arguments
        self.folder = folder
        self.terminal = terminal
        if let terminal {
            output = terminal.screen
            errors = nil
            self.input = Mutex(nil)
            identifier = try Self.spawn(words, variables, .terminal(terminal.path))
        } else {
            let (stdin, stdout, stderr) = try (Self.pipe(), Self.pipe(), Self.pipe())
            output = try OutputCapture(stdout.read, pace: pace)
            errors = try OutputCapture(stderr.read)
            self.input = Mutex(stdin.write)
            let ends = [stdin.read, stdout.write, stderr.write]
            identifier = try Self.spawn(words, variables, .descriptors(ends))
        }
        try startThread("test-wait") { [identifier, ended, terminal] in
            var status: Int32 = 0
            while waitpid(identifier, &status, 0) < 0 && errno == EINTR {}
            terminal?.close()
            ended.set(Status(waitStatus: status))
        }
        if terminal == nil, case .text(let text) = input {
            try startThread("test-input") { [self] in
                // A program that has gone takes no more; that is not the test's concern.
                try? write(text)
                closeInput()
            }
        }
    }

    deinit { killAll() }

    /// Runs the command, or another program, to its end.
    package static func run(
        _ arguments: [String],
        of program: String = AmaruProcess.command,
        input: String = "",
        in folder: TemporaryFolder? = nil,
        environment: [String: String?] = [:],
        shell: String = #"exec "$@""#
    ) async throws -> Result {
        try await AmaruProcess(
            arguments,
            of: program,
            input: .text(input),
            in: folder,
            environment: environment,
            shell: shell
        ).result()
    }

    // MARK: Its end

    /// Waits until the program has ended.
    ///
    /// - Throws: `WaitFailure` with what it wrote, and kills it, when that takes too long.
    @discardableResult
    package func end(within limit: Duration = patience) async throws -> Status {
        let status = try await bounded(by: limit) { [ended] in try await ended.wait() }
        guard let status else {
            killAll()
            throw failure("the program did not end")
        }
        return status
    }

    /// Waits until the program has ended and its outputs are closed.
    package func result(within limit: Duration = patience) async throws -> Result {
        let status = try await end(within: limit)
        let isWhole: Void? = try await bounded { [output, errors] in
            try await output.waitForEnd()
            try await errors?.waitForEnd()
        }
        guard isWhole != nil else {
            killAll()
            throw failure("a child kept the outputs open")
        }
        return Result(status: status, output: output.text, errors: errors?.text ?? "")
    }

    /// Sends a signal to the program alone, as `kill` does.
    package func signal(_ signal: Int32) {
        if ended.current == nil { Self.send(signal, to: identifier) }
    }

    // Apart, since the method hides the system's call.
    private static func send(_ signal: Int32, to process: pid_t) { kill(process, signal) }

    private func killAll() {
        if ended.current == nil { Self.send(SIGKILL, to: -identifier) }
    }

    // MARK: What it reads and writes

    /// Waits until the text is in the standard output, behind the one that was waited for last.
    package func waitForOutput(_ text: String) async throws {
        try await wait(for: text, in: output)
    }

    /// Waits until the text is in the standard error, behind the one that was waited for last.
    package func waitForErrors(_ text: String) async throws {
        try await wait(for: text, in: errors ?? output)
    }

    private func wait(for text: String, in capture: OutputCapture) async throws {
        guard try await bounded({ try await capture.wait(for: text) }) == true else {
            killAll()
            throw failure("\(text.debugDescription) did not come")
        }
    }

    private func failure(_ what: String) -> WaitFailure {
        WaitFailure(what, output: output.text, errors: errors?.text ?? "")
    }

    /// Writes to the standard input, and waits until it has taken it.
    package func write(_ text: String) throws {
        if let terminal { return try terminal.send(text) }
        guard let end = input.withLock({ $0 }) else { return }
        try PosixCall.withoutBrokenPipeSignal { try PosixCall.writeAll(text, to: end.number) }
    }

    /// Ends the standard input.
    package func closeInput() { input.withLock { $0 = nil } }

    // MARK: What it takes

    #if os(Linux)
        /// The memory that is resident now, in bytes.
        package var memory: Int { get throws { try memory("VmRSS") } }

        /// The most memory that was resident, in bytes, while the program runs.
        package var peakMemory: Int { get throws { try memory("VmHWM") } }

        private func memory(_ field: String) throws -> Int {
            let status = try String(contentsOfFile: "/proc/\(identifier)/status", encoding: .utf8)
            let line = status.split(separator: "\n").first { $0.hasPrefix(field + ":") }
            guard let kilobytes = line?.split(whereSeparator: \.isWhitespace).dropFirst().first,
                let count = Int(kilobytes)
            else { throw failure("\(field) of a program that has ended was asked for") }
            return count * 1024
        }
    #endif
}

extension AmaruProcess.Status {
    /// The end of a program that Ctrl-C has ended: as the shell must see it to stop a loop.
    package static var interrupted: Self { .signalled(SIGINT) }
}

// MARK: - Start

extension AmaruProcess {
    private enum Streams {
        case terminal(String)
        case descriptors([OpenDescriptor])
    }

    private static func pipe() throws -> (read: OpenDescriptor, write: OpenDescriptor) {
        let ends = try PosixCall.pipe()
        return (OpenDescriptor(ends.read), OpenDescriptor(ends.write))
    }

    /// Starts a program as the leader of a session, with no signal blocked or ignored.
    private static func spawn(
        _ words: [String],
        _ variables: [String: String],
        _ streams: Streams
    ) throws -> pid_t {
        #if canImport(Glibc)
            var actions = posix_spawn_file_actions_t()
            var attributes = posix_spawnattr_t()
            let newSession: Int16 = 0x80  // POSIX_SPAWN_SETSID, a GNU extension.
        #else
            var actions: posix_spawn_file_actions_t?
            var attributes: posix_spawnattr_t?
            let newSession = Int16(POSIX_SPAWN_SETSID)
        #endif
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        switch streams {
        case .terminal(let path):
            // The first terminal that a session's leader opens becomes the session's.
            posix_spawn_file_actions_addopen(&actions, 0, path, O_RDWR, 0)
            posix_spawn_file_actions_adddup2(&actions, 0, 1)
            posix_spawn_file_actions_adddup2(&actions, 0, 2)
        case .descriptors(let ends):
            for (number, end) in ends.enumerated() {
                posix_spawn_file_actions_adddup2(&actions, end.number, Int32(number))
            }
        }
        let flags = Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF)
        posix_spawnattr_setflags(&attributes, flags | newSession)
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        sigdelset(&signals, SIGKILL)
        sigdelset(&signals, SIGSTOP)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        let arguments = words.map { strdup($0) } + [nil]
        let environment = variables.map { strdup("\($0)=\($1)") } + [nil]
        defer { for word in arguments + environment { free(word) } }
        var process: pid_t = 0
        let code = posix_spawn(
            &process,
            words[0],
            &actions,
            &attributes,
            arguments,
            environment
        )
        guard code == 0 else { throw PosixError("start \(words[0])", code: code) }
        return process
    }
}
