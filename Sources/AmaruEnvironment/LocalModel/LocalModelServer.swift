// A local model as a server on loopback, alive as long as this process.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// A model served by a child process on loopback, guarded by a key made for this run.
///
/// The child's standard input is a pipe that nobody writes to. It ends when this process does,
/// even by SIGKILL; the server then leaves. `stop()` ends it earlier.
public final class LocalModelServer: Sendable {
    /// The base for an OpenAI client, as in "http://127.0.0.1:41234/v1".
    public let baseURL: URL

    /// The key that the server wants; random, and known to this process and the child only.
    public let key: String

    let child: ChildProcess
    let diagnostics: Diagnostics

    private init(baseURL: URL, key: String, child: ChildProcess, diagnostics: Diagnostics) {
        self.baseURL = baseURL
        self.key = key
        self.child = child
        self.diagnostics = diagnostics
    }

    deinit { child.closeStandardInput() }

    /// Starts the server and waits until it listens.
    ///
    /// - Parameters:
    ///   - model: the model's file.
    ///   - environment: the environment that holds the engine.
    ///   - resources: the folder that holds the `amaru` Python package.
    ///   - builder: gives the cleaned variables.
    /// - Throws: `EnvironmentError` with the server's own words, or `cancelled` (the child is gone
    ///   by then).
    public static func start(
        model: URL,
        environment: PythonEnvironment,
        resources: URL,
        builder: EnvironmentBuilder
    ) async throws -> LocalModelServer {
        let key = randomKey()
        var variables = builder.environment
        variables["AMARU_LOCAL_KEY"] = key
        variables["PYTHONPATH"] = resources.path
        // A folder `amaru` where the user happens to be must not win over the real one.
        variables["PYTHONSAFEPATH"] = "1"
        variables["PYTHONDONTWRITEBYTECODE"] = "1"
        let child: ChildProcess
        do {
            child = try ChildProcess(
                ChildProcess.Configuration(
                    executable: environment.executable.path,
                    arguments: ["-m", "amaru.local.server", "--gguf", model.path],
                    environment: variables,
                    standardInput: .pipe
                )
            )
        } catch {
            throw failure("\(error)", [])
        }
        let diagnostics = Diagnostics()
        diagnostics.collect(child.standardError)
        let url: URL
        do {
            url = try await address(of: child, diagnostics)
        } catch {
            await child.terminate(grace: .seconds(1))
            throw error
        }
        return LocalModelServer(
            baseURL: url.appending(path: "v1"),
            key: key,
            child: child,
            diagnostics: diagnostics
        )
    }

    /// Ends the server and returns when it is gone; later calls do nothing.
    public func stop() async {
        child.closeStandardInput()
        await child.terminate()
    }

    /// Reads lines until one says where the server listens, or why it does not.
    private static func address(of child: ChildProcess, _ diagnostics: Diagnostics) async throws
        -> URL
    {
        for await line in child.standardOutput {
            guard let message = try? JSONDecoder().decode(Message.self, from: Data(line.utf8))
            else { continue }
            if let error = message.error { throw failure(error, diagnostics.lines) }
            guard let url = message.url.flatMap(URL.init(string:)), url.isLoopback else {
                throw failure("it named no address on this machine: \(line)", diagnostics.lines)
            }
            return url
        }
        guard !Task.isCancelled else {
            throw EnvironmentError(
                .cancelled,
                "the start of the local model was cancelled",
                remedy: "Start it again.",
                cause: CancellationError()
            )
        }
        let status = await child.terminate(grace: .seconds(1))
        await diagnostics.finished()
        throw failure("it ended with \(status) before it listened", diagnostics.lines)
    }

    private static func failure(_ reason: String, _ lines: [String]) -> EnvironmentError {
        let shown = lines.suffix(12).map { "\n  " + $0 }.joined()
        return EnvironmentError(
            .modelServerFailed,
            "the local model did not start: \(reason)\(shown)",
            remedy: "Check that the model file is whole and that memory suffices, "
                + "or use a model elsewhere with --base-url."
        )
    }

    /// 32 bytes from the system's generator, in hexadecimal.
    private static func randomKey() -> String {
        var generator = SystemRandomNumberGenerator()
        return (0..<32).map { _ in
            let byte = UInt8.random(in: 0 ... .max, using: &generator)
            return (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
    }

    private struct Message: Decodable {
        var url: String?
        var error: String?
    }
}

extension URL {
    fileprivate var isLoopback: Bool {
        scheme == "http" && ["127.0.0.1", "localhost", "::1", "[::1]"].contains(host() ?? "")
    }
}

/// The last lines of a server's standard error.
final class Diagnostics: Sendable {
    private let kept = Mutex<[String]>([])
    private let end = AsyncValue<Void>()

    var lines: [String] { kept.withLock { $0 } }

    /// Keeps reading until the stream ends, with the child.
    func collect(_ stream: AsyncStream<String>) {
        Task.detached { [self] in
            for await line in stream {
                kept.withLock { kept in
                    kept.append(line)
                    if kept.count > 40 { kept.removeFirst() }
                }
            }
            end.set(())
        }
    }

    /// Waits until everything that an ended child wrote has been read, or the task is cancelled.
    func finished() async {
        try? await end.wait()
    }
}
