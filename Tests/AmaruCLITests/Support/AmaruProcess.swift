// The built command, run by tests: on pipes, or on a terminal.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting
import Foundation
import Synchronization
import Testing

@testable import AmaruChat

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The suite of all tests that run the command: one process after another, as a start is heavy.
@Suite(.serialized) enum BuiltCommand {}

/// One run of the command, with pipes for its standard streams and a configuration of its own.
///
/// ```swift
/// let result = try await AmaruProcess.run(["run", script.path], input: "hello\n")
/// #expect(result.output == "hello back\n")
/// ```
final class AmaruProcess: Sendable {
    /// How a run ended; Swift Testing has a type of that name too.
    typealias Status = AmaruChat.ExitStatus

    /// What a run came to.
    struct Result: Sendable {
        let output: String
        let errors: String
        let status: Status
    }

    /// Says what was waited for in vain, with everything that the program wrote.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// What a run may take on a busy machine; far more than any run does take.
    static let patience = Duration.seconds(60)

    /// What the first start of all may take, which installs packages.
    private static let patienceOfInstaller = Duration.seconds(300)

    /// The process, which leads a group of its own.
    let identifier: Int32

    private let home: TemporaryFolder
    private let input: Mutex<Int32?>
    private let output: Collected
    private let errors: Collected
    private let ended = AsyncValue<Status>()

    /// Starts the command, or another program, with its standard input open.
    init(
        _ arguments: [String],
        variables: [String: String] = [:],
        executable: String? = nil
    ) throws {
        home = try TemporaryFolder()
        let configuration = ChildProcess.Configuration(
            executable: try executable ?? Self.executable(),
            arguments: arguments,
            environment: Self.variables(home: home, variables),
            standardInput: .pipe
        )
        let pipes = try ChildPipes(configuration)
        identifier = try spawn(configuration, pipes)
        pipes.closeChildEnds()
        input = Mutex(pipes.input?.write)
        output = Collected(pipes.output.read)
        errors = Collected(pipes.error?.read)
        startThread("test-wait") { [identifier, ended] in
            var status: Int32 = 0
            while waitpid(identifier, &status, 0) < 0 && errno == EINTR {}
            ended.set(Status(waitStatus: status))
        }
    }

    deinit {
        if ended.current == nil { kill(-identifier, SIGKILL) }
        endInput()
    }

    /// Runs the command to its end, with this text as its whole input.
    static func run(
        _ arguments: [String],
        input: String = "",
        variables: [String: String] = [:]
    ) async throws -> Result {
        let process = try AmaruProcess(arguments, variables: variables)
        process.type(input)
        process.endInput()
        return try await process.result()
    }

    /// Writes to the standard input, and waits until the pipe has taken it.
    func type(_ text: String) {
        let bytes = Array(text.utf8)
        input.withLock { input in
            guard let input else { return }
            PosixCall.withoutBrokenPipeSignal {
                // A program that has ended reads nothing; its status says so.
                try? bytes.withUnsafeBytes { try PosixCall.writeAll($0, to: input) }
            }
        }
    }

    /// Closes the standard input.
    func endInput() {
        input.withLock { input in
            if let input { close(input) }
            input = nil
        }
    }

    /// Sends a signal to the command alone.
    func signal(_ signal: Int32) {
        if ended.current == nil { kill(identifier, signal) }
    }

    /// Waits until the standard output holds this text.
    func waitForOutput(_ text: String) async throws {
        try await bounded("\(text.debugDescription) on standard output") { [output] in
            try await output.wait(for: text)
        }
    }

    /// Waits until the standard error holds this text.
    func waitForErrors(_ text: String) async throws {
        try await bounded("\(text.debugDescription) on standard error") { [errors] in
            try await errors.wait(for: text)
        }
    }

    /// Waits for the end of the program and of its output.
    func result(within limit: Duration = AmaruProcess.patience) async throws -> Result {
        let status = try await bounded("the end of the program", limit) { [ended, output, errors] in
            let status = try await ended.wait()
            try await output.waitForEnd()
            try await errors.waitForEnd()
            return status
        }
        return Result(output: output.text, errors: errors.text, status: status)
    }

    private func bounded<Value: Sendable>(
        _ wanted: String,
        _ limit: Duration = AmaruProcess.patience,
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try await within(limit, body) { [self] in
            if ended.current == nil { kill(-identifier, SIGKILL) }
            return Failure(
                description: "waited in vain for \(wanted); the output was\n"
                    + "\(output.text.debugDescription)\nand the errors were\n"
                    + errors.text
            )
        }
    }
}

