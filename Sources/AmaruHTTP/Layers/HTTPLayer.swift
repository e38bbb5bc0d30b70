// A backend around another one.
// SPDX-License-Identifier: Apache-2.0

/// A backend that changes, watches or refuses what another one carries out.
///
/// A layer implements what it changes; everything else is passed on. The exchanges of a layer are
/// often subclasses of its own around those of the backend behind it, and may be those themselves.
///
/// ```swift
/// final class LoggingBackend: HTTPLayer {
///     let next: any HTTPBackend
///
///     init(around next: any HTTPBackend) { self.next = next }
///
///     func open(_ request: HTTPTransferRequest) -> any HTTPExchange {
///         print(request.method, request.url)
///         return next.open(request)
///     }
/// }
/// ```
public protocol HTTPLayer: HTTPBackend {
    /// The backend behind the layer.
    var next: any HTTPBackend { get }
}

extension HTTPLayer {
    /// Starts the exchange on the backend behind the layer.
    public func open(_ request: HTTPTransferRequest) -> any HTTPExchange { next.open(request) }

    /// Returns where the backend behind the layer sends requests for an origin.
    public func destination(of origin: HTTPOrigin) -> HTTPOrigin { next.destination(of: origin) }

    /// Warms the backend behind the layer up.
    public func warmUp() async { await next.warmUp() }

    /// Prepares the backend behind the layer.
    public func prepare(for origin: HTTPOrigin, within connect: Duration?) async {
        await next.prepare(for: origin, within: connect)
    }

    /// Shuts down the backend behind the layer.
    public func shutDown() async { await next.shutDown() }
}
