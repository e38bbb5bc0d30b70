// A server with routes that show what the gate has let through.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruEnvironment
import AmaruTesting
import Hummingbird
import NIOCore

@testable import AmaruServe

/// Serves a few routes while a test runs.
struct ServedRoutes: Sendable {
    /// Turns that were begun, by owner.
    let turns = Recorded()
    /// The lines of the log.
    let lines = Recorded()

    final class Recorded: Sendable {
        private let values = Lock<[String]>([])
        var all: [String] { values.withLock { $0 } }
        func add(_ value: String) { values.withLock { $0.append(value) } }
    }

    static let routes: [(method: String, path: String)] = [
        ("GET", "/"), ("HEAD", "/"), ("GET", "/index.html"), ("GET", "/health"),
        ("GET", "/metrics"), ("POST", "/api/login"), ("GET", "/api/state"),
        ("GET", "/api/stream"), ("POST", "/api/turns"), ("DELETE", "/api/turns"),
        ("GET", "/v1/models"), ("POST", "/v1/chat/completions"), ("OPTIONS", "/v1/models"),
        ("GET", "/nowhere"), ("GET", "/v1/nowhere"), ("PROPFIND", "/"),
    ]

    /// Runs `body` with the server.
    func run(
        _ configuration: ServeConfiguration,
        _ body: @escaping @Sendable (HTTPProbe, PageServer) async throws -> Void
    ) async throws {
        var configuration = configuration
        configuration.log = { [lines] in lines.add($0) }
        let server = PageServer(configuration) { router, ending in
            addRoutes(to: router, ending)
        }
        let port = try await server.start()
        let isDone: Void? = try await bounded {
            defer { Task { await server.stop() } }
            try await body(HTTPProbe(port: port), server)
        }
        await server.stop()
        guard isDone != nil else { throw WaitFailure("an answer did not come", output: "") }
    }

    private func addRoutes(to router: Router<ServeContext>, _ ending: AsyncValue<Void>) {
        for path in ["api/state", "v1/models"] as [RouterPath] {
            router.get(path) { _, context in context.owner }
        }
        for path in ["api/turns", "v1/chat/completions"] as [RouterPath] {
            router.post(path) { [turns] _, context in
                turns.add(context.owner)
                return "\(context.owner) \(context.json?.description.utf8.count ?? 0)"
            }
        }
        router.get("api/stream") { _, _ in
            Response(
                status: .ok,
                body: ResponseBody { writer in
                    try await writer.write(ByteBuffer(string: "begun "))
                    try await ending.wait()
                    try await writer.write(ByteBuffer(string: "ended"))
                    try await writer.finish(nil)
                }
            )
        }
        router.get("api/stuck") { _, _ in
            Response(
                status: .ok,
                body: ResponseBody { writer in
                    try await writer.write(ByteBuffer(string: "begun "))
                    // What goes on whatever happens to its task.
                    await AsyncValue<Void>().waitRegardlessOfCancellation()
                }
            )
        }
        router.get("api/endless") { _, _ in
            Response(
                status: .ok,
                body: ResponseBody { writer in
                    while true { try await writer.write(ByteBuffer(repeating: 65, count: 1 << 16)) }
                }
            )
        }
        router.get("api/broken") { _, _ -> String in
            throw WaitFailure("a secret of the inside", output: "")
        }
    }
}
