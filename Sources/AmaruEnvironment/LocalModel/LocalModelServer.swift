// A local model as a server on loopback, alive as long as this process.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// A model served by a child process on loopback, guarded by a key made for this run.
///
/// The server ends with this process, even if SIGKILL ends it, and with the last reference to this
/// object; `stop()` ends it earlier.
///
/// ```swift
/// let server = try await LocalModelServer.start(
///     model: file, environment: environment, resources: resources, builder: builder)
/// print(server.baseURL, server.key)
/// ```
public final class LocalModelServer: Sendable {
    /// The base for an OpenAI client, as in "http://127.0.0.1:41234/v1".
    public let baseURL: URL

    /// The key that the server asks for: random, known only to this process and the server.
    public let key: String

    let child: ChildProcess

    private init(baseURL: URL, key: String, child: ChildProcess) {
        self.baseURL = baseURL
        self.key = key
        self.child = child
    }

    deinit { child.closeStandardInput() }

    /// Starts the server and waits until it listens.
    ///
    /// - Parameters:
    ///   - model: The model's file.
    ///   - environment: The environment that holds the engine.
    ///   - resources: The folder that holds the `amaru` Python package.
    ///   - builder: The builder whose variables the server gets.
    /// - Returns: The server, which runs until it is stopped.
    /// - Throws: `EnvironmentError`: `modelServerFailed` with the server's own words, or `cancelled`
    ///   if the task is cancelled. The server has ended by then.
    public static func start(
        model: URL,
        environment: PythonEnvironment,
        resources: URL,
        builder: EnvironmentBuilder
    ) async throws -> LocalModelServer {
        let key = (0..<4).map { _ in UInt64.random(in: 0 ... .max).hexadecimal }.joined()
        var variables = builder.environment
        variables["AMARU_LOCAL_KEY"] = key
        variables["PYTHONPATH"] = resources.path
        // A folder `amaru` in the current folder must not hide the real package.
        variables["PYTHONSAFEPATH"] = "1"
        variables["PYTHONDONTWRITEBYTECODE"] = "1"
        let child: ChildProcess
        do {
            child = try ChildProcess(
                executable: environment.executable.path,
                arguments: ["-m", "amaru.local.server", "--gguf", model.path],
                environment: variables,
                standardInput: .pipe
            )
        } catch {
            throw failure("\(error)", [])
        }
        var reason: String?
        for await line in child.standardOutput {
            guard let message = try? JSONDecoder().decode(Message.self, from: Data(line.utf8))
            else { continue }
            if let url = message.url.flatMap(URL.init(string:)), url.isLoopback {
                return LocalModelServer(baseURL: url.appending(path: "v1"), key: key, child: child)
            }
            reason = message.error ?? "its address is not on this machine: \(line)"
            break
        }
        let status = await child.terminate(grace: .seconds(1))
        // Its standard error has ended too, and is read to the end unless the task is cancelled.
        let lines = await child.standardError.reduce(into: []) { $0.append($1) }
        if Task.isCancelled { throw EnvironmentError.cancelled("start of the local model") }
        throw failure(reason ?? "it ended with \(status) before it accepted connections", lines)
    }

    /// Ends the server and waits for its end; later calls do nothing.
    public func stop() async {
        child.closeStandardInput()
        await child.terminate()
    }

    private static func failure(_ reason: String, _ lines: [String]) -> EnvironmentError {
        let shown = lines.suffix(12).map { "\n  " + $0 }.joined()
        return EnvironmentError(
            .modelServerFailed,
            "the local model did not start: \(reason)\(shown)",
            remedy: "Check that the model file is complete and that there is enough memory, "
                + "or use another server with --base-url."
        )
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
