// What answers for a server: a session here, or processes of the same program.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
import AmaruEnvironment
import AmaruHTTP
import AmaruServe
import ArgumentParser

extension ServeOptions {
    /// Refuses several workers for the model on this machine, which each would start again, and
    /// others beside it.
    ///
    /// - Throws: `ValidationError`.
    func checkModel() throws {
        guard offer.isEmpty else {
            throw ValidationError("--offer is for chats with a server: name one, or set its key.")
        }
        guard workers > 1 else { return }
        throw ValidationError(
            "--workers is for scripts, and for chats with a server: the model on this machine is a "
                + "process of its own already."
        )
    }
}

extension Program {
    /// How many messages one interpreter takes.
    private static let limits = TurnLimits(open: 16, waiting: 64)

    /// A session of this process.
    ///
    /// - `found`: The script; nil for the chat that is built in.
    func servedSession(_ found: FoundScript?, offering offers: [OfferedModel]) -> ChatSession {
        ChatSession(limits: Self.limits) { [self] in
            var configuration: ChatConfiguration
            if let found {
                configuration = try await prepare(found.script)
                configuration.settings.fetchBase = found.base ?? ""
            } else {
                configuration = try await prepareConversation()
                for offer in offers { configuration.models[offer.name] = offer.settings }
            }
            // No client's answer shares the server's standard output.
            configuration.settings.output = .apart
            return configuration
        }
    }

    /// Processes that run the same.
    func workerPool(of count: Int, running found: FoundScript?) -> WorkerPool {
        var start = WorkerStart()
        (start.script, start.fetchBase) = (found?.script, found?.base)
        start.variables = variables.compactMapValues { network.vault.key(for: $0) }
        return WorkerPool(
            WorkerPool.Configuration(
                count: count,
                limits: Self.limits,
                start: start,
                key: { [self] in
                    keys.source == nil ? keys.known.flatMap { network.vault.key(for: $0) } : nil
                },
                launch: launchWorker
            )
        )
    }

    private func launchWorker(_ onLine: @escaping WorkerProcess.OnLine) throws -> WorkerProcess {
        let (own, other) = try Descriptor.socketPair()
        // First: without its thread there is nothing to start.
        let socket = try LineSocket(own)
        try socket.start { onLine($0, socket) }
        var arguments = Array(CommandLine.arguments.dropFirst())
        let place = arguments.firstIndex(of: ServeCommand.configuration.commandName ?? "") ?? 0
        arguments.insert("--as-worker", at: min(place + 1, arguments.endIndex))
        let child: ChildProcess
        do {
            child = try ChildProcess(
                executable: ServeRestart.executable,
                arguments: arguments,
                // With placeholders for keys, which come over the socket.
                environment: variables,
                standardError: .inherited,
                holding: [other]
            )
        } catch {
            socket.close()
            throw error
        }
        return WorkerProcess(
            socket: socket,
            end: { await Task.detached { try? await child.exitStatus() }.value?.description ?? "" },
            kill: { child.signal(SIGKILL) }
        )
    }
}

extension WorkerPool {
    func addFigures(to metrics: ServeMetrics) {
        metrics.add("amaru_workers", "Processes that answer.", inHealth: "workers") { [self] in
            ready
        }
        metrics.add("amaru_worker_restarts_total", "How often one was started again.") { [self] in
            restarts
        }
    }
}
