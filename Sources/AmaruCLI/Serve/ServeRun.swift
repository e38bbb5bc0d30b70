// One run of a server: from its address to its end.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruChat
import AmaruEnvironment
import AmaruServe
import ArgumentParser

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Serves a session until a signal ends it, or its script has changed after a fault.
struct ServeRun: Sendable {
    let program: Program
    let session: ChatSession
    let start: ServeStart
    /// The script that is served; nil for the built-in chat.
    let script: ChatScript?
    /// What the user calls it.
    let name: String?
    let store: StoreOptions

    /// Why a server ends.
    private enum End: Sendable {
        /// The user has said so.
        case stopped
        /// The script has changed that did not start.
        case changed
        /// The built-in chat does not start.
        case failed(any Error)
    }

    /// How long the script gets to end when the server does.
    private static let grace = Duration.seconds(1)

    func run() async throws -> Int32 {
        var configuration = start.configuration
        if start.options.logRequests || program.options.verbose {
            configuration.log = { Report.line("amaru: \($0)") }
        }
        let health = ScriptHealth()
        let server = PageServer(configuration) { router, ending in
            // The routes of the page (addPageRoutes) go here.
            addCompletionRoutes(
                to: router,
                source: session,
                configuration: CompletionConfiguration(
                    created: Int(Date().timeIntervalSince1970),
                    models: { [session, name] in await Self.models(of: session, name) }
                ),
                ending: ending
            )
        }
        server.metrics.add("amaru_script_up", "Whether the script answers.") {
            health.isUp ? 1 : 0
        }
        let port: Int
        do {
            port = try await server.start()
        } catch let error as ServeError {
            throw ValidationError(error.description)
        }
        try greet(server, port: port)
        let end = AsyncValue<End>()
        let terminated = try SignalSource([SIGTERM])
        let tasks = [
            Task { for await _ in terminated.signals { end.set(.stopped) } },
            Task { await supervise(health, end) },
        ]
        let outcome = await program.interrupts.during({ [program, session] count in
            // The second Ctrl-C waits for nothing.
            guard count == 1 else { program.leave(ProcessEnd.interrupted, of: session) }
            end.set(.stopped)
        }) {
            let outcome = await end.waitRegardlessOfCancellation()
            await server.stop()
            try? await abandonable(within: Self.grace) { [session] in
                await session.shutDown(grace: Self.grace / 2)
            }
            return outcome
        }
        for task in tasks { task.cancel() }
        switch outcome {
        case .stopped: return 0
        case .failed(let error): throw error
        case .changed:
            Report.line("amaru: \(name ?? "the script") has changed: starting again")
            throw ServeRestart(port: port, token: start.token, folder: start.folder)
                .failure(of: program)
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
        guard start.options.open else { return }
        let needsLogin = !start.configuration.tokens.isEmpty
        try Report.output(needsLogin ? "\(url)#t=\(server.logins.makeCode())\n" : "")
    }

    // MARK: The script

    /// What clients of `/v1` call the model: a script by its name, the built-in chat's by its own.
    private static func models(of session: ChatSession, _ name: String?) async -> [String] {
        if let name {
            // Also of a folder, whose path may end in a slash.
            let last = name.split(separator: "/").last.map(String.init) ?? name
            return [last.hasSuffix(".py") ? String(last.dropLast(3)) : last]
        }
        _ = try? await session.start()
        return [session.settings?.model ?? "amaru"]
    }

    /// Starts the script, and watches what becomes of it.
    private func supervise(_ health: ScriptHealth, _ end: AsyncValue<End>) async {
        do {
            let offer = try await session.start()
            guard case .chat(let takesKey) = offer else { throw ScriptHealth.offersNothing }
            if takesKey { try await program.askForKey() }
            health.isUp = true
            program.trace("the script answers")
            try await follow()
        } catch {
            health.isUp = false
            if script == nil { return end.set(.failed(error)) }
            let fault = await ScriptHealth.fault(of: error, in: session)
            health.fault = fault
            Report.line("amaru: \(fault)")
        }
        guard let script, canRestart else { return }
        await ScriptFiles(of: script).change()
        end.set(.changed)
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
        for try await event in session.background.viewer() {
            if case .notice(let text) = event { Report.line(text) }
        }
        switch session.background.end {
        case .failed(let failure): throw failure
        case .exited(let code): throw ScriptHealth.exited(code)
        default: return
        }
    }
}
