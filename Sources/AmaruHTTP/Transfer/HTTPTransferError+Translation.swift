// The one table from the errors of the engine's parts to the codes of an exchange.
// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOHTTP2
import NIOPosix
import NIOSSL

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

extension HTTPTransferError {
    /// The step of an exchange at which a fault happened, which decides what it means.
    enum Stage: Sendable { case connecting, sending, receiving }

    /// Translates an error of the engine.
    init(_ error: any Error, stage: Stage, origin: HTTPOrigin) {
        let (code, message) = Self.translate(error, stage: stage, origin: origin)
        self.init(code, message, origin: origin)
    }

    /// Whether an error of the engine says that the connection ended, and not why.
    static func isEndAlone(_ error: any Error) -> Bool {
        switch (error as? RouteFault)?.error ?? error {
        case let error as HTTPParserError: error == .invalidEOFState
        case let error as HTTPClientError: error == .remoteConnectionClosed
        case NIOSSLError.uncleanShutdown, is ChannelError: true
        default: false
        }
    }

    private static func translate(
        _ error: any Error,
        stage: Stage,
        origin: HTTPOrigin
    ) -> (Code, String) {
        switch error {
        case let error as HTTPTransferError:
            (error.code, error.message)
        case is CancellationError:
            (.cancelled, "the request to \(origin) was cancelled")
        case let error as HTTPClientError:
            client(error, stage: stage, origin: origin)
        case let error as HTTPParserError:
            parser(error, origin: origin)
        case let fault as RouteFault:
            route(fault, stage: stage, origin: origin)
        case let error as any NIOHTTP2Error:
            (.remoteProtocol, stream(error, origin: origin))
        case let error as NIOConnectionError:
            (.connect, connection(error, to: "\(origin)"))
        case let error as IOError:
            broken(stage, origin: origin, reason: systemText(error.errnoCode))
        case let error as ChannelError:
            channel(error, stage: stage, origin: origin)
        case NIOSSLError.uncleanShutdown where stage != .connecting:
            (.remoteProtocol, incomplete(origin))
        case let error as NIOSSLExtraError:
            (.connect, tls(error.description, origin: origin))
        case NIOSSLError.handshakeFailed(let reason):
            (.connect, tls("\(reason)", origin: origin))
        case NIOSSLError.noSuchFilesystemObject, NIOSSLError.failedToLoadCertificate:
            (
                .connect,
                "could not connect to \(origin): a file of trusted certificates cannot be read "
                    + "as PEM. Check the files that are configured."
            )
        case is NIOSSLError, is BoringSSLError:
            stage == .connecting || isOfClientCertificate("\(error)")
                ? (.connect, tls("\(error)", origin: origin))
                : broken(stage, origin: origin, reason: "TLS: \(error)")
        case let error where String(reflecting: type(of: error)).hasPrefix("NIOSOCKS."):
            (.proxy, "the SOCKS proxy did not connect to \(origin): \(error)")
        default:
            broken(stage, origin: origin, reason: "\(error)")
        }
    }

    private static func route(
        _ fault: RouteFault,
        stage: Stage,
        origin: HTTPOrigin
    ) -> (Code, String) {
        guard stage == .connecting else {
            return translate(fault.error, stage: stage, origin: origin)
        }
        let place = "\(fault.place) for \(origin)"
        switch fault.error {
        case let error as NIOConnectionError:
            return (.connect, connection(error, to: place))
        case let error as IOError:
            let reason = systemText(error.errnoCode)
            return (.connect, "could not connect to \(place): \(reason). Check its address.")
        default:
            let (code, text) = translate(fault.error, stage: stage, origin: origin)
            return (code, "the connection to \(place) failed: \(text)")
        }
    }

    /// A stream that the server ended, or a connection whose frames make no sense.
    private static func stream(_ error: any NIOHTTP2Error, origin: HTTPOrigin) -> String {
        guard let reset = error as? NIOHTTP2Errors.StreamClosed else {
            return "\(origin) broke the rules of HTTP/2: \(error)"
        }
        return "\(origin) reset the stream of the request (\(reset.errorCode))"
    }

