// The places that a request names beside its URL.
// SPDX-License-Identifier: Apache-2.0

extension HTTPTransferRequest {
    /// A host that the server, or a proxy, may take the request to be for.
    struct NamedPlace {
        /// Where it stands, such as `header "Host"`.
        let part: String
        let text: String
        /// Nil if the text is malformed: each server makes something else of it.
        let origin: HTTPOrigin?
    }

    /// The places in `Host` headers and in a target that is a URL.
    func namedPlaces(at origin: HTTPOrigin) -> [NamedPlace] {
        var places = headers.filter { $0.isNamed("host") }.map { field in
            let parts = HTTPURLParts("\(origin.scheme)://\(field.value)")
            let isPlain = parts.user == nil && parts.tail.isEmpty
            let named = isPlain ? (try? HTTPTransferURL(parts))?.origin : nil
            return NamedPlace(part: "header \"Host\"", text: field.value, origin: named)
        }
        if let target, !target.hasPrefix("/"), target != "*" {
            let named = try? HTTPOrigin(parsing: target)
            places.append(NamedPlace(part: "target", text: target, origin: named))
        }
        return places
    }
}

extension HTTPProxySettings {
    /// Whether a proxy is the one of the program for an origin.
    ///
    /// Clients that read the proxy variables themselves, such as requests, name it with each request,
    /// and its credentials in a header.
    func lead(to origin: HTTPOrigin, by proxy: HTTPProxy) -> Bool {
        guard let own = self.proxy(for: origin) else { return false }
        return (own.scheme, own.host, own.port) == (proxy.scheme, proxy.host, proxy.port)
    }
}
