// The layers of the program's network, put together in the one right order.
// SPDX-License-Identifier: Apache-2.0

/// The whole network of a program, in layers over an engine.
///
/// The order matters, from the outside:
///
/// 1. what is observed and traced is what the caller did;
/// 2. the allow-list judges the places that the caller named, and the one it is routed to;
/// 3. a recording sees no key, since keys are put in, and erased, further in;
/// 4. keys are matched against the origin that the caller named, which routing changes;
/// 5. routes; then the engine, or a recording that is played back.
///
/// ```swift
/// let vault = SecretVault()
/// let placeholder = vault.add(key, for: try HTTPOrigin(parsing: "https://api.openai.com"))
/// let network = try HTTPStack(over: NIOHTTPBackend(), vault: vault)
/// ```
public final class HTTPStack: HTTPLayer {
    /// The optional layers of a stack.
    public struct Layers: Sendable {
        /// The origins whose requests go to another one.
        public var routes = OriginRoutes()
        /// The origins that requests may go to; nil for all.
        public var allowList: HTTPAllowList?
        /// How the program's user allows one more origin, for the message of a refusal.
        public var allowOption = "the option --allow-net"
        /// How the program's user lets Python start programs, which no list binds; nil if it may.
        public var runOption: String?
        /// The program's own proxies: requests that name one of them are those of the program.
        public var proxies = HTTPProxySettings()
        /// The path of a new file to record the session in.
        public var recording: String?
        /// The path of a new file to trace to; `-` for standard error.
        public var trace: String?
        /// Called once, on any thread, if one of the files cannot be written any more.
        public var onFailure: @Sendable (String) -> Void = { _ in }

        /// Makes a set without optional layers.
        public init() {}
    }

    /// The keys of the stack.
    public let vault: SecretVault

    /// The outermost of the layers.
    public var next: any HTTPBackend { observed }

    private let observed: ObservedBackend
    let allowed: AllowedBackend?
    let runOption: String?
    /// Whether there is a network behind the layers, and no recording.
    let hasNetwork: Bool

    /// Puts the layers around an engine.
    ///
    /// - Throws: ``HTTPFileError`` if a file that is to be written exists, or cannot be made.
    public init(
        over engine: any HTTPBackend,
        vault: SecretVault = SecretVault(),
        layers: Layers = Layers()
    ) throws(HTTPFileError) {
        let routed = RoutedBackend(layers.routes, around: engine)
        var backend: any HTTPBackend = SecretBackend(
            vault,
            proxies: layers.proxies,
            around: routed
        )
        if let path = layers.recording {
            backend = try RecordingBackend(
                to: path,
                vault: vault,
                around: backend,
                onFailure: layers.onFailure
            )
        }
        let allowed = layers.allowList.map { list in
            AllowedBackend(
                list,
                option: layers.allowOption,
                proxies: layers.proxies,
                around: backend
            )
        }
        if let allowed { backend = allowed }
        if let path = layers.trace {
            backend = try TraceBackend(
                to: path,
                vault: vault,
                around: backend,
                onFailure: layers.onFailure
            )
        }
        self.vault = vault
        self.allowed = allowed
        runOption = layers.runOption
        hasNetwork = type(of: engine) != ReplayBackend.self
        observed = ObservedBackend(around: backend)
    }

    /// Whether there is an allow-list.
    public var isFenced: Bool { allowed != nil }

    /// Allows requests to one more origin, if there is an allow-list.
    public func allow(_ origin: HTTPOrigin) { allowed?.allow(origin) }

    /// The number of exchanges that were opened and have not ended.
    public var inFlight: Int { observed.inFlight }

    /// The outcome of the latest exchange that has a status or an error.
    public var lastOutcome: HTTPOutcome? { observed.lastOutcome }
}