    private static func client(
        _ error: HTTPClientError,
        stage: Stage,
        origin: HTTPOrigin
    ) -> (Code, String) {
        switch error {
        case .cancelled, .requestStreamCancelled, .alreadyShutdown:
            (.cancelled, "the request to \(origin) was cancelled")
        case .connectTimeout, .tlsHandshakeTimeout, .socksHandshakeTimeout,
            .httpProxyHandshakeTimeout, .getConnectionFromPoolTimeout, .deadlineExceeded:
            (.connectTimeout, "could not connect to \(origin) in time")
        case .readTimeout:
            (.readTimeout, "nothing arrived from \(origin) in time")
        case .writeTimeout:
            (.writeTimeout, "\(origin) did not take the request in time")
        case .remoteConnectionClosed:
            switch stage {
            case .connecting: (.connect, "\(origin) closed the connection before it was set up")
            case .sending: (.write, "\(origin) closed the connection while the request was sent")
            case .receiving:
                (.remoteProtocol, "server \(origin) disconnected without sending a response")
            }
        case .proxyAuthenticationRequired:
            (.proxy, "the proxy for \(origin) wants a user name and password; put them in its URL")
        case .invalidProxyResponse, .invalidProxyConfiguration:
            (.proxy, "the proxy did not connect to \(origin); check the address of the proxy")
        case .bodyLengthMismatch:
            (.localProtocol, "the body for \(origin) is not as long as its Content-Length says")
        case .traceRequestWithBody:
            (.localProtocol, "a TRACE request has no body")
        case .uncleanShutdown:
            (.remoteProtocol, incomplete(origin))
        default:
            if "\(error)".contains("invalidHeaderField") {
                // The error shows the value, which may be a key.
                (
                    .localProtocol,
                    "a header for \(origin) has a character that no header may have, "
                        + "such as a line break"
                )
            } else {
                broken(stage, origin: origin, reason: error.shortDescription)
            }
        }
    }

    private static func parser(_ error: HTTPParserError, origin: HTTPOrigin) -> (Code, String) {
        switch error {
        case .invalidEOFState:
            (.remoteProtocol, incomplete(origin))
        default:
            (.remoteProtocol, "\(origin) sent a malformed response (\(error))")
        }
    }

    private static func channel(
        _ error: ChannelError,
        stage: Stage,
        origin: HTTPOrigin
    ) -> (Code, String) {
        switch error {
        case .connectTimeout:
            (.connectTimeout, "could not connect to \(origin) in time")
        case .ioOnClosedChannel, .alreadyClosed, .inputClosed, .outputClosed, .eof:
            broken(stage, origin: origin, reason: "the connection was closed")
        default:
            broken(stage, origin: origin, reason: "\(error)")
        }
    }

    private static func broken(
        _ stage: Stage,
        origin: HTTPOrigin,
        reason: String
    ) -> (Code, String) {
        switch stage {
        case .connecting:
            (.connect, "could not connect to \(origin): \(reason)")
        case .sending:
            (.write, "the connection to \(origin) broke while the request was sent: \(reason)")
        case .receiving:
            (.read, "the connection to \(origin) broke while the response was read: \(reason)")
        }
    }

    private static func connection(
        _ error: NIOConnectionError,
        to server: String
    ) -> String {
        if !error.connectionErrors.isEmpty {
            let tries = error.connectionErrors.map { failure in
                let address = failure.target.ipAddress ?? "\(failure.target)"
                let text = (failure.error as? IOError).map { systemText($0.errnoCode) }
                return "\(address) port \(error.port): \(text ?? "\(failure.error)")"
            }
            return "could not connect to \(server): \(tries.joined(separator: "; ")). "
                + "Check that the server runs and that the port is right."
        }
        return "could not find the host \"\(error.host)\" of \(server): the name does not resolve. "
            + "Check its spelling and the network connection."
    }

