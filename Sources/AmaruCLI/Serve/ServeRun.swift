// One run of a server: from its address to its end.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruChat
import AmaruEnvironment
import AmaruServe
import AmaruStore

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Serves a chat until a signal ends it, or its script has changed after a fault.
struct ServeRun: Sendable {
    let program: Program
    let backend: any ChatBackend
    let start: ServeStart
    /// The files of the script that is served, as they were read; nil for the built-in chat.
    let files: ScriptFiles?
    /// What the user calls it.
    let name: String?
    let store: StoreOptions
    /// The models that clients may ask in place of the chat's own.
    let offers: [OfferedModel]

    /// Why the server ends.
    private enum End: Sendable {
        /// The user has said so.
        case stopped
        /// The script, which did not start or has ended, has changed.
        case changed(String)
        /// The built-in chat does not start.
        case failed(any Error)
    }

    /// How long the disk gets for what is not written when the server ends, and then the script.
    private static let (patience, grace) = (Duration.seconds(2), Duration.seconds(1))
    /// How long a script that has changed before it failed waits to be started again.
    private static let rest = Duration.seconds(10)

    func run() async throws -> Int32 {
        var configuration = start.configuration
        if start.options.logRequests || program.options.verbose {
            let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
            configuration.log = { Report.line("\(style.format(Date())) \($0)") }
        }
        let (health, end) = (ScriptHealth(), AsyncValue<End>())
        let stopped = AsyncValue<Void>()
        // Not by way of the program's route for Ctrl-C, which asking for a key takes over.
        let signals = try SignalSource([SIGINT, SIGTERM])
        let models = CompletionConfiguration(
            created: Int(Date().timeIntervalSince1970),
            models: { [self] in await self.models }
        )
        try await checkStore()
        let configured = hubConfiguration
        let hub = TurnHub(configured)
        try await hub.join()
        let server = PageServer(configuration) { router, ending in
            addPageRoutes(to: router, hub: hub, ending: ending) {
                page(health, configured.store)
            }
            addCompletionRoutes(to: router, source: hub, configuration: models, ending: ending)
            addReadinessRoute(to: router) { [backend] in
                health.isUp && (backend as? WorkerPool)?.ready != 0
            }
        }
        server.metrics.add("amaru_script_up", "Whether the script answers.") {
            health.isUp ? 1 : 0
        }
        if let store = configured.store {
            server.metrics.add(
                "amaru_store_up",
                "Whether the conversations can be read and written.",
                inHealth: "store"
            ) { store.isUp ? 1 : 0 }
        }
        if let pool = backend as? WorkerPool { pool.addFigures(to: server.metrics) }
        let port: Int
        do {
            port = try await server.start()
        } catch let error as ServeError {
            throw CommandFailure(error.description)
        }
        try greet(server, port: port)
        let tasks = [
            Task {
                await obey(signals) {
                    stopped.set(()); end.set(.stopped)
                }
            },
            Task { await supervise(health, end) },
        ]
        let outcome = await end.waitRegardlessOfCancellation()
        async let closed: Void = server.stop()
        // Turns are marked before the script ends, which would end them too.
        await hub.end(within: Self.patience)
        try? await abandonable(within: Self.grace) { [backend] in
            await backend.shutDown(grace: Self.grace / 2)
        }
        await closed
        for task in tasks { task.cancel() }
        switch outcome {
        case .stopped: return 0
        // A signal that has come since then counts.
        case .changed where stopped.current != nil: return 0
        case .failed(let error): throw error
        case .changed(let file):
            Report.line("amaru: \(file) has changed: starting again")
            throw ServeRestart(
                port: port,
                token: start.token,
                storePassword: start.storePassword,
                folder: start.folder
            ).failure(of: program)
        }
    }

    /// Ends the server at a signal; the second Ctrl-C waits for nothing.
    private func obey(_ signals: SignalSource, _ stop: () -> Void) async {
        var interrupts = 0
        for await signal in signals.signals {
            if signal == SIGINT { interrupts += 1 }
            if interrupts > 1 { program.leave(ProcessEnd.interrupted, of: backend as? ChatSession) }
            stop()
        }
    }

    /// Says where the server is, and how to get in.
    private func greet(_ server: PageServer, port: Int) throws {
        guard !start.isAgain else { return }
        let url = start.configuration.url(port: port)
        try Report.output(url + "\n")
        if start.isTokenNew, let token = start.token {
            Report.line("amaru: the token, which is shown this once: \(token)")
        }
        if start.configuration.isOpenToAll {
            let others = start.configuration.urls(port: port).joined(separator: " or ")
            Report.line(
                "amaru: other machines reach it at \(others.isEmpty ? "an address of this one" : others)"
                    + "; a name needs --allow-host"
            )
        }
        guard start.options.open else { return }
        if start.configuration.tokens.isEmpty {
            Report.line("amaru: --open: no token is needed, and so no link that logs in")
        }
        let owners = start.configuration.tokens.owners
        for owner in owners {
            let name = owners.count > 1 ? "\(owner): " : ""
            try Report.output("\(name)\(url)#t=\(server.logins.makeCode(for: owner))\n")
        }
    }

    // MARK: The script

    /// Starts the script, and watches what becomes of it.
    private func supervise(_ health: ScriptHealth, _ end: AsyncValue<End>) async {
        do {
            let offer = try await backend.start()
            guard case .chat(let takesKey) = offer else { throw ScriptHealth.offersNothing }
            if takesKey { try await program.askForKey() }
            health.isUp = true
            program.trace("the script answers")
            try await follow()
        } catch is CancellationError {
            // The server ends.
            return
        } catch _ where end.current != nil {
            // The server is ending, which interrupts Python code.
            return
        } catch {
            health.isUp = false
            if files == nil { return end.set(.failed(error)) }
            let fault = await ScriptHealth.fault(of: error, in: backend as? ChatSession)
            health.fault = fault
            Report.line("amaru: \(fault)")
        }
        guard let files, canRestart else { return }
        // What the script itself writes, it would write each time.
        if files.haveChanged { try? await Task.sleep(for: Self.rest) }
        guard let file = await files.change() else { return }
        end.set(.changed(file))
    }

    /// Whether what was named on the command line can be had a second time.
    private var canRestart: Bool {
        let network = program.options.network
        return network.record == nil && network.traceHTTP == nil
    }

    /// Shows what the script says between turns; ends with it.
    ///
    /// - Throws: `ChatFailure`, which says how it ended.
    private func follow() async throws {
        for try await event in backend.background.viewer() {
            if case .notice(let text) = event { Report.line(text) }
        }
        switch backend.background.end {
        case .failed(let failure): throw failure
        case .exited(let code): throw ScriptHealth.exited(code)
        default: return
        }
    }
}
