// A script behind the page's routes, on a port of its own.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
import AmaruEnvironment
import AmaruHTTP
import AmaruPython
import AmaruStore
import AmaruTesting
import HTTPTypes
import Hummingbird
import Testing

@testable import AmaruServe

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A server of a script, for a process of its own: Python starts once in each.
struct ServedScript {
    private let folder: URL
    /// What removes the folder, if it is the server's own.
    private let temporary: TemporaryFolder?
    let hub: TurnHub
    let session: ChatSession
    let store: StoreWriter?
    let ending = AsyncValue<Void>()
    let port: Int

    /// Serves a script that finds its folder, for notes, in `folder`.
    ///
    /// - `path`: Where the conversations are kept, in the folder; nil for nowhere.
    /// - `place`: The folder; nil for a new one.
    init(
        _ source: String,
        limits: TurnLimits = TurnLimits(open: 8, waiting: 8),
        store path: String? = "store/conversations.db",
        at place: String? = nil,
        changing change: (inout HubConfiguration) -> Void = { _ in },
        preparing prepare: (URL) throws -> Void = { _ in }
    ) async throws {
        temporary = place == nil ? try TemporaryFolder() : nil
        let folder = place.map { URL(filePath: $0) } ?? temporary?.url ?? URL(filePath: "/")
        self.folder = folder
        try prepare(folder)
        let script = folder.appending(path: "script.py")
        try Data("folder = \(folder.path.debugDescription)\n\(source)".utf8).write(to: script)
        let executable = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        let network = try HTTPStack(over: NIOHTTPBackend())
        let chat = ChatConfiguration(
            resources: try PythonResources(besides: executable),
            script: try ChatScript(path: script.path),
            settings: ChatSettings(model: "m", baseURL: "http://127.0.0.1:1/v1"),
            network: network,
            bytecodeCache: folder.appending(path: "bytecode")
        )
        session = ChatSession(chat, limits: limits)
        store = path.map { StoreWriter(path: folder.appending(path: $0).path) }
        var configuration = HubConfiguration(backend: session, store: store, vault: network.vault)
        configuration.script = script.path
        change(&configuration)
        hub = TurnHub(configuration)
        port = try await Self.serve(hub, ending)
    }

    var page: PageClient { PageClient(port: port) }

    /// What the script has written to a file of its folder.
    func note(_ name: String) -> String {
        let bytes = try? Data(contentsOf: folder.appending(path: name))
        return String(decoding: bytes ?? Data(), as: UTF8.self)
    }

    private static func serve(_ hub: TurnHub, _ ending: AsyncValue<Void>) async throws -> Int {
        let server = PageServer(try ServeConfiguration(port: 0)) { router, _ in
            router.add(middleware: OwnerOfField())
            addPageRoutes(to: router, hub: hub, ending: ending) {
                PageState(title: "t", script: nil, model: "m", version: "0")
            }
        }
        return try await server.start()
    }
}

/// Takes the owner of a request from a field.
private struct OwnerOfField: RouterMiddleware {
    typealias Context = ServeContext

    func handle(
        _ request: Request,
        context: ServeContext,
        next: @concurrent (Request, ServeContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        if let name = HTTPField.Name("owner"), let owner = request.headers[name] {
            context.owner = owner
        }
        return try await next(request, context)
    }
}
