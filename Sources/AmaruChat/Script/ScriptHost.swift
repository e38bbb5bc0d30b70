// What a page of Pyodide gives to its scripts, for a Swift program that holds the screen itself.
// SPDX-License-Identifier: Apache-2.0

public import Amaru
import AmaruEnvironment
public import AmaruHTTP
import AmaruPython

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// Python with what scripts of a Pyodide page import: `pyodide`, `micropip` and the network.
///
/// The program takes the place of the page: it registers modules of its own and runs sources.
///
/// ```swift
/// let host = try ScriptHost()
/// try await host.start()
/// let page = PythonModule("js_module") {
///     PythonFunction("show", .positional("text")) { (text: String) in print(text) }
/// }
/// try await Python.register(page)
/// try await host.run(
///     """
///     import js_module, micropip
///     await micropip.install("humanize")
///     import humanize
///     js_module.show(humanize.intword(7_000_000))
///     """
/// )
/// ```
///
/// Objects for the module `js` are the members of a module that is registered in its place:
///
/// ```swift
/// try await host.run("import page\nfrom pyodide import ffi\nffi.register_js_module('js', page)")
/// ```
///
/// What scripts install goes into environments of the user's cache. ``ChatSession`` runs whole
/// scripts and supervises them; a host leaves both to the program.
public struct ScriptHost: Sendable {
    /// How Python starts; the folders that the host needs are added to its search paths.
    public var python: PythonConfiguration
    /// What relative URLs are relative to, a URL or a folder; nil for the current folder.
    public var origin: String?
    /// The network that all HTTP of the scripts goes through, with the keys for it.
    public var network: HTTPStack
    /// What installs packages for the scripts.
    public var packages: ScriptPackages
    /// Called with what ends a task that nobody awaits, or a source that runs in the background.
    ///
    /// It is called on any thread, and must not block. Without it, such exceptions are written to
    /// standard error.
    public var onFault: (@Sendable (PythonException) -> Void)?

    /// Describes a host; nothing runs yet.
    ///
    /// - Parameters:
    ///   - routes: The origins whose requests go to another one.
    ///   - variables: The process's variables, which say where the cache, the proxies and the
    ///     package indexes are.
    /// - Throws: `HTTPTransferError` for the variable of a malformed proxy.
    public init(
        routes: OriginRoutes = OriginRoutes(),
        variables: [String: String] = ProcessInfo.processInfo.environment
    ) throws {
        let configuration = try HTTPBackendConfiguration(environment: variables)
        var layers = HTTPStack.Layers()
        layers.routes = routes
        layers.proxies = configuration.proxies
        network = try HTTPStack(over: NIOHTTPBackend(configuration), layers: layers)
        let cache = UserFolder.cache(in: variables)
        python = PythonConfiguration(bytecodeCache: cache.appending(path: "bytecode").path)
        packages = ScriptPackages(
            builder: EnvironmentBuilder(cacheFolder: cache, environment: variables),
            progress: Self.log
        )
    }

    /// Starts Python with all of this.
    ///
    /// - Throws: `AmaruError` if Python does not start, or runs already; `PythonException` if
    ///   ``origin`` is neither a URL nor a folder; `PythonResources.NotFound`.
    public func start() async throws {
        let resources = try PythonResources()
        var python = python
        if let onFault {
            python.unhandledErrors = .handlerOnly
            python.onUnhandledError = onFault
        }
        // The current folder first, as in Pyodide.
        python.searchPaths =
            [""] + python.searchPaths + [resources.root.path, resources.compat.path]
        try await Python.start(python)
        try await PythonActor.run {
            let base = python.environment.map { URL(filePath: $0, directoryHint: .isDirectory) }
            try Self.provide(network, packages, in: base)
            guard let origin else { return }
            _ = try Python.import("pyodide.http").set_base(origin) as PythonObject
        }
    }

    /// Runs a source with the names of `__main__`, as `pyodide.runPythonAsync` does in a page.
    ///
    /// - Returns: The value of its last expression; `None` if it ends with a statement.
    /// - Throws: `PythonException` with what the source raises; `AmaruError` if Python does not
    ///   run, or when it ends; `CancellationError`.
    @discardableResult
    public func run(_ source: String) async throws -> PythonObject {
        try await Python.run(source, globals: Python.globals())
    }

    /// Runs a source that may never end, as a script's `main()`.
    ///
    /// What it raises goes to ``onFault``. When Python ends it is cancelled.
    ///
    /// - Returns: The task, which can be cancelled.
    @discardableResult
    public func runInBackground(_ source: String) -> Task<Void, Never> {
        Task {
            do {
                try await run(source)
            } catch let exception as PythonException {
                if let onFault { onFault(exception) } else { Self.log(exception.traceback) }
            } catch is CancellationError {
            } catch let error as AmaruError where error.code == .notRunning {
                // Python has ended.
            } catch {
                Self.log("\(error)\n")
            }
        }
    }

    /// Makes the network and the installer importable, and puts the network under the libraries.
    ///
    /// - `environment`: The environment that Python runs in, if any.
    @PythonActor
    static func provide(
        _ network: HTTPStack,
        _ packages: ScriptPackages?,
        in environment: URL?
    ) throws {
        try Python.registerByNeed("_amaru_http") { HTTPModule(network).module }
        if let packages {
            try Python.registerByNeed("_amaru_packages") { packages.module(base: environment) }
        }
        try Python.import("amaru.network").readAttribute("install")(network.isFenced)
        try Python.import("amaru._main").readAttribute("hide_neighbours")()
    }

    /// Writes a line to standard error; one that is closed has nobody who reads it.
    private static let log: @Sendable (String) -> Void = { line in
        try? PosixCall.withoutBrokenPipeSignal { try PosixCall.writeAll(line + "\n", to: 2) }
    }
}
