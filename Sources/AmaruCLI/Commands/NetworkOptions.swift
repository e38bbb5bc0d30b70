// The options that say what the network may do, and what is kept of it.
// SPDX-License-Identifier: Apache-2.0

import AmaruHTTP
import ArgumentParser

struct NetworkOptions: ParsableArguments {
    @Option(help: "Send the requests for one origin to another, FROM=TO. Repeatable.")
    var route: [String] = []

    @Option(
        help: """
            Allow requests to this origin, [SCHEME://]HOST[:PORT], and refuse those to any that is \
            not named; the server of the model is always allowed. Repeat it, or separate origins \
            with commas. A Unix socket is unix:PATH. Python starts no programs then, but with --allow-run.
            """
    )
    var allowNet: [String] = []

    @Flag(help: "With --allow-net, let Python start programs, which may reach anything.")
    var allowRun = false

    @Option(
        help: "Record all requests and responses, without keys, in a new file.",
        completion: .file()
    )
    var record: String?

    @Option(
        help: "Answer all requests from a recording, without a network.",
        completion: .file()
    )
    var replay: String?

    @Option(
        help: "Write a line of JSON about each request to a new file, a device, or - for stderr.",
        completion: .file()
    )
    var traceHTTP: String?

    mutating func validate() throws {
        if record != nil, replay != nil {
            throw ValidationError("--record and --replay cannot be combined: give one of them.")
        }
        if allowRun, allowNet.isEmpty {
            throw ValidationError("--allow-run is for use with --allow-net: name what is allowed.")
        }
        _ = try routes()
        _ = try allowList(with: [])
    }

    /// The network that the options and the process's variables describe.
    ///
    /// - `servers`: The origins that are allowed beside the named ones.
    /// - `warn`: Called, on any thread, with a line about what has failed and ends nothing.
    /// - Throws: `ValidationError` that names the option whose file cannot be used, or the
    ///   variable of a malformed proxy.
    func stack(
        variables: [String: String],
        vault: SecretVault,
        servers: [HTTPOrigin],
        warn: @escaping @Sendable (String) -> Void
    ) throws -> HTTPStack {
        do {
            let configuration = try HTTPBackendConfiguration(environment: variables)
            var layers = HTTPStack.Layers()
            layers.routes = try routes()
            layers.allowList = try allowList(with: servers)
            layers.runOption = allowRun ? nil : "the option --allow-run"
            layers.proxies = configuration.proxies
            layers.recording = record
            layers.trace = traceHTTP
            layers.onFailure = warn
            let backend: any HTTPBackend =
                if let replay {
                    try ReplayBackend(from: replay)
                } else {
                    NIOHTTPBackend(configuration, warn: warn)
                }
            return try HTTPStack(over: backend, vault: vault, layers: layers)
        } catch let error as HTTPTransferError {
            throw ValidationError(error.message)
        } catch let error as HTTPFileError {
            throw ValidationError("\(option(for: error.path)): \(error)")
        }
    }

    private func option(for path: String) -> String {
        switch path {
        case replay: "--replay"
        case record: "--record"
        default: "--trace-http"
        }
    }

    /// The routes that `--route` describes.
    ///
    /// - Throws: `ValidationError`.
    func routes() throws -> OriginRoutes {
        do {
            return try OriginRoutes(parsing: route)
        } catch {
            throw ValidationError("--route: \(error)")
        }
    }

    private func allowList(with servers: [HTTPOrigin]) throws -> HTTPAllowList? {
        guard !allowNet.isEmpty else { return nil }
        var list: HTTPAllowList
        do {
            list = try HTTPAllowList(parsing: allowNet)
        } catch {
            throw ValidationError("--allow-net: \(error)")
        }
        for origin in servers { list.add(origin) }
        // Those who route an origin elsewhere have said that it may be reached there.
        for target in try routes().destinations { list.add(target) }
        return list
    }
}
