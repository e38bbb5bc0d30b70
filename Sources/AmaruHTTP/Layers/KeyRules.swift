// When a request may take a key with it.
// SPDX-License-Identifier: Apache-2.0

/// The rules that a request must obey to get the key of an origin.
struct KeyRules {
    /// The origin that the key belongs to.
    let owner: HTTPOrigin
    let request: HTTPTransferRequest
    /// The origin of the request's URL.
    let origin: HTTPOrigin
    /// Where routing sends it.
    let destination: HTTPOrigin
    /// The program's own proxies.
    let proxies: HTTPProxySettings

    /// Returns why the key was not sent; nil if it may be.
    func refusal(header: String) -> String? {
        if origin != owner {
            return "the key in the header \"\(header)\" belongs to \(owner) and was not sent to "
                + "\(origin). Use a key that belongs to that origin."
        }
        return tunnel ?? otherPlace ?? echo ?? openNetwork ?? openConnection
    }

    /// Another server may answer: one that shares the address, or that is behind a proxy.
    private var otherPlace: String? {
        let place = request.namedPlaces(at: origin).first { $0.origin != owner }
        return place.map { place in
            "the key for \(owner) was not sent: the request names \"\(place.text)\" in its "
                + "\(place.part). Leave that out, or name the host of the URL."
        }
    }

    private var tunnel: String? {
        guard request.isTunnel else { return nil }
        return "the key for \(owner) was not sent: CONNECT asks for a tunnel to somewhere else. "
            + "Leave the key out of it."
    }

    private var echo: String? {
        guard ["TRACE", "TRACK"].contains(request.method.uppercased()) else { return nil }
        return "the key for \(owner) was not sent: \(request.method) makes the server send the "
            + "request back. Use another method."
    }

    private var openNetwork: String? {
        guard !destination.isSecure, !destination.isLoopback else { return nil }
        return "the key for \(owner) was not sent to \(destination), which is neither encrypted "
            + "nor on this machine. Use https, or a server on 127.0.0.1."
    }

    private var openConnection: String? {
        guard !isProgramsConnection else { return nil }
        return "the key for \(owner) was not sent: the request asks for a connection to "
            + "\(destination) over which others could read it (certificates that are not "
            + "verified in full by the authorities of the program, another server name, "
            + "a Unix socket, or a proxy that is not the program's). Leave these options "
            + "out; an authority of your own goes into SSL_CERT_FILE, a proxy into "
            + "HTTPS_PROXY."
    }

    /// Whether the options of the connection leave its other end to be the destination.
    ///
    /// They come from the script, which is not to see the key: it could name a proxy or a socket
    /// of its own, and an authority of its own that vouches for it, in a file of the program's too.
    private var isProgramsConnection: Bool {
        let connection = request.connection
        guard connection.unixSocket == nil else { return false }
        if case .proxy(let proxy) = connection.proxy, !proxies.lead(to: destination, by: proxy) {
            return false
        }
        if destination.isLoopback { return true }
        let isByProgram = connection.trust == .configured || connection.trust == .system
        let isNamed = connection.serverName == nil || connection.serverName == destination.host
        return connection.verification == .full && isByProgram && isNamed
    }
}
