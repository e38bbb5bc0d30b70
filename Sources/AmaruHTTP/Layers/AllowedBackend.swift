// Refuses requests to origins that are not allowed.
// SPDX-License-Identifier: Apache-2.0

import NIOConcurrencyHelpers

/// A backend that carries out only what a list allows.
///
/// All of these must be allowed: the origin that the caller named, the one that routing sends the
/// request to, those in a `Host` header or a target that is a URL or the end of a tunnel, and a proxy
/// or a Unix socket that the request names itself. A redirect that a client follows is a request of
/// its own, so it is judged too. A refused request fails with
/// ``HTTPTransferError/Code/notAllowed``, and nothing of it is sent.
public final class AllowedBackend: HTTPLayer {
    private let list: NIOLockedValueBox<HTTPAllowList>
    let option: String
    private let proxies: HTTPProxySettings
    /// The backend behind the layer.
    public let next: any HTTPBackend

    /// Makes a layer with this list around a backend.
    ///
    /// - `option`: How the program's user allows one more origin, for the message.
    /// - `proxies`: The program's own proxies, which need no entry.
    public init(
        _ list: HTTPAllowList,
        option: String,
        proxies: HTTPProxySettings = HTTPProxySettings(),
        around next: any HTTPBackend
    ) {
        self.list = NIOLockedValueBox(list)
        self.option = option
        self.proxies = proxies
        self.next = next
    }

    /// Allows requests to one more origin from now on.
    public func allow(_ origin: HTTPOrigin) { list.withLockedValue { $0.add(origin) } }

    /// Returns whether the list names this place, whatever is spoken there.
    func allows(host: String, port: Int) -> Bool {
        let list = list.withLockedValue { $0 }
        return ["http", "https"].contains {
            list.allows(HTTPOrigin(scheme: $0, host: host, port: port))
        }
    }

    /// Returns whether the list names the Unix socket at this path.
    func allows(socket path: String) -> Bool { list.withLockedValue { $0.allows(socket: path) } }

    /// Starts the exchange, or refuses it.
    public func open(_ request: HTTPTransferRequest) -> any HTTPExchange {
        // A malformed URL goes nowhere; the engine says what is wrong with it.
        guard let origin = try? HTTPOrigin(parsing: request.url) else { return next.open(request) }
        guard let refusal = refusal(of: request, to: origin) else { return next.open(request) }
        return FailedExchange(HTTPTransferError(.notAllowed, refusal, origin: origin))
    }

    /// Prepares the backend behind the layer, if the origin is allowed.
    public func prepare(for origin: HTTPOrigin, within connect: Duration?) async {
        let list = list.withLockedValue { $0 }
        guard list.allows(origin), list.allows(next.destination(of: origin)) else { return }
        await next.prepare(for: origin, within: connect)
    }

    /// What to tell the caller; nil if all that the request names is allowed.
    private func refusal(of request: HTTPTransferRequest, to origin: HTTPOrigin) -> String? {
        let list = list.withLockedValue { $0 }
        let destination = next.destination(of: origin)
        var places = [origin, destination]
        for place in request.namedPlaces(at: origin) {
            guard let named = place.origin else {
                return "requests with \"\(place.text)\" as their \(place.part) are not allowed, "
                    + "since it is not a host; nothing was sent."
            }
            places.append(named)
        }
        if case .proxy(let proxy) = request.connection.proxy,
            !proxies.lead(to: destination, by: proxy)
        {
            places.append(HTTPOrigin(of: proxy))
        }
        if let place = places.first(where: { !list.allows($0) }) {
            return "requests to \(place) are not allowed; nothing was sent. "
                + "To allow them, use \(option) \(place)."
        }
        if let path = request.connection.unixSocket, !list.allows(socket: path) {
            return "requests to the Unix socket \(path) are not allowed; nothing was sent. "
                + "To allow them, use \(option) unix:\(path)."
        }
        return nil
    }
}

extension HTTPOrigin {
    /// The place of a proxy, as entries of a list name it.
    fileprivate init(of proxy: HTTPProxy) {
        let scheme = proxy.scheme == .https ? "https" : "http"
        self.init(scheme: scheme, host: proxy.host, port: proxy.port)
    }
}
