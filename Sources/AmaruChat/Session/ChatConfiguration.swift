// What a chat needs to start: values.
// SPDX-License-Identifier: Apache-2.0

import Amaru
public import AmaruHTTP
public import AmaruPython

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// The parts of a chat.
public struct ChatConfiguration: Sendable {
    /// The Python files that belong to the program.
    public var resources: PythonResources
    /// The script that converses.
    public var script: ChatScript
    /// What the script is told.
    public var settings: ChatSettings
    /// The settings for messages that ask another model, by the name that they ask it by.
    public var models: [String: ChatSettings] = [:]
    /// The virtual environment whose packages the script imports; nil for none.
    public var environment: URL?
    /// What installs packages for the script while it runs; nil if it cannot.
    public var packages: ScriptPackages?
    /// The network that all HTTP of the script goes through.
    public var network: HTTPStack
    /// The folder for compiled bytecode.
    public var bytecodeCache: URL
    /// Whether Python reads its own environment variables, as `python` does.
    public var readsVariables = false
    /// Whether Python is in its UTF-8 mode, although the locale has an encoding.
    package var hasUTF8Mode = false
    /// Whether SIGINT goes to Python while the script's own code runs, as under `python`.
    public var takesInterrupts = false
    /// Whether the script is only run for its names, and not asked for what it offers.
    public var isForNames = false
    /// How long a script may show nothing, with nothing in flight, before its turn has failed.
    public var idleTimeout = Duration.seconds(30)
    /// Reads the next line of the user's input, for Python's `input()`; nil at the end.
    public var readLine: @Sendable (String) async throws -> String? = { _ in nil }
    /// Reads a line that is typed unseen, for Python's `getpass()`; nil at the end.
    public var readPassword: @Sendable (String) async throws -> String? = { _ in nil }
    /// Writes what Python prints, if ``ChatSettings/output`` is `screen`.
    ///
    /// Called in Swift's pool while the thread that prints waits; an error is raised in Python,
    /// by `print()`.
    public var write: @Sendable (String) async throws -> Void = { _ in }
    /// Called on the thread that prints, just before Python writes output that ends a line, if
    /// ``ChatSettings/output`` is `shared`.
    public var linePrinted: @Sendable () -> Void = {}
    /// Called before Python code ends the process by `os._exit`; on the thread that does.
    public var leaving: @Sendable () -> Void = {}
    /// Tells whether descriptors of the program, which Python code must not close, are in a range.
    public var ownsDescriptors: @Sendable (Range<Int>) -> Bool = { _ in false }
    /// Reports what python would write to standard error: text with its own line endings.
    public var report: @Sendable (String) -> Void = { _ in }
    /// Receives the times of the start, for `--verbose`.
    public var trace: @Sendable (String) -> Void = { _ in }

    /// Creates a configuration of a script that needs no packages.
    public init(
        resources: PythonResources,
        script: ChatScript,
        settings: ChatSettings,
        network: HTTPStack,
        bytecodeCache: URL
    ) {
        self.resources = resources
        self.script = script
        self.settings = settings
        self.network = network
        self.bytecodeCache = bytecodeCache
    }

    /// How Python starts for the chat.
    var python: PythonConfiguration {
        var python = PythonConfiguration(
            environment: environment?.path,
            searchPaths: [resources.root.path, resources.compat.path],
            arguments: [script.path],
            bytecodeCache: bytecodeCache.path,
            readsVariables: readsVariables,
            unhandledErrors: .handlerOnly
        )
        python.hasUTF8Mode = hasUTF8Mode
        return python
    }
}

/// The settings that a chat script can read, as `amaru.settings()`.
public struct ChatSettings: Codable, Sendable, Equatable {
    /// The model's name.
    public var model: String
    /// The base URL of the OpenAI-compatible server.
    public var baseURL: String
    /// The system prompt; may be empty.
    public var system = ""
    /// The placeholder that stands for the key; never the key itself.
    public var keyPlaceholder = ""
    /// The environment variable that the key was in; empty if it came from elsewhere.
    public var keyVariable = ""
    /// What to do about a key of the user's settings that is missing or refused; may be empty.
    public var keyRemedy = ""
    /// What relative URLs are relative to: a URL or a folder; empty for the script's folder.
    public var fetchBase = ""
    /// Seconds without content after which an answer has stalled; 0 for never.
    public var stallTimeout = 60.0
    /// The folder of plugin files; empty for none.
    public var plugins = ""
    /// Whether the model is the small demonstration model on this machine.
    public var isLocal = false
    /// Whether the user converses on a terminal, where slash commands count.
    public var isConversation = false
    /// Where Python's output goes.
    public var output = Output.apart
    /// The slash commands that the host itself obeys, with what each does.
    public var commands: [String: String] = [:]
    /// Further fields of each request, by name; the values are JSON texts.
    ///
    /// Texts, since a schema's properties have an order, and numbers any size.
    public var options: [String: String] = [:]
    /// Further header fields of each request to the server of the base URL.
    public var headers: [String: String] = [:]
    /// The JSON schema that answers must fit, as JSON text; empty for none.
    public var schema = ""
    /// Whether answers are asked for piece by piece.
    public var isStreaming = true
    /// Whether requests are shown and not sent.
    public var isDryRun = false
    /// Whether the server wants a key, and there is none.
    public var needsKey = false

    /// Where what Python prints goes.
    public enum Output: String, Codable, Sendable {
        /// To the screen of the chat, by ``ChatConfiguration/write``.
        case screen
        /// To the pipe or file of the answers: in the order of what is said and printed.
        case shared
        /// To the program's standard output, not ordered with answers.
        case apart
    }

    private enum CodingKeys: String, CodingKey {
        case model, system, plugins, output, commands, options, headers, schema
        case baseURL = "base_url"
        case fetchBase = "fetch_base"
        case keyPlaceholder = "api_key"
        case keyVariable = "key_variable"
        case keyRemedy = "key_remedy"
        case stallTimeout = "stall_timeout"
        case isLocal = "local"
        case isConversation = "terminal"
        case isStreaming = "streams"
        case isDryRun = "dry_run"
        case needsKey = "needs_key"
    }

    /// Creates settings with a model and a server.
    public init(model: String, baseURL: String) {
        self.model = model
        self.baseURL = baseURL
    }
}
