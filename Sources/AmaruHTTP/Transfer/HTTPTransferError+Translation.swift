// The one table from the errors of the engine's parts to the codes of an exchange.
// SPDX-License-Identifier: Apache-2.0

import NIOCore
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
        switch error {
        case NIOSSLError.uncleanShutdown, is ChannelError, is ConnectionClosed: true
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
        case let fault as RouteFault:
            route(fault, stage: stage, origin: origin)
        case let end as ConnectionClosed:
            end.isAmidResponse
                ? (.remoteProtocol, incomplete(origin)) : closed(stage, origin: origin)
        case let error as NIOConnectionError:
            (.connect, connection(error, to: "\(origin)"))
        case let error as IOError:
            broken(stage, origin: origin, reason: systemText(error.errnoCode))
        case let error as ChannelError:
            channel(error, stage: stage, origin: origin)
        case let error as CertificateFile.Failure:
            (
                .connect,
                "could not connect to \(origin): \(error). "
                    + "Check the certificates that are configured."
            )
        case let error as ServerIdentity.Mismatch:
            (.connect, tlsName("expected \(error.name)", origin: origin))
        case NIOSSLError.uncleanShutdown where stage != .connecting:
            (.remoteProtocol, incomplete(origin))
        case is NIOSSLExtraError, is NIOSSLError, is BoringSSLError:
            secure(error, stage: stage, origin: origin)
        case let end as GoAway:
            (.remoteProtocol, "\(origin) ended the connection with GOAWAY (\(end.code))")
        case let error as any NIOHTTP2Error:
            (.remoteProtocol, stream(error, origin: origin))
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

    private static func closed(_ stage: Stage, origin: HTTPOrigin) -> (Code, String) {
        switch stage {
        case .connecting: (.connect, "\(origin) closed the connection before it was set up")
        case .sending: (.write, "\(origin) closed the connection while the request was sent")
        case .receiving:
            (.remoteProtocol, "server \(origin) disconnected without sending a response")
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

    /// A fault of TLS: of the handshake, or of the certificate that the server wants to see, which
    /// in TLS 1.3 it says only when the handshake is over for the client.
    private static func secure(
        _ error: any Error,
        stage: Stage,
        origin: HTTPOrigin
    ) -> (Code, String) {
        var reason = "\(error)"
        if case NIOSSLError.handshakeFailed(let cause) = error { reason = "\(cause)" }
        let isOfClientCertificate = clientAlerts.contains { reason.contains($0) }
        guard stage == .connecting || isOfClientCertificate else {
            return broken(stage, origin: origin, reason: "TLS: \(reason)")
        }
        if case NIOSSLExtraError.failedToValidateHostname? = error as? NIOSSLExtraError {
            return (.connect, tlsName(reason, origin: origin))
        }
        let known = handshakeFaults.first { fault in fault.marks.contains { reason.contains($0) } }
        let text = known.map { $0.text.replacing("$", with: "(\(reason))") } ?? reason
        return (.connect, "the TLS handshake with \(origin) failed: \(text)")
    }

    private static func tlsName(_ reason: String, origin: HTTPOrigin) -> String {
        "the TLS handshake with \(origin) failed: its certificate is for another host name "
            + "(\(reason)). Check the host in the URL."
    }

    private static let clientAlerts = [
        "ALERT_CERTIFICATE_REQUIRED", "ALERT_BAD_CERTIFICATE", "ALERT_UNKNOWN_CA",
        "ALERT_CERTIFICATE_EXPIRED", "ALERT_CERTIFICATE_UNKNOWN", "ALERT_CERTIFICATE_REVOKED",
    ]

    /// What BoringSSL's names mean, which is all that its errors hold; `$` is the error itself.
    private static let handshakeFaults: [(marks: [String], text: String)] = [
        (
            ["CERTIFICATE_VERIFY_FAILED"],
            "its certificate is not signed by an authority that is trusted here, has expired or is "
                + "not valid yet (CERTIFICATE_VERIFY_FAILED). Add the authority's certificate to "
                + "the trusted ones, or look at the server's dates."
        ),
        (
            ["EOF during handshake"],
            "the server closed the connection in the middle of it. Check the port."
        ),
        (
            clientAlerts,
            "the server wants another certificate than the client has to show $. Name the files "
                + "of one that it accepts."
        ),
        (
            ["UNSUPPORTED_PROTOCOL", "ALERT_PROTOCOL_VERSION"],
            "there is no version of TLS that both it and the client allow $."
        ),
        (
            ["WRONG_VERSION_NUMBER"],
            "the server does not speak TLS on this port (WRONG_VERSION_NUMBER). Check the port, or "
                + "use http://."
        ),
    ]

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
