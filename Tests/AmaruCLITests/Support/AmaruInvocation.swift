// A run of the built command, with pipes as its standard streams.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruChat
import AmaruTesting
import Foundation
import Synchronization
import Testing

@testable import AmaruCLI

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A program in a session of its own, so that no terminal of the tester's is within its reach.
///
/// ```swift
/// let run = try AmaruInvocation(["run", "chat.py"], input: "hello\n", in: folder)
/// let result = try await run.result()
/// #expect(result.status == .exited(0))
/// ```
final class AmaruInvocation: Sendable {
    // Swift Testing has an ExitStatus too.
    typealias Status = AmaruChat.ExitStatus

    /// What a program left behind.
    struct Result: Equatable, CustomStringConvertible {
        var status: Status
        var output: String
        var errors: String

        var description: String {
            "\(status)\n--- standard output\n\(output)\n--- standard error\n\(errors)"
        }
    }

    /// What was waited for in vain, with all that the program wrote.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// What the program reads.
    enum Input {
        /// This text, then the end.
        case text(String)
        /// A pipe that stays open.
        case open
    }

    let process: pid_t
    private let output: Capture
    private let errors: Capture
    private let inputEnd: Mutex<Int32?>
    private let ended = AsyncValue<Status>()

    /// How long anything may take; far above what it takes, for machines that are busy.
    static let patience = Duration.seconds(90)

