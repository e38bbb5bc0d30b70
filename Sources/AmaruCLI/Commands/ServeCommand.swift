// `amaru serve [PATH]`: a chat as a page, and as a model for programs.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruChat
import AmaruServe
import ArgumentParser

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve a chat as a page, and as a model for OpenAI-compatible clients under /v1.",
        discussion: """
            Without a PATH the built-in chat is served. A script is run as by amaru run; one that \
            does not start is shown on the page, and started again when its file has changed. Only \
            this machine can reach the server unless --host names another address, for which a \
            token is needed: that of --token-file, of the variable AMARU_SERVE_TOKEN, or one that \
            is made and shown once.
            """
    )

    @Argument(
        help: "A chat script, as for amaru run: a file, a folder, an archive or a URL.",
        completion: .file(extensions: ["py"])
    )
    var path: String?

    @Argument(help: "The script's own arguments; options only after --.")
    var arguments: [String] = []

    @OptionGroup(title: "Server options") var server: ServeOptions
    @OptionGroup var options: ChatOptions
    @OptionGroup var store: StoreOptions

    private var source: ScriptSource? { path.map { ScriptSource($0) } }

    func validate() throws {
        switch source {
        case .standardInput:
            throw ValidationError("A script on standard input cannot be served: write a file.")
        case .url(let url): try ChatOptions.check(url, named: "PATH")
        default: break
        }
        guard server.store == nil || !store.noStore else {
            throw ValidationError("--store and --no-store exclude each other.")
        }
        guard server.offer.isEmpty || path == nil else {
            throw ValidationError("--offer is for the built-in chat: a script is one model.")
        }
        let network = options.network
        guard server.workers == 1 || network.record == nil && network.traceHTTP == nil else {
            throw ValidationError(
                "--record and --trace-http write a file of one process: leave out --workers."
            )
        }
    }

    func run() async throws {
        ProcessEnd.grace.withLock { $0 = 0 }
        if server.asWorker {
            return try await WorkerRun(options: options, offer: server.offer).run()
        }
        let start = try server.start()
        let program = try await Program(options, isConversation: false)
        let words = CommandLine.bytes(of: arguments)
        await program.end { [source, store] in
            // Read before anything is served: a path that is wrong is a wrong command.
            let found = try await program.interrupts.cancelling { () -> FoundScript? in
                guard let source else { return nil }
                return try await program.script(source, words)
            }
            var offers: [OfferedModel] = []
            if found == nil {
                if program.isRemote {
                    try await program.askForKey()
                    offers = try await program.offers(server.offer)
                } else {
                    try program.checkModel()
                    try server.checkModel()
                }
            }
            return try await ServeRun(
                program: program,
                backend: server.workers == 1
                    ? program.servedSession(found, offering: offers)
                    : program.workerPool(of: server.workers, running: found),
                start: start,
                files: found.map { ScriptFiles(of: $0.script) },
                name: source?.name,
                store: store,
                offers: offers
            )
            .run()
        }
    }
}
