// Refuses requests to origins that are not allowed.
// SPDX-License-Identifier: Apache-2.0

import NIOConcurrencyHelpers

/// A backend that carries out only what a list allows.
///
/// Both the origin that the caller named and the one that routing sends the request to must be
/// allowed. A redirect that a client follows is a request of its own, so it is judged too. A refused
/// request fails with ``HTTPTransferError/Code/notAllowed``, and nothing of it is sent.
public final class AllowedBackend: HTTPLayer {
    private let list: NIOLockedValueBox<HTTPAllowList>
    private let option: String
    /// The backend behind the layer.
    public let next: any HTTPBackend

    /// Makes a layer with this list around a backend.
    ///
    /// - Parameter option: How the program's user allows one more origin, for the message.
    public init(_ list: HTTPAllowList, option: String, around next: any HTTPBackend) {
        self.list = NIOLockedValueBox(list)
        self.option = option
        self.next = next
    }

    /// Allows requests to one more origin from now on.
    public func allow(_ origin: HTTPOrigin) { list.withLockedValue { $0.add(origin) } }

    /// Starts the exchange, or refuses it.
    public func open(_ request: HTTPTransferRequest) -> any HTTPExchange {
        // A malformed URL goes nowhere; the engine says what is wrong with it.
        guard let origin = try? HTTPOrigin(parsing: request.url) else { return next.open(request) }
        let list = list.withLockedValue { $0 }
        for place in [origin, next.destination(of: origin)] where !list.allows(place) {
            let message =
                "requests to \(place) are not allowed; nothing was sent. "
                + "To allow them, use \(option) \(place)."
            return FailedExchange(HTTPTransferError(.notAllowed, message, origin: origin))
        }
        return next.open(request)
    }

    /// Prepares the backend behind it, if the origin is allowed.
    public func prepare(for origin: HTTPOrigin, within connect: Duration?) async {
        let list = list.withLockedValue { $0 }
        guard list.allows(origin), list.allows(next.destination(of: origin)) else { return }
        await next.prepare(for: origin, within: connect)
    }
}
