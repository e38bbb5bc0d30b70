// What a server's conversations and its page are told of the chat.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
import AmaruEnvironment
import AmaruHTTP
import AmaruServe
import AmaruStore
import ArgumentParser

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension ServeRun {
    /// The conversations, kept as those of a terminal are.
    var hubConfiguration: HubConfiguration {
        let report: @Sendable (String) -> Void = { Report.line("amaru: \($0)") }
        let replica = start.place.map { Replica($0, report: report) }
        let file = store.noStore ? nil : StoreWriter(path: StoreOptions.path, report: report)
        var made = HubConfiguration(
            backend: backend,
            store: replica?.writer ?? file,
            vault: program.network.vault
        )
        made.replica = replica
        made.limits.openTurns *= start.options.workers
        made.script = name
        made.model = name == nil ? program.choice.model ?? "" : ""
        made.server = program.isRemote ? program.baseURL : ""
        made.offers = offers.map {
            HubConfiguration.Offer(
                name: $0.name,
                model: $0.settings.model,
                server: $0.settings.baseURL
            )
        }
        made.system = program.options.system ?? program.choice.system ?? ""
        made.key = { [keys = program.keys] in keys.known ?? "" }
        return made
    }

    /// Finds out whether the database that several servers share can be used.
    ///
    /// - Throws: `CommandFailure`.
    func checkStore() async throws {
        // A server that starts again may find it gone for a while, as any other one.
        guard let place = start.place, !start.isAgain else { return }
        do {
            try await blockingCall("amaru-store") { _ = try ConversationStore(place, as: "") }
        } catch {
            throw CommandFailure("\(error).")
        }
    }

    /// What the page shows around the conversations.
    func page(_ health: ScriptHealth, _ store: StoreWriter?) -> PageState {
        let ownModel = backend.model ?? program.choice.model ?? ""
        var state = PageState(
            title: name.map(Self.title) ?? "Amaru",
            script: name.map(Self.fileName),
            model: name == nil ? ownModel : "",
            version: AmaruCommand.configuration.version,
            isReady: health.isUp,
            fault: health.fault
        )
        // The path is for the operator alone.
        state.warning = store?.fault.map {
            ChatFailure(
                code: "store",
                message: "conversations are not kept now",
                remedy: $0.remedy
            )
        }
        if !offers.isEmpty { state.models = named(ownModel) }
        return state
    }

    /// What clients of `/v1` call the model: a script by its name, the built-in chat's by its own.
    var models: [String] {
        get async {
            if let name { return [Self.title(of: name)] }
            _ = try? await backend.start()
            return named(backend.model ?? "amaru")
        }
    }

    /// The models that may be asked, the chat's own first.
    private func named(_ own: String) -> [String] {
        [own] + offers.map(\.name).filter { $0 != own }
    }

    private static func fileName(of name: String) -> String {
        URL(filePath: name).standardizedFileURL.lastPathComponent
    }

    /// The name of a script without its folders; of a folder too, which may be the current one.
    private static func title(of name: String) -> String {
        let last = fileName(of: name)
        return last.hasSuffix(".py") ? String(last.dropLast(3)) : last
    }
}
