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
    let userSettings: UserSettings
    let network: HTTPStack
    let resources: PythonResources
    /// The process's variables, with placeholders in place of keys.
    let variables: [String: String]
    let screen: Screen
    let history: InputHistory
    let interrupts: InterruptRoute
    private let start = ContinuousClock.now
    private let server = Lock<LocalModelServer?>(nil)
    /// Further fields of each request, as JSON texts, which go before those of the settings.
    private let requestOptions: [String: String]
    private let asked: Lock<Asked>

    /// The model that a chat asks, which the user may change.
    struct Asked {
        var choice: ModelChoice
        var keys: KeyRing
        /// The keys of what was asked before.
        var former: [KeyRing] = []
        var local: Local?
        /// The system prompt that the user has set in the chat.
        var system: String?
    }

    /// The model on this machine, once it answers.
    struct Local {
        let choice: ModelChoice
        let keys: KeyRing
        let settings: ChatSettings
    }

    /// What is asked, by the options, the variables and the user's settings.
    var choice: ModelChoice { asked.withLock { $0.choice } }
    var keys: KeyRing { asked.withLock { $0.keys } }
    var local: Local? { asked.withLock { $0.local } }

    /// Reads the user's settings and the environment, once, and takes the keys out of it.
    ///
    /// - `requestOptions`: Further fields of each request, as JSON texts, which go before those
    ///   of the settings.
    init(
        _ options: ChatOptions,
        requestOptions: [String: String] = [:],
        isConversation: Bool = true,
        isPlain: Bool = false
    ) async throws {
        // A closed pipe is an error of the write, in Swift and in Python alike.
        signal(SIGPIPE, SIG_IGN)
        Self.keepFreedMemory()
        let vault = SecretVault()
        // As with a key, what a script's SDK finds has no blanks around it.
        if let url = ModelChoice.url(in: EnvironmentVariables.current) {
            setenv(ModelChoice.variable, url, 1)
        } else {
            unsetenv(ModelChoice.variable)
        }
        self.options = options
        userSettings = UserSettings()
        let configuration = try await userSettings.configuration()
        var choice = try ModelChoice(
            ModelChoice.Words(
                model: options.model,
                baseURL: options.baseURL,
                isLocal: options.gguf != nil
            ),
            variables: EnvironmentVariables.current,
            configuration: configuration
        )
        choice.options.merge(requestOptions) { _, own in own }
        self.requestOptions = requestOptions
        let keys = try KeyRing(
            named: options.keyEnv,
            baseURL: choice.baseURL,
            isUsed: !options.noKey,
            providers: KeyRing.Providers(
                all: configuration.keys,
                chosen: choice.provider,
                stored: userSettings.keys
            ),
            vault: vault
        )
        asked = Lock(Asked(choice: choice, keys: keys))
        variables = EnvironmentVariables.current
        resources = try PythonResources()
        screen = Screen(
            isConversation: isConversation,
            variables: variables,
            isPlain: isPlain,
            highlighter: PygmentsHighlighter(
                configuration.highlight,
                resources: resources,
                variables: variables
            )
        )
        network = try options.network.stack(
            variables: variables,
            vault: vault,
            servers: [keys.origin],
            warn: screen.warn
        )
        history = InputHistory(
            folder: options.input.noHistory ? nil : UserFolder.state(in: variables),
            isSecret: keys.isSecret,
            report: { [screen] failure in Task { await screen.notice(failure) } }
        )
        interrupts = try InterruptRoute { [screen] in
            screen.terminalInUse?.interruptLine() ?? false
        }
    }

    /// Runs the command and leaves the process with its exit code.
    ///
    /// Not by returning: a Python thread may be in code that never ends.
    func end(_ body: () async throws -> Int32) async -> Never {
        let code: Int32
        do {
            try Self.refuseFolder()
            code = try await body()
        } catch {
            screen.close()
            code = Report.failure(error)
        }
        await server.withLock { $0 }?.stop()
        // The last lines of a trace are those of exchanges that end now.
        if options.network.traceHTTP != nil { await network.shutDown() }
        screen.close()
        history.drain(within: 1)
        leave(code)
    }

    /// Refuses a folder as standard input, which neither the program nor CPython can read.
    private static func refuseFolder() throws {
        var status = stat()
        guard fstat(STDIN_FILENO, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return }
        throw ValidationError(
            "Standard input is a folder: redirect a file, or pipe text into amaru."
        )
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

    /// Switches to another model, with the keys of its server.
    func ask(_ new: ModelChoice, keys ring: KeyRing) {
        asked.withLock { asked in
            // The keys of the model here belong to no provider.
            if ring !== asked.keys, asked.keys !== asked.local?.keys {
                asked.former.append(asked.keys)
            }
            (asked.choice, asked.keys) = (new, ring)
            asked.choice.options.merge(requestOptions) { _, own in own }
        }
    }

    /// Sets the system prompt, whatever is asked from now on.
    func ask(system: String) { asked.withLock { $0.system = system } }

    /// The system prompt that goes with a choice.
    func system(of choice: ModelChoice) -> String {
        asked.withLock { $0.system } ?? options.system ?? choice.system ?? ""
    }

    /// The keys of a choice.
    ///
    /// - Throws: As `KeyRing.switched(to:)`.
    func keys(of new: ModelChoice) throws -> KeyRing {
        let (choice, keys, former) = asked.withLock { ($0.choice, $0.keys, $0.former) }
        if new.provider == choice.provider, new.baseURL == choice.baseURL { return keys }
        let made = try keys.switched(to: new)
        // A key that was typed or fetched is not asked for again.
        return former.first { $0.origin == made.origin && $0.provider == made.provider } ?? made
    }

    /// Keeps the model server that must end with the program.
    func keep(_ new: LocalModelServer) { server.withLock { $0 = new } }

    /// Keeps what the model on this machine is asked with.
    func keep(_ new: Local) { asked.withLock { $0.local = new } }

    /// Reports a time of the start, if asked to.
    func trace(_ event: String) {
        guard options.verbose else { return }
        let elapsed = (start.duration(to: .now) / .microseconds(10)).rounded() / 100
        screen.progress("[\(elapsed) ms] \(event)")
    }

    /// Keeps up to 8 MiB of freed memory, maps blocks from 4 MiB on only, and has one heap that grows
    /// by 1 MiB at a time.
    ///
    /// glibc returns the end of its heap to the system when more than 128 KiB of it are free. The
    /// pieces of a large body are freed as fast as they come, and each would be mapped and filled
    /// with zeros again: that takes as much time as all other work of a transfer. All threads share one
    /// heap, since those of threads of their own grow page by page, whatever is set here.
    private static func keepFreedMemory() {
        #if canImport(Glibc)
            // The Glibc module leaves out <malloc.h>.
            guard let symbol = dlsym(nil, "mallopt") else { return }
            typealias Function = @convention(c) (CInt, CInt) -> CInt
            // Safe because that is how malloc.h declares it.
            let mallopt = unsafeBitCast(symbol, to: Function.self)
            let (trimThreshold, topPad, mapThreshold, arenas): (CInt, CInt, CInt, CInt) = (
                -1, -2, -3, -8
            )
            _ = mallopt(trimThreshold, 8 << 20)
            _ = mallopt(topPad, 1 << 20)
            _ = mallopt(mapThreshold, 4 << 20)
            _ = mallopt(arenas, 1)
        #endif
    }
}
