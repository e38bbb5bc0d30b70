// The one error of an exchange, and its codes.
// SPDX-License-Identifier: Apache-2.0

/// Why an exchange failed.
///
/// The message says what happened, to which origin, and what can be done about it. It never holds
/// a key, a header or a part of a body.
public struct HTTPTransferError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What kind of failure it is.
    public let code: Code
    /// What happened, to what, and what to do.
    public let message: String
    /// The origin that the request was for, where it had one.
    public let origin: HTTPOrigin?
    /// What lies beneath it, as far as programs tell that apart.
    public let reason: Reason?
    /// Whether the exchange has ended with it; otherwise one operation has failed, and the next one
    /// may succeed.
    public let isFinal: Bool

    /// Makes an error.
    public init(
        _ code: Code,
        _ message: String,
        origin: HTTPOrigin? = nil,
        reason: Reason? = nil,
        isFinal: Bool = true
    ) {
        self.code = code
        self.message = message
        self.origin = origin
        self.reason = reason
        self.isFinal = isFinal
    }

    /// The same error in other words.
    func saying(_ message: String) -> HTTPTransferError {
        HTTPTransferError(code, message, origin: origin, reason: reason, isFinal: isFinal)
    }

    /// The code and the message.
    public var description: String { "\(code): \(message)" }
}

extension HTTPTransferError {
    /// What a failure would have been to a program with sockets of its own.
    public enum Reason: Sendable, Hashable {
        /// An error of the system, by its `errno`; the last one if several addresses were tried.
        case system(CInt)
        /// The name of the host does not resolve.
        case unknownHost
        /// TLS failed for another reason than the server's certificate.
        case tls
        /// The server's certificate is not trusted, or for another name, by OpenSSL's `verify_code`.
        case certificate(Int)
        /// The server closed the connection before the end of its response.
        case earlyEnd
        /// The recording that is played back has no answer.
        case notRecorded

        /// The reason with a name and a number, if it is known.
        init?(_ name: String, _ number: Int?) {
            switch (name, number) {
            case ("system", let number?): self = .system(CInt(truncatingIfNeeded: number))
            case ("unknown_host", nil): self = .unknownHost
            case ("tls", nil): self = .tls
            case ("certificate", let code?): self = .certificate(code)
            case ("early_end", nil): self = .earlyEnd
            case ("not_recorded", nil): self = .notRecorded
            default: return nil
            }
        }

        /// The name under which other languages know the reason, such as `unknown_host`.
        public var name: String {
            switch self {
            case .system: "system"
            case .unknownHost: "unknown_host"
            case .tls: "tls"
            case .certificate: "certificate"
            case .earlyEnd: "early_end"
            case .notRecorded: "not_recorded"
            }
        }

        /// The `errno` or the `verify_code`, if it has one.
        public var number: Int? {
            switch self {
            case .system(let number): Int(number)
            case .certificate(let code): code
            case .unknownHost, .tls, .earlyEnd, .notRecorded: nil
            }
        }
    }

    /// A kind of failure; the kinds are httpx's exceptions and a few of our own.
    public struct Code: Sendable, Hashable, CustomStringConvertible, CaseIterable {
        private enum Kind: String, CaseIterable {
            case connect
            case connectTimeout = "connect_timeout"
            case poolTimeout = "pool_timeout"
            case write
            case writeTimeout = "write_timeout"
            case read
            case readTimeout = "read_timeout"
            case remoteProtocol = "remote_protocol"
            case localProtocol = "local_protocol"
            case unsupportedProtocol = "unsupported_protocol"
            case proxy
            case secretRefused = "secret_refused"
            case notAllowed = "not_allowed"
            case cancelled
            case interrupted
        }

        private let kind: Kind

        /// The name under which other languages know the code, such as `connect_timeout`.
        public var name: String { kind.rawValue }
        /// The name.
        public var description: String { name }
        /// Every code.
        public static var allCases: [Code] { Kind.allCases.map(Code.init(kind:)) }

        /// No connection: the name is unknown, the port refused, or TLS failed.
        public static let connect = Code(kind: .connect)
        /// No connection within ``HTTPTimeouts/connect``.
        public static let connectTimeout = Code(kind: .connectTimeout)
        /// No free connection within ``HTTPTimeouts/pool``.
        public static let poolTimeout = Code(kind: .poolTimeout)
        /// The connection broke while the request was being sent.
        public static let write = Code(kind: .write)
        /// A piece of the body was not accepted within ``HTTPTimeouts/write``.
        public static let writeTimeout = Code(kind: .writeTimeout)
        /// The connection broke while the response was being received.
        public static let read = Code(kind: .read)
        /// Nothing arrived within ``HTTPTimeouts/read``.
        public static let readTimeout = Code(kind: .readTimeout)
        /// The server broke the protocol, or ended the response early.
        public static let remoteProtocol = Code(kind: .remoteProtocol)
        /// The request itself breaks the protocol.
        public static let localProtocol = Code(kind: .localProtocol)
        /// The URL's scheme is neither `http` nor `https`.
        public static let unsupportedProtocol = Code(kind: .unsupportedProtocol)
        /// The proxy refused or broke off.
        public static let proxy = Code(kind: .proxy)
        /// A key was to be sent where it does not belong; nothing was sent.
        public static let secretRefused = Code(kind: .secretRefused)
        /// The program's rules do not allow the request; nothing was sent.
        public static let notAllowed = Code(kind: .notAllowed)
        /// The exchange was cancelled.
        public static let cancelled = Code(kind: .cancelled)
        /// The wait was interrupted by a signal.
        public static let interrupted = Code(kind: .interrupted)
    }
}
