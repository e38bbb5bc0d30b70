// Whether a browser sends a request for our own page, or for that of another site.
// SPDX-License-Identifier: Apache-2.0

import AmaruHTTP
import HTTPTypes

/// Tells requests of our own page, and of programs, from those that other pages cause.
struct CrossOriginRule: Sendable {
    enum Verdict: Equatable {
        /// The page's own, or a program's.
        case own
        /// That of a page whose origin was allowed; its spelling of it.
        case allowed(String)
        /// That of any other page.
        case foreign
    }

    private let publicURL: HTTPOrigin?
    private let allowed: Set<HTTPOrigin>

    init(_ configuration: ServeConfiguration) {
        publicURL = configuration.publicURL
        allowed = Set(configuration.allowedOrigins)
    }

    /// Judges a request by what the browser says of its page.
    ///
    /// - `host`: The host that the request is for.
    /// - `isForModel`: Whether it is for `/v1`, which other origins may be allowed for.
    func verdict(on headers: HTTPFields, host: String, isForModel: Bool) -> Verdict {
        let text = headers[.origin]
        let origin = text.flatMap { try? HTTPOrigin(parsingOnly: $0) }
        if isForModel, let text, let origin, allowed.contains(origin) { return .allowed(text) }
        // Another port of this machine is the same site, and not the same origin.
        if let site = headers[.secFetchSite] {
            return ["same-origin", "none"].contains(site) ? .own : .foreign
        }
        // Browsers leave it out where a server is reached by plain http and not on this machine.
        guard text != nil else { return .own }
        guard let origin else { return .foreign }
        if origin == publicURL { return .own }
        // Of the public name, the page without TLS is another one.
        let isOwn =
            origin.authority == host.lowercased() && origin.authority != publicURL?.authority
        return isOwn ? .own : .foreign
    }
}
