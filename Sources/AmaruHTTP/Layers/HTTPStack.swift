// The layers of the program's network, put together in the one right order.
// SPDX-License-Identifier: Apache-2.0

/// The whole network of a program: observed, with keys, routed, over an engine.
///
/// The order matters: keys are matched against the origin that the caller named, which routing
/// changes, so they are outside it; what is observed is what the caller did, so that is outermost.
///
/// ```swift
/// let vault = SecretVault()
/// let placeholder = vault.add(key, for: try HTTPOrigin(parsing: "https://api.openai.com"))
/// let network = HTTPStack(over: NIOHTTPBackend(), vault: vault)
/// ```
public final class HTTPStack: HTTPBackend {
    /// The keys of the stack.
    public let vault: SecretVault

    private let observed: ObservedBackend

    /// Puts the layers around an engine.
    ///
    /// - Parameter report: Called with every event of an exchange, on any thread.
    public init(
        over engine: any HTTPBackend,
        routes: OriginRoutes = OriginRoutes(),
        vault: SecretVault = SecretVault(),
        report: @escaping @Sendable (HTTPExchangeEvent) -> Void = { _ in }
    ) {
        self.vault = vault
        let routed = RoutedBackend(routes, around: engine)
        let secret = SecretBackend(vault, around: routed)
        observed = ObservedBackend(around: secret, report: report)
    }

    /// The number of exchanges that were opened and have not ended.
    public var inFlight: Int { observed.inFlight }

    /// What came of the last opened exchange of which a status or an error is known.
    public var lastOutcome: HTTPOutcome? { observed.lastOutcome }

    /// Returns where requests to an origin really go.
    public func destination(of origin: HTTPOrigin) -> HTTPOrigin {
        observed.destination(of: origin)
    }

    /// Starts an exchange and returns at once.
    public func open(_ request: HTTPTransferRequest) -> any HTTPExchange { observed.open(request) }

    /// Cancels what is in flight, waits for it to end and releases the connections.
    public func shutDown() async { await observed.shutDown() }
}