    /// Starts the command, or another program, in a folder.
    init(
        _ arguments: [String],
        of program: String = AmaruInvocation.command,
        input: Input = .text(""),
        in folder: TemporaryFolder,
        environment: [String: String] = [:]
    ) throws {
        let (stdin, stdout, stderr) = try (PosixCall.pipe(), PosixCall.pipe(), PosixCall.pipe())
        // The shell is replaced by the program, so the number is the program's.
        let words = ["/bin/sh", "-c", #"cd "$0" && exec "$@""#, folder.path, program] + arguments
        let variables = Self.variables(folder).merging(environment) { _, given in given }
        process = try Self.spawn(words, variables, (stdin.read, stdout.write, stderr.write))
        for end in [stdin.read, stdout.write, stderr.write] { close(end) }
        output = Capture(stdout.read)
        errors = Capture(stderr.read)
        inputEnd = Mutex(stdin.write)
        startThread("invocation") { [process, ended] in
            var status: Int32 = 0
            while waitpid(process, &status, 0) < 0 && errno == EINTR {}
            ended.set(Status(waitStatus: status))
        }
        if case .text(let text) = input {
            startThread("invocation-input") { [self] in
                // A program that has gone takes no more; that is not the test's concern.
                try? write(text)
                closeInput()
            }
        }
    }

    deinit {
        if ended.current == nil { kill(-process, SIGKILL) }
        closeInput()
    }

    /// Runs the command to its end.
    static func run(
        _ arguments: [String],
        of program: String = AmaruInvocation.command,
        input: String = "",
        in folder: TemporaryFolder,
        environment: [String: String] = [:]
    ) async throws -> Result {
        try await AmaruInvocation(
            arguments,
            of: program,
            input: .text(input),
            in: folder,
            environment: environment
        ).result()
    }

    // MARK: Its end

    /// Waits until the program has ended and both its outputs are closed.
    ///
    /// - Throws: `Failure` with what it wrote, and kills it, when that takes too long.
    func result() async throws -> Result {
        guard let status = try await status() else {
            kill(-process, SIGKILL)
            throw Failure(description: "\(process) did not end; it wrote\n\(written)")
        }
        guard try await output.waitForEnd(), try await errors.waitForEnd() else {
            kill(-process, SIGKILL)
            throw Failure(description: "a child kept the outputs open; they were\n\(written)")
        }
        return Result(status: status, output: output.text, errors: errors.text)
    }

    private func status() async throws -> Status? {
        try await bounded { [ended] in try await ended.wait() }
    }

    /// Sends a signal to the program alone, as `kill` does.
    func signal(_ signal: Int32) {
        if ended.current == nil { kill(process, signal) }
    }

    // MARK: What it reads and writes

    /// Waits until the text is in the standard output.
    func waitForOutput(_ text: String) async throws {
        guard try await output.wait(for: text) else { throw missing(text, "output") }
    }

    /// Waits until the text is in the standard error.
    func waitForErrors(_ text: String) async throws {
        guard try await errors.wait(for: text) else { throw missing(text, "error") }
    }

    /// Writes to the standard input.
    func write(_ text: String) throws {
        guard let end = inputEnd.withLock({ $0 }) else { return }
        var text = text
        try PosixCall.withoutBrokenPipeSignal {
            try text.withUTF8 { try PosixCall.writeAll(UnsafeRawBufferPointer($0), to: end) }
        }
    }

    /// Ends the standard input.
    func closeInput() {
        inputEnd.withLock { end in
            if let end { close(end) }
            end = nil
        }
    }

    private var written: String { "\(output.text)\n--- standard error\n\(errors.text)" }

    private func missing(_ text: String, _ stream: String) -> Failure {
        Failure(description: "\(text.debugDescription) was not in the \(stream):\n\(written)")
    }

    // MARK: Start

    private static func spawn(
        _ words: [String],
        _ variables: [String: String],
        _ streams: (Int32, Int32, Int32)
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
        posix_spawn_file_actions_adddup2(&actions, streams.0, 0)
        posix_spawn_file_actions_adddup2(&actions, streams.1, 1)
        posix_spawn_file_actions_adddup2(&actions, streams.2, 2)
        let flags = Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF)
        posix_spawnattr_setflags(&attributes, flags | newSession)
        var mask = sigset_t()
        sigemptyset(&mask)
        posix_spawnattr_setsigmask(&attributes, &mask)
        sigfillset(&mask)
        sigdelset(&mask, SIGKILL)
        sigdelset(&mask, SIGSTOP)
        posix_spawnattr_setsigdefault(&attributes, &mask)
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

// MARK: - Places

extension AmaruInvocation {
    private final class Marker {}

    /// The folder of the build's products: this test's own.
    static let products: URL = {
        #if os(Linux)
            URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        #else
            Bundle(for: Marker.self).bundleURL.deletingLastPathComponent()
        #endif
    }()

    /// The built command.
    static let command = products.appending(path: "amaru").path

    /// The folder name of the Python files beside the command.
    static let resources = "amaru_AmaruPython.resources"

    /// The cache that all tests share: environments take a while to install.
    static let cache: String = {
        let own = ProcessInfo.processInfo.environment["XDG_CACHE_HOME"]
        if let own, own.hasPrefix("/") { return own }
        let folder = FileManager.default.temporaryDirectory
        return folder.appending(path: "amaru-test-cache-\(getuid())").path
    }()

    /// Variables that say how this machine reaches the package registry, and where programs are.
    private static let inherited = ["PATH", "HOME", "LD_LIBRARY_PATH", "SSL_CERT_FILE"]

    /// The variables of a run: the tester's keys, plugins and settings stay out of it.
    static func variables(_ folder: TemporaryFolder) -> [String: String] {
        var variables = ProcessInfo.processInfo.environment.filter { name, _ in
            inherited.contains(name) || name.hasPrefix("PIP_") || name.hasPrefix("UV_")
                || name.lowercased().hasSuffix("_proxy")
        }
        variables["NO_PROXY"] = "127.0.0.1,localhost"
        variables["LC_ALL"] = "C.UTF-8"
        variables["TERM"] = "xterm"
        variables["XDG_CONFIG_HOME"] = folder.url.appending(path: "config").path
        variables["XDG_CACHE_HOME"] = cache
        return variables
    }
}

// MARK: - Bounds

/// Runs a wait that can be cancelled; nil when it takes too long.
func bounded<Value: Sendable>(
    _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value? {
    try await withThrowingTaskGroup(of: Value?.self) { group in
        group.addTask { try await body() }
        group.addTask {
            try await Task.sleep(for: AmaruInvocation.patience)
            return nil
        }
        defer { group.cancelAll() }
        return try await group.next() ?? nil
    }
}

/// What came out of a pipe so far, and those who wait for a text in it.
private final class Capture: Sendable {
    private struct State {
        var bytes: [UInt8] = []
        var waiters: [(text: [UInt8], found: AsyncValue<Bool>)] = []
        var hasEnded = false
    }

    private let state = Mutex(State())
    private let end = AsyncValue<Bool>()

    init(_ descriptor: Int32) {
        startThread("capture") { [self] in
            withUnsafeTemporaryAllocation(byteCount: 16 * 1024, alignment: 1) { buffer in
                while let count = try? PosixCall.read(descriptor, into: buffer), count > 0 {
                    receive(buffer.prefix(count), isEnd: false)
                }
            }
            receive([], isEnd: true)
            close(descriptor)
            end.set(true)
        }
    }

    var text: String { state.withLock { String(decoding: $0.bytes, as: UTF8.self) } }

    func waitForEnd() async throws -> Bool {
        try await bounded { [end] in try await end.wait() } ?? false
    }

    func wait(for text: String) async throws -> Bool {
        let found = AsyncValue<Bool>()
        state.withLock { state in
            state.waiters.append((Array(text.utf8), found))
            Self.match(&state)
        }
        return try await bounded { try await found.wait() } ?? false
    }

    private func receive(_ bytes: some Sequence<UInt8>, isEnd: Bool) {
        state.withLock { state in
            state.bytes += bytes
            state.hasEnded = isEnd
            Self.match(&state)
        }
    }

    private static func match(_ state: inout State) {
        state.waiters.removeAll { text, found in
            let isFound = state.bytes.firstRange(of: text) != nil
            if isFound || state.hasEnded { found.set(isFound) }
            return isFound || state.hasEnded
        }
    }
}

// MARK: - The model

extension AmaruInvocation {
    /// Whether the model on this machine can be installed, or is in the cache; found out once.
    ///
    /// Any other failure than that of the network counts as yes: then the tests are to fail.
    fileprivate static let hasModel = Task {
        var variables = ProcessInfo.processInfo.environment
        variables["XDG_CACHE_HOME"] = cache
        do {
            _ = try await LocalModelFiles.ensure(
                requirements: Program.conversationRequirements + [LocalModel.engineRequirement],
                interpreter: PythonInterpreterInfo(
                    path: try LinkedPython.interpreter(),
                    version: LinkedPython.version
                ),
                builder: EnvironmentBuilder(
                    cacheFolder: CacheFolder.standard(environment: variables),
                    environment: variables
                )
            )
        } catch let error as EnvironmentError where error.code == .offline {
            return false
        } catch {}
        return true
    }
}

extension Trait where Self == ConditionTrait {
    /// Skips a test, with this reason, where the model cannot be installed.
    static var needsModel: Self {
        .enabled("the local model is not cached, and the package registry cannot be reached") {
            await AmaruInvocation.hasModel.value
        }
    }
}
