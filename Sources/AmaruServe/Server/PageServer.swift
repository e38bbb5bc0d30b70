// The server: from its start to its end.
// SPDX-License-Identifier: Apache-2.0

import Amaru
package import AmaruEnvironment
import HTTPTypes
package import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import ServiceLifecycle

/// Serves the routes of a chat behind the gate.
///
/// ```swift
/// let server = PageServer(try ServeConfiguration(port: 0)) { router, ending in
///     addPageRoutes(to: router, hub: hub, ending: ending, state: state)
/// }
/// let port = try await server.start()
/// await server.stop()
/// ```
package final class PageServer: Sendable {
    /// What the server counts.
    package let metrics = ServeMetrics()
    /// The browsers that are logged in.
    package let logins: Logins

    private let configuration: ServeConfiguration
    private let ending = AsyncValue<Void>()
    private let bound = AsyncValue<Result<Int, any Error>>()
    private let services: ServiceGroup
    private let run = Lock<Task<Void, Never>?>(nil)

    /// Creates a server; it does not listen yet.
    ///
    /// - `addRoutes`: Adds what is behind the gate, beside health, metrics, login and the files of
    ///   the page. Long answers wait for its second argument beside what they send, write their
    ///   last event, and finish.
    package init(
        _ configuration: ServeConfiguration,
        addRoutes: (Router<ServeContext>, AsyncValue<Void>) -> Void
    ) {
        let limits = configuration.limits
        let logins = Logins(configuration.tokens)
        let router = Router(context: ServeContext.self, options: .autoGenerateHeadEndpoints)
        // First: it is in front of all routes that are added behind it, and of what is missing.
        router.add(middleware: Gate(configuration, logins: logins, metrics: metrics))
        LoginRoute(logins: logins, credentials: Credentials(configuration, logins)).add(to: router)
        AssetTable.page.addRoutes(to: router)
        Self.addOperation(to: router, metrics)
        addRoutes(router, ending)
        Self.refuseOtherMethods(in: router)
        // What the library has to say is for its own developers.
        let logger = Logger(label: "amaru.serve") { _ in SwiftLogNoOpLogHandler() }
        let limit = ConnectionLimit(limits.connections, metrics)
        let application = Application(
            router: router,
            server: .http1(
                configuration: HTTP1Channel.Configuration(
                    additionalChannelHandlers: [
                        WaitingConnections.Handler(limit.waiting),
                        BodyTimeout(limits.bodyTimeout), StallHandler(limits.stallTimeout),
                        ResponseGuard(), DisconnectHandler(),
                        ClosingHandler.Adder(limit: limits.modelBody),
                    ],
                    idleTimeout: TimeAmount(limits.idleTimeout)
                )
            ),
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.host, port: configuration.port),
                backlog: 1024,
                availableConnectionsDelegate: limit
            ),
            onServerRunning: { [bound] in bound.set(.success($0.localAddress?.port ?? 0)) },
            logger: logger
        )
        var group = ServiceGroupConfiguration(services: [application], logger: logger)
        group.maximumGracefulShutdownDuration = limits.grace
        services = ServiceGroup(configuration: group)
        self.configuration = configuration
        self.logins = logins
    }

    /// Listens, and returns the port as soon as requests are answered.
    ///
    /// - Throws: `ServeError` if the address cannot be had.
    package func start() async throws -> Int {
        let task = Task { [services, bound] in
            do { try await services.run() } catch { bound.set(.failure(error)) }
        }
        run.withLock { $0 = task }
        do {
            return try await bound.wait().get()
        } catch let error where !(error is CancellationError) {
            throw ServeError.binding(configuration.host, configuration.port, error)
        }
    }

    /// Stops listening, tells long answers to end, and waits for them as long as is granted.
    package func stop() async {
        ending.set(())
        guard let task = run.withLock({ $0 }) else { return }
        await services.triggerGracefulShutdown()
        // What does not even end when it is cancelled is left behind.
        let limit = configuration.limits.grace + .milliseconds(500)
        try? await abandonable(within: limit) { await task.value }
    }

    /// Has routes say which methods they have instead of those that are asked for.
    private static func refuseOtherMethods(in router: Router<ServeContext>) {
        let routes = Dictionary(grouping: router.routes) { "\($0.path)" }
        for route in routes.values.compactMap(\.first) {
            var methods = Set(routes["\(route.path)", default: []].map(\.method))
            let others = ([.get, .post, .put, .patch, .delete] as [HTTPRequest.Method])
                .filter { !methods.contains($0) }
            if methods.contains(.get) { methods.insert(.head) }
            let allowed = methods.map(\.rawValue).sorted().joined(separator: ", ")
            for method in others {
                router.on(route.path, method: method) { request, _ -> Response in
                    throw RequestError(
                        .methodNotAllowed,
                        "method_not_allowed",
                        "\(method) is not a method of \(request.uri.path.prefix(256))",
                        remedy: "use \(allowed)",
                        headers: [.allow: allowed]
                    )
                }
            }
        }
    }

    /// Adds what tells operators how the server is.
    ///
    /// Reports on the process alone: restart it if this does not answer.
    private static func addOperation(to router: Router<ServeContext>, _ metrics: ServeMetrics) {
        router.get("health") { _, _ in
            Response(
                status: .ok,
                headers: [.contentType: "application/json; charset=utf-8"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: "\(metrics.health)\n"))
            )
        }
        router.get("metrics") { _, _ in
            Response(
                status: .ok,
                headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: metrics.text))
            )
        }
    }
}
