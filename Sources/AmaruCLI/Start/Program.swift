// What the command is made of before anything runs: options read, keys taken, clock started.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruChat
import AmaruEnvironment
import AmaruHTTP
import AmaruPython
import ArgumentParser

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The parts that live as long as the process.
final class Program: Sendable {
    let options: ChatOptions
    /// The server that the user has named, if any.
    let serverURL: String?
    let network: HTTPStack
    let keys: KeyRing
    let resources: PythonResources
    /// The process's variables, with placeholders in place of keys.
    let variables: [String: String]
    let screen: Screen
    let interrupts: InterruptRoute
    private let start = ContinuousClock.now
    private let server = Lock<LocalModelServer?>(nil)

    /// Reads the environment, once, and takes the keys out of it.
    init(_ options: ChatOptions, isConversation: Bool = true) throws {
        // A closed pipe is an error of the write, in Swift and in Python alike.
        signal(SIGPIPE, SIG_IGN)
        FreedMemory.keep()
        let vault = SecretVault()
        let serverURL = try options.serverURL(ProcessInfo.processInfo.environment)
        let keys = try KeyRing(
            named: options.keyEnv,
            baseURL: serverURL,
            isUsed: !options.noKey,
            vault: vault
        )
        let variables = ProcessInfo.processInfo.environment
        let configuration = try HTTPBackendConfiguration(environment: variables)
        network = try options.network.stack(
            over: { NIOHTTPBackend(configuration, warn: { Report.line("amaru: \($0)") }) },
            vault: vault,
            proxies: configuration.proxies,
            servers: [keys.origin]
        )
        resources = try PythonResources()
        let screen = Screen(isConversation: isConversation, variables: variables)
        interrupts = try InterruptRoute { screen.terminalInUse?.interruptLine() ?? false }
        self.options = options
        self.serverURL = serverURL
        self.keys = keys
        self.variables = variables
        self.screen = screen
    }

    /// Runs the command and leaves the process with its exit code.
    ///
    /// Not by returning: a Python thread may be in code that never ends.
    func end(_ body: () async throws -> Int32) async -> Never {
        let code: Int32
        do {
            code = try await body()
        } catch {
            screen.close()
            code = Report.failure(error)
        }
        await server.withLock { $0 }?.stop()
        // The last lines of a trace are those of exchanges that end now.
        if options.network.traceHTTP != nil { await network.shutDown() }
        leave(code)
    }

    /// Leaves the process at once, whatever Python does, with the terminal as it was.
    func leave(_ code: Int32, of session: ChatSession? = nil) -> Never {
        TerminalMode.leaveAll()
        if let plugin = session?.runningPlugin, !plugin.isEmpty {
            Report.line(
                "amaru: the plugin \(plugin) did not stop; move it out of the plugin folder"
            )
        }
        ProcessEnd.leave(code)
    }

    /// Keeps the model server that must end with the program.
    func keep(_ new: LocalModelServer) { server.withLock { $0 = new } }

    /// Reports a time of the start, if asked to.
    func trace(_ event: String) {
        guard options.verbose else { return }
        let elapsed = start.duration(to: .now)
        screen.progress("[\(elapsed / .milliseconds(1)) ms] \(event)")
    }
}
