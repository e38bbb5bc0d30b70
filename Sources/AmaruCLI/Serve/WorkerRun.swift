// The process of a worker: the same program, told over a socket what to answer.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruChat
import AmaruEnvironment
import AmaruServe

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Runs a script for the server that has started this process with the same command line.
struct WorkerRun {
    /// The number that the server gives its socket in the worker.
    private static let socket: Int32 = 3
    /// How long the script gets to end.
    private static let grace = Duration.seconds(1)

    let options: ChatOptions
    /// What the server offers beside.
    let offer: [String]

    func run() async throws {
        let worker: ChatWorker
        do {
            let socket = try LineSocket(Descriptor(inheritedSocket: Self.socket))
            worker = try ChatWorker(socket) { _exit(1) }
        } catch {
            throw CommandFailure("--as-worker is only for processes of amaru serve (\(error)).")
        }
        // A service manager may signal every process of a unit: the server says when workers end.
        let signals = try SignalSource([SIGINT, SIGTERM])
        defer { signals.cancel() }
        // And a terminal may stop what writes to it from another group.
        signal(SIGTTOU, SIG_IGN)
        let start = try await worker.begin()
        // As if the process had been started with them.
        for (name, value) in start.variables { setenv(name, value, 1) }
        let program = try await Program(options, isConversation: false)
        if let key = start.key { Self.add(key, to: program) }
        let found = start.script.map { FoundScript(script: $0, base: start.fetchBase) }
        let offers = try await program.offers(offer)
        let session = program.servedSession(found, offering: offers)
        await program.end {
            await worker.run(
                session,
                key: { program.keys.known ?? "" },
                addKey: { Self.add($0, to: program) },
                start: { () async throws(ChatFailure) in
                    try await Self.start(session, isScript: found != nil)
                }
            )
            try? await abandonable(within: Self.grace) {
                await session.shutDown(grace: Self.grace / 2)
            }
            return 0
        }
    }

    private static func add(_ key: String, to program: Program) {
        ProcessSecrets.forbidDumps()
        program.keys.add(key, for: program.keys.origin)
    }

    /// Starts the script; returns whether it takes a key with each message.
    private static func start(
        _ session: ChatSession,
        isScript: Bool
    ) async throws(ChatFailure) -> Bool {
        do {
            guard case .chat(let takesKey) = try await session.start() else {
                throw ScriptHealth.offersNothing
            }
            return takesKey
        } catch {
            // The server's end interrupts a worker: no one would read a traceback.
            if (error as? PythonException)?.typeName == "KeyboardInterrupt" {
                throw ChatFailure(code: "start", message: "the server ends")
            }
            guard isScript else { throw ChatFailure(code: "start", message: "\(error)") }
            throw await ScriptHealth.fault(of: error, in: session)
        }
    }
}