extension AmaruProcess {
    /// The built command, which is beside the tests.
    static func executable() throws -> String {
        #if os(Linux)
            let tests = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        #else
            let bundle = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }
            let tests = try #require(bundle?.bundleURL)
        #endif
        let path = tests.deletingLastPathComponent().appending(path: "amaru").path
        try #require(
            FileManager.default.isExecutableFile(atPath: path),
            "the command is not built: \(path)"
        )
        return path
    }

    /// The environment of a run: a configuration of its own, a cache that the runs share, no keys.
    static func variables(home: TemporaryFolder, _ more: [String: String]) -> [String: String] {
        var variables = ProcessInfo.processInfo.environment.filter { name, _ in
            !name.hasSuffix("_API_KEY") && !name.hasPrefix("PYTHON") && name != "SSL_CERT_FILE"
        }
        if variables["XDG_CACHE_HOME"] == nil {
            variables["XDG_CACHE_HOME"] =
                FileManager.default.temporaryDirectory
                .appending(path: "amaru-test-cache-\(getuid())").path
        }
        variables["XDG_CONFIG_HOME"] = home.path
        variables["NO_PROXY"] = "127.0.0.1,localhost"
        return variables.merging(more) { $1 }
    }

    /// Starts the command on a terminal; the folder must live as long as the run.
    static func start(
        on terminal: PseudoTerminal,
        home: TemporaryFolder,
        _ arguments: [String],
        variables more: [String: String] = [:]
    ) throws {
        var variables = variables(home: home, ["TERM": "xterm"])
        variables.merge(more) { $1 }
        try terminal.start(try executable(), arguments, environment: variables)
    }

    /// The tutorial's files, which are beside the repository where its authors work.
    enum Seed {
        static let main = URL(filePath: #filePath)
            .appending(path: "../../../../../shared/seed/main.py").standardizedFileURL

        static var isPresent: Bool { FileManager.default.fileExists(atPath: main.path) }

        /// What the script needs, as options of `amaru run`.
        static let requirements = [
            "--with", "openai<2.34", "--with", "httpx", "--with", "urllib3",
        ]
    }

    /// Whether packages can be installed, or are in the cache; found out once.
    ///
    /// Any other failure than that of the network counts as yes: then the tests are to fail.
    static var canInstall: Bool {
        get async { await installation.value }
    }

    private static let installation = Task {
        // The two environments of these tests; neither run needs more than its packages.
        let folder = try? TemporaryFolder()
        let script = try? folder?.write("", to: "nothing.py")
        let runs = [
            ["run", script?.path ?? ""] + Seed.requirements,
            ["hello", "--base-url", "http://127.0.0.1:1/v1"],
        ]
        for arguments in runs {
            guard let process = try? AmaruProcess(arguments) else { return true }
            process.endInput()
            let result = try? await process.result(within: patienceOfInstaller)
            // An installer that may not try again finds no versions where it finds no network.
            let signs = ["Check the network, the proxy", "Check the names and versions"]
            if signs.contains(where: { result?.errors.contains($0) == true }) { return false }
        }
        return true
    }
}

extension Trait where Self == ConditionTrait {
    /// Skips a test, with this reason, where no packages can be installed.
    static var needsPackages: Self {
        .enabled("the package registry cannot be reached") { await AmaruProcess.canInstall }
    }

    /// Skips a test, with this reason, where the tutorial's files are absent.
    static var needsSeed: Self {
        .enabled(
            if: AmaruProcess.Seed.isPresent,
            "the tutorial's main.py is not in ../shared/seed beside the repository"
        )
    }
}

extension PseudoTerminal {
    /// Waits for the program's end, and fails with the screen when that does not come.
    func end() async throws -> AmaruProcess.Status {
        try await within(AmaruProcess.patience) {
            try await self.waitForExit()
        } otherwise: {
            AmaruProcess.Failure(
                description: "the program did not end; the screen was\n"
                    + self.output.debugDescription
            )
        }
    }

    /// Waits for text as long as any run may take.
    func expect(_ text: String) async throws {
        try await waitFor(text, timeout: AmaruProcess.patience)
    }
}

/// Waits for `body` at most that long, then throws what `failure` makes.
func within<Value: Sendable>(
    _ limit: Duration,
    _ body: @escaping @Sendable () async throws -> Value,
    otherwise failure: @escaping @Sendable () -> any Error
) async throws -> Value {
    try await withThrowingTaskGroup(of: Value.self) { group in
        group.addTask { try await body() }
        group.addTask {
            try await Task.sleep(for: limit)
            throw failure()
        }
        defer { group.cancelAll() }
        guard let first = try await group.next() else { throw CancellationError() }
        return first
    }
}

/// The bytes that a pipe gives, as they come.
private final class Collected: Sendable {
    private struct State {
        var bytes: [UInt8] = []
        var waiting: [(text: [UInt8], done: AsyncValue<Bool>)] = []
    }

    private let state = Mutex(State())
    private let ended = AsyncValue<Void>()

    init(_ descriptor: Int32?) {
        guard let descriptor else {
            ended.set(())
            return
        }
        startThread("test-output") { [self] in
            var buffer = [UInt8](repeating: 0, count: 16 * 1024)
            while true {
                let count = buffer.withUnsafeMutableBytes {
                    (try? PosixCall.read(descriptor, into: $0)) ?? 0
                }
                guard count > 0 else { break }
                receive(buffer.prefix(count))
            }
            close(descriptor)
            end()
        }
    }

    var text: String { state.withLock { String(decoding: $0.bytes, as: UTF8.self) } }

    func waitForEnd() async throws { try await ended.wait() }

    func wait(for text: String) async throws {
        let wanted = Array(text.utf8)
        let done = AsyncValue<Bool>()
        state.withLock { state in
            if state.bytes.firstRange(of: wanted) != nil { return done.set(true) }
            if ended.current != nil { return done.set(false) }
            state.waiting.append((wanted, done))
        }
        guard try await done.wait() else {
            throw AmaruProcess.Failure(
                description:
                    "\(text.debugDescription) did not come; all that came was\n\(self.text)"
            )
        }
    }

    private func receive(_ bytes: ArraySlice<UInt8>) {
        state.withLock { state in
            state.bytes += bytes
            let all = state.bytes
            state.waiting.removeAll { text, done in
                guard all.firstRange(of: text) != nil else { return false }
                done.set(true)
                return true
            }
        }
    }

    private func end() {
        state.withLock { state in
            ended.set(())
            for (_, done) in state.waiting { done.set(false) }
            state.waiting = []
        }
    }
}
