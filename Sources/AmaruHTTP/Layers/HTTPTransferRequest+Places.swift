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

    /// The places in `Host` headers, and in a target that is a URL or the end of a tunnel.
    func namedPlaces(at origin: HTTPOrigin) -> [NamedPlace] {
        var places = headers.filter { $0.isNamed("host") }.map { field in
            var named = Self.place(named: field.value, scheme: origin.scheme)
            // That of a tunnel names its end, which is not reached by the scheme of the proxy.
            if let end = tunnelEnd, named != origin {
                named = Self.place(named: field.value, scheme: end.scheme).map(Self.endOfTunnel)
            }
            return NamedPlace(part: "header \"Host\"", text: field.value, origin: named)
        }
        if let target, isTunnel || !target.hasPrefix("/") && target != "*" {
            let named = isTunnel ? tunnelEnd : try? HTTPOrigin(parsing: target)
            places.append(NamedPlace(part: "target", text: target, origin: named))
        }
        return places
    }

    /// Whether it asks the server for a tunnel.
    var isTunnel: Bool { method == "CONNECT" }

    /// Where the tunnel that it asks for is to end; nil for a target that is no host with a port.
    ///
    /// What will be spoken there is not known: only a tunnel to the port of HTTP counts as such.
    var tunnelEnd: HTTPOrigin? {
        guard isTunnel, let target else { return nil }
        guard HTTPURLParts("https://\(target)").port?.isEmpty == false else { return nil }
        return Self.place(named: target, scheme: "https").map(Self.endOfTunnel)
    }

    private static func endOfTunnel(_ end: HTTPOrigin) -> HTTPOrigin {
        HTTPOrigin(scheme: end.port == 80 ? "http" : "https", host: end.host, port: end.port)
    }

    /// The place that a host stands for, with its port or without; nil for anything else.
    private static func place(named text: String, scheme: String) -> HTTPOrigin? {
        let parts = HTTPURLParts("\(scheme)://\(text)")
        guard parts.user == nil, parts.tail.isEmpty else { return nil }
        return (try? HTTPTransferURL(parts))?.origin
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