    private static func tls(_ reason: String, origin: HTTPOrigin) -> String {
        let start = "the TLS handshake with \(origin) failed: "
        if reason.contains("CERTIFICATE_VERIFY_FAILED") {
            // The library says no more.
            return start + "its certificate is not signed by an authority that is trusted here, "
                + "has expired or is not valid yet (CERTIFICATE_VERIFY_FAILED). Add the "
                + "authority's certificate to the trusted ones, or look at the server's dates."
        }
        if reason.contains("EOF during handshake") {
            return start + "the server closed the connection in the middle of it. Check the port."
        }
        if isOfClientCertificate(reason) {
            return start + "the server wants another certificate than the client has to show "
                + "(\(reason)). Name the files of one that it accepts."
        }
        if reason.contains("UNSUPPORTED_PROTOCOL") || reason.contains("ALERT_PROTOCOL_VERSION") {
            return start + "there is no version of TLS from 1.2 on that the server speaks "
                + "(\(reason))."
        }
        if reason.contains("ailedToValidateHostname") {
            return start + "its certificate is for another host name (\(reason)). "
                + "Check the host in the URL."
        }
        if reason.contains("WRONG_VERSION_NUMBER") {
            return start + "the server does not speak TLS on this port (WRONG_VERSION_NUMBER). "
                + "Check the port, or use http://."
        }
        return start + reason
    }

    /// Whether the server refused the client's certificate; in TLS 1.3 it says so only when the
    /// handshake is over for the client.
    private static func isOfClientCertificate(_ reason: String) -> Bool {
        let alerts = [
            "ALERT_CERTIFICATE_REQUIRED", "ALERT_BAD_CERTIFICATE", "ALERT_UNKNOWN_CA",
            "ALERT_CERTIFICATE_EXPIRED", "ALERT_CERTIFICATE_UNKNOWN", "ALERT_CERTIFICATE_REVOKED",
        ]
        return alerts.contains { reason.contains($0) }
    }

    /// httpx's wording, by which some of its users recognise the fault.
    private static func incomplete(_ origin: HTTPOrigin) -> String {
        "peer closed connection without sending complete message body "
            + "(\(origin) ended the response early)"
    }

    private static func systemText(_ number: CInt) -> String {
        // The texts of known numbers are constants, in glibc and in Darwin's C library.
        "\(strerror(number).map { String(cString: $0) } ?? "error") (errno \(number))"
    }
}

extension HTTPTransferError {
    /// A limit of ours that has run out.
    init(
        timedOut timer: HTTPExchangeStateMachine.Timer,
        origin: HTTPOrigin,
        timeouts: HTTPTimeouts
    ) {
        func text(_ limit: Duration?) -> String {
            limit.map { $0.formattedSeconds } ?? "the time allowed"
        }
        switch timer {
        case .pool:
            self.init(
                .poolTimeout,
                "all connections were in use for \(text(timeouts.pool)), so none was free for "
                    + "\(origin); close responses that are no longer needed",
                origin: origin
            )
        case .connect:
            self.init(
                .connectTimeout,
                "could not connect to \(origin) within \(text(timeouts.connect))",
                origin: origin
            )
        case .write:
            self.init(
                .writeTimeout,
                "\(origin) did not take a piece of the request within \(text(timeouts.write))",
                origin: origin
            )
        case .read:
            self.init(
                .readTimeout,
                "nothing arrived from \(origin) for \(text(timeouts.read))",
                origin: origin
            )
        }
    }
}

extension Duration {
    /// The duration in seconds, to the millisecond.
    fileprivate var formattedSeconds: String {
        let (seconds, attoseconds) = components
        let milliseconds = attoseconds / 1_000_000_000_000_000
        guard milliseconds != 0 else { return "\(seconds) s" }
        let digits = "\(milliseconds)"
        return "\(seconds)." + String(repeating: "0", count: 3 - digits.count) + digits + " s"
    }
}
