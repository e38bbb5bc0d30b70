// A server of /v1 without Python.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting

@testable import AmaruServe

/// Serves while a test runs.
func serving(
    _ source: StubSource,
    ending: AsyncValue<Void> = AsyncValue(),
    configure: (inout CompletionConfiguration) -> Void = { _ in },
    _ body: (HTTPProbe) async throws -> Void
) async throws {
    var configuration = CompletionConfiguration(created: 7) { ["m", "org/model"] }
    configure(&configuration)
    let server = PageServer(try ServeConfiguration(port: 0)) { router, _ in
        addCompletionRoutes(
            to: router,
            source: source,
            configuration: configuration,
            ending: ending
        )
    }
    let probe = HTTPProbe(port: try await server.start())
    do { try await body(probe) } catch {
        await server.stop()
        throw error
    }
    await server.stop()
}
