// What every request passes before a route sees it.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import HTTPTypes
import Hummingbird
import NIOCore

/// Lets requests in: the right host, no foreign page, a known user, a body within bounds; in this
/// order, and before anything is looked for, so that what is missing has to pass too.
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
        bodies = RequestBodies(configuration.limits)
    }

    func handle(
        _ request: Request,
        context: ServeContext,
        next: @concurrent (Request, ServeContext) async throws -> Response
    ) async throws -> Response {
        let start = ContinuousClock.now
        let place = RequestPlace(request)
        var admitted = (request: request, context: context)
        var origin: String?
        var response: Response
        do {
            origin = try admit(request, to: place, at: context.localAddress)
            if let origin, request.method == .options {
                response = CrossOriginAnswer.preflight(request, from: origin)
            } else {
                admitted.context.owner = try credentials.owner(
                    of: request,
                    to: place,
                    port: context.localAddress?.port
                )
                let slot = try await bodies.read(&admitted, for: place)
                defer { slot?.release() }
                response = try await next(admitted.request, admitted.context)
            }
        } catch {
            let fault = ServeFault.of(error)
            response = place == .model ? fault.modelResponse() : fault.pageResponse()
            bodies.abandon(request, on: context.channel)
        }
        SecurityHeaders.add(to: &response.headers, for: place)
        if let origin { CrossOriginAnswer.add(to: &response.headers, for: origin) }
        metrics.answered(response.status.code)
        log(request, response.status, start.duration(to: .now))
        return response
    }

    /// Checks what a request is for and who has caused it.
    ///
    /// - Returns: The origin of a page elsewhere that may use `/v1`; nil for our own.
    /// - Throws: `ServeFault`.
    private func admit(
        _ request: Request,
        to place: RequestPlace,
        at address: SocketAddress?
    ) throws(ServeFault) -> String? {
        // A second one would be a header of its own, and another host for whoever reads that.
        guard let host = request.head.authority, !host.isEmpty, request.headers[.secondHost] == nil
        else {
            throw ServeFault(.badRequest, "host", "the request names no host, or several")
        }
        guard hosts.allows(host, at: address), Self.isOrigin(request.head.path, of: host) else {
            throw ServeFault(
                .forbidden,
                "host",
                "this server does not answer for the host of the request",
                remedy: "Use the address that it has printed, or start it with --allow-host NAME."
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
            throw ServeFault(
                .forbidden,
                "origin",
                "the request comes from a page of another origin",
                remedy: "Behind a proxy, start the server with --public-url URL; for /v1, "
                    + "with --allow-origin ORIGIN."
            )
        }
        return nil
    }

    /// Whether a request's target is a path; of a proxy's whole URL, whether that names the host.
    private static func isOrigin(_ target: String?, of host: String) -> Bool {
        guard let target, !target.hasPrefix("/") else { return target != nil }
        guard target.lowercased().hasPrefix("http://") else { return false }
        return target.dropFirst(7).prefix { !"/?#".contains($0) }.lowercased() == host.lowercased()
    }

    /// Writes the line of a request: what is behind the path may be secret.
    private func log(_ request: Request, _ status: HTTPResponse.Status, _ time: Duration) {
        guard let log = configuration.log else { return }
        let path = request.uri.path.prefix(256)
        let milliseconds =
            time.components.seconds * 1000
            + time.components.attoseconds / 1_000_000_000_000_000
        log("\(request.method.rawValue.prefix(16)) \(path) \(status.code) \(milliseconds) ms")
    }
}
