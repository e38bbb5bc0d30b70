// What the command is made of before anything runs: options read, keys taken, clock started.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
import AmaruHTTP
import AmaruPython
import ArgumentParser
import Foundation

/// The parts that live as long as the process.
final class Program: Sendable {
    let options: ChatOptions
    let network: HTTPStack
    let keys: KeyRing
    let resources: PythonResources
    /// The process's variables, without those that held keys.
    let variables: [String: String]
    private let start = ContinuousClock.now
    private let servers = ServerSlot()

    private init(
        _ options: ChatOptions,
        _ network: HTTPStack,
        _ keys: KeyRing,
        _ resources: PythonResources,
        _ variables: [String: String]
    ) {
        self.options = options
        self.network = network
        self.keys = keys
        self.resources = resources
        self.variables = variables
    }

    /// Reads the environment, once, and takes the keys out of it.
    static func begin(_ options: ChatOptions) throws -> Program {
        // A closed pipe is an error of the write, in Swift and in Python alike.
        signal(SIGPIPE, SIG_IGN)
        let vault = SecretVault()
        let keys = try KeyRing(options: options, vault: vault)
        let variables = ProcessInfo.processInfo.environment
        let network = try options.network.stack(
            over: {
                NIOHTTPBackend(
                    try HTTPBackendConfiguration(environment: variables),
                    warn: { Report.line("amaru: \($0)") }
                )
            },
            vault: vault,
            servers: [keys.origin]
        )
        let resources = try PythonResources(besides: try executable())
        return Program(options, network, keys, resources, variables)
    }

    static func executable() throws -> URL {
        #if os(Linux)
            return URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        #else
            guard let path = Bundle.main.executablePath else {
                throw ValidationError("The path of this program is not known.")
            }
            return URL(filePath: path).resolvingSymlinksInPath()
        #endif
    }

    /// Runs the command and leaves the process with its exit code.
    ///
    /// Not by returning: a Python thread may be in code that never ends.
    func end(_ body: () async throws -> Int32) async -> Never {
        let code: Int32
        do {
            code = try await body()
        } catch {
            code = Report.failure(error)
        }
        await servers.stop()
        // The last lines of a trace are those of exchanges that end now.
        if options.network.traceHTTP != nil { await network.shutDown() }
        Report.flush()
        _exit(code)
    }

    func keep(_ server: LocalModelServer) { servers.keep(server) }

    /// Reports a time of the start, if asked to.
    func trace(_ event: String) {
        guard options.verbose else { return }
        let elapsed = start.duration(to: .now)
        Report.line("[\(elapsed / .milliseconds(1)) ms] \(event)")
    }
}

/// The model server that must end with the program.
private final class ServerSlot: Sendable {
    private let server = LockedValue<LocalModelServer?>(nil)

    func keep(_ new: LocalModelServer) { server.withLock { $0 = new } }

    func stop() async {
        await server.withLock { $0 }?.stop()
    }
}
