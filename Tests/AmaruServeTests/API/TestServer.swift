// A server of /v1 without Python.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import Hummingbird
import Logging
import NIOCore

@testable import AmaruServe

/// Serves while a test runs.
func serving(
    _ source: StubSource,
    ending: AsyncValue<Void> = AsyncValue(),
    configure: (inout CompletionConfiguration) -> Void = { _ in },
    _ body: @escaping @Sendable (RawClient) async throws -> Void
) async throws {
    var configuration = CompletionConfiguration(created: 7) { ["m", "org/model"] }
    configure(&configuration)
    let router = Router(context: ServeContext.self)
    addCompletionRoutes(
        to: router,
        source: source,
        configuration: configuration,
        ending: ending
    )
    let port = AsyncValue<Int>()
    let application = Application(
        router: router,
        configuration: .init(address: .hostname("127.0.0.1", port: 0)),
        onServerRunning: { port.set($0.localAddress?.port ?? 0) },
        logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    )
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await application.run() }
        defer { group.cancelAll() }
        try await body(RawClient(port: try await port.wait()))
    }
}
