// What every request passes before a route sees it.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import HTTPTypes
import Hummingbird
import NIOCore

/// Checks the host of a request, the page that caused it, its user and its body, in this order.
///
/// This comes before routing, so that requests for paths that do not exist are checked too.
struct Gate: RouterMiddleware {
    typealias Context = ServeContext

    private let configuration: ServeConfiguration
    private let hosts: HostList
    private let origins: CrossOriginRule
    private let credentials: Credentials
    private let bodies: RequestBodies
    private let metrics: ServeMetrics

    init(_ configuration: ServeConfiguration, logins: Logins, metrics: ServeMetrics) {
        self.configuration = configuration
        self.metrics = metrics
        hosts = HostList(configuration)
        origins = CrossOriginRule(configuration)
        credentials = Credentials(configuration, logins)
        let bodies = RequestBodies(configuration.limits)
        metrics.add("amaru_large_bodies", "Large bodies of requests under way.") { bodies.held }
        self.bodies = bodies
    }

    func handle(
        _ request: Request,
        context: ServeContext,
        next: @concurrent (Request, ServeContext) async throws -> Response
    ) async throws -> Response {
        let start = ContinuousClock.now
        let place = RequestPlace(request)
        var context = context
        var origin: String?
        var response: Response
        do {
            origin = try admit(request, to: place, at: context.localAddress)
            if let origin, request.method == .options {
                response = CrossOriginAnswer.preflight(request, from: origin)
            } else {
                context.owner = try credentials.owner(
                    of: request,
                    to: place,
                    port: context.localAddress?.port
                )
                let slot = try await bodies.read(request, into: &context, for: place)
                defer { withExtendedLifetime(slot) {} }
                response = try await next(request, context)
            }
        } catch {
            response = RequestError(error, for: request).response(for: place)
        }
        if place == .model { response.headers[.requestID] = "req_\(AccessTokens.random())" }
        SecurityHeaders.add(to: &response.headers, for: place)
        if let origin { CrossOriginAnswer.add(to: &response.headers, for: origin) }
        metrics.answered(response.status.code)
        log(request, response.status, start.duration(to: .now))
        return response
    }

    /// Checks what a request is for and who has caused it.
    ///
    /// - Returns: The origin of a page elsewhere that may use `/v1`; nil for our own.
    /// - Throws: `RequestError`.
    private func admit(
        _ request: Request,
        to place: RequestPlace,
        at address: SocketAddress?
    ) throws(RequestError) -> String? {
        // A second `Host` would stay among the fields, where other code may read another host.
        guard let host = request.head.authority, !host.isEmpty, request.headers[.secondHost] == nil
        else {
            throw RequestError(.badRequest, "host", "a request must name one host")
        }
        // Of a whole URL, as for a proxy, the path alone is left: its host is that of the field.
        guard request.head.path?.hasPrefix("/") == true else {
            throw RequestError(.badRequest, "target", "the target of the request is not a path")
        }
        guard hosts.allows(host, at: address) else {
            throw RequestError(
                .forbidden,
                "host",
                "the host of the request is not one of the server's",
                remedy: "use the address that it has printed, or start it with --allow-host NAME"
            )
        }
        let verdict = origins.verdict(
            on: request.headers,
            host: host,
            isForModel: place == .model
        )
        if case .allowed(let origin) = verdict { return origin }
        // A link from elsewhere may lead to the page, and to nothing that has data.
        let isSafe = [.get, .head].contains(request.method) && place == .asset
        guard isSafe || verdict == .own else {
            throw RequestError(
                .forbidden,
                "origin",
                "the request comes from a page of another origin",
                remedy: "behind a proxy, start the server with --public-url URL; for /v1, "
                    + "with --allow-origin ORIGIN"
            )
        }
        return nil
    }

    /// Logs a request without its query, which may be secret.
    private func log(_ request: Request, _ status: HTTPResponse.Status, _ time: Duration) {
        guard let log = configuration.log else { return }
        let path = request.uri.path.prefix(256)
        let milliseconds =
            time.components.seconds * 1000
            + time.components.attoseconds / 1_000_000_000_000_000
        log("\(request.method.rawValue.prefix(16)) \(path) \(status.code) \(milliseconds) ms")
    }
}
