// What a chat needs to start: a value.
// SPDX-License-Identifier: Apache-2.0

public import AmaruHTTP
public import AmaruPython
public import Foundation

/// The parts of a chat.
public struct ChatConfiguration: Sendable {
    /// The Python files that belong to the program.
    public var resources: PythonResources
    /// The script that converses.
    public var script: ChatScript
    /// What the script is told.
    public var settings: ChatSettings
    /// The environment whose packages the script imports; nil for none.
    public var environment: PythonEnvironment?
    /// The network that all HTTP of the script goes through.
    public var network: HTTPStack
    /// The folder for compiled bytecode.
    public var bytecodeCache: URL
    /// How long a script may show nothing, with nothing in flight, before its turn has failed.
    public var idleTimeout: Duration
    /// Reads the next line of the user's input, for Python's `input()`; nil at the end.
    public var readLine: @Sendable (String) async throws -> String?
    /// Receives times of the start, for `--verbose`.
    public var trace: @Sendable (String) -> Void

    /// Creates a configuration.
    public init(
        resources: PythonResources,
        script: ChatScript,
        settings: ChatSettings,
        environment: PythonEnvironment?,
        network: HTTPStack,
        bytecodeCache: URL,
        idleTimeout: Duration = .seconds(30),
        readLine: @escaping @Sendable (String) async throws -> String? = { _ in nil },
        trace: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.resources = resources
        self.script = script
        self.settings = settings
        self.environment = environment
        self.network = network
        self.bytecodeCache = bytecodeCache
        self.idleTimeout = idleTimeout
        self.readLine = readLine
        self.trace = trace
    }
}
