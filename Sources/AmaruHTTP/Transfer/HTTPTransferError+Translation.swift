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
        self = Translation(stage: stage, origin: origin, server: "\(origin)").of(error)
    }

    /// Whether an error of the engine says that the connection ended, and not why.
    static func isEndAlone(_ error: any Error) -> Bool {
        switch error {
        case NIOSSLError.uncleanShutdown, is ChannelError, is ConnectionClosed: true
        default: false
        }
    }
}

private struct Translation {
    typealias Failure = HTTPTransferError

    let stage: Failure.Stage
    let origin: HTTPOrigin
    /// What the connection leads to, in words: the origin, or a proxy on the way there.
    let server: String

    func of(_ error: any Error) -> Failure {
        switch error {
        case let error as Failure: error
        case is CancellationError: failure(.cancelled, "the request to \(origin) was cancelled")
        case let fault as RouteFault: route(fault)
        case let end as ConnectionClosed where end.isAmidResponse: incomplete
        case is ConnectionClosed: closed
        case let error as NIOConnectionError: unreachable(error)
        case let error as IOError: broken(text(error), .system(error.errnoCode))
        case ChannelError.connectTimeout:
            failure(.connectTimeout, "could not connect to \(server) in time")
        case ChannelError.ioOnClosedChannel, ChannelError.alreadyClosed, ChannelError.inputClosed,
            ChannelError.outputClosed, ChannelError.eof:
            broken("the connection was closed")
        case let error as CertificateFile.Failure:
            connect("\(error). Check the certificates that are configured.", .tls)
        case let error as ServerIdentity.Mismatch: wrongName("expected \(error.name)")
        case let error as NIOSSLExtraError where error == .failedToValidateHostname:
            wrongName("\(error)")
        case NIOSSLError.uncleanShutdown where stage != .connecting: incomplete
        case NIOSSLError.handshakeFailed(let cause): secure("\(cause)")
        case is NIOSSLExtraError, is NIOSSLError, is BoringSSLError: secure("\(error)")
        case let end as GoAway:
            failure(.remoteProtocol, "\(origin) ended the connection with GOAWAY (\(end.code))")
        case let reset as NIOHTTP2Errors.StreamClosed:
            failure(
                .remoteProtocol,
                "\(origin) reset the stream of the request (\(reset.errorCode))"
            )
        case is any NIOHTTP2Error:
            failure(.remoteProtocol, "\(origin) broke the rules of HTTP/2: \(error)")
        default: broken("\(error)")
        }
    }

    private func failure(
        _ code: Failure.Code,
        _ message: String,
        _ reason: Failure.Reason? = nil
    ) -> Failure {
        Failure(code, message, origin: origin, reason: reason)
    }

    private func connect(_ text: String, _ reason: Failure.Reason? = nil) -> Failure {
        failure(.connect, "could not connect to \(server): \(text)", reason)
    }

    private func route(_ fault: RouteFault) -> Failure {
        guard stage == .connecting else { return of(fault.error) }
        let place = "\(fault.place) for \(origin)"
        let translation = Translation(stage: stage, origin: origin, server: place)
        if let error = fault.error as? IOError {
            let text = "\(text(error)). Check its address."
            return translation.connect(text, .system(error.errnoCode))
        }
        if fault.error is NIOConnectionError { return translation.of(fault.error) }
        let failure = of(fault.error)
        return failure.saying("the connection to \(place) failed: \(failure.message)")
    }

    private var closed: Failure {
        switch stage {
        case .connecting:
            failure(.connect, "\(origin) closed the connection before it was set up")
        case .sending:
            failure(.write, "\(origin) closed the connection while the request was sent")
        case .receiving:
            failure(
                .remoteProtocol,
                "server \(origin) disconnected without sending a response",
                .earlyEnd
            )
        }
    }

    /// httpx's wording, by which some of its users recognise the fault.
    private var incomplete: Failure {
        failure(
            .remoteProtocol,
            "peer closed connection without sending complete message body "
                + "(\(origin) ended the response early)",
            .earlyEnd
        )
    }

    private func broken(_ text: String, _ reason: Failure.Reason? = nil) -> Failure {
        let start = "the connection to \(origin) broke while the "
        return switch stage {
        case .connecting: connect(text, reason)
        case .sending: failure(.write, start + "request was sent: \(text)", reason)
        case .receiving: failure(.read, start + "response was read: \(text)", reason)
        }
    }

    private func unreachable(_ error: NIOConnectionError) -> Failure {
        guard let last = error.connectionErrors.last else {
            return failure(
                .connect,
                "could not find the host \"\(error.host)\" of \(server): the name does not "
                    + "resolve. Check its spelling and the network connection.",
                .unknownHost
            )
        }
        let tries = error.connectionErrors.map { failure in
            let address = failure.target.ipAddress ?? "\(failure.target)"
            let fault = (failure.error as? IOError).map(text) ?? "\(failure.error)"
            return "\(address) port \(error.port): \(fault)"
        }
        return connect(
            tries.joined(separator: "; ")
                + ". Check that the server runs and that the port is right.",
            (last.error as? IOError).map { .system($0.errnoCode) }
        )
    }

    /// A fault of TLS: of the handshake, or of the certificate that the server wants to see, which
    /// in TLS 1.3 it says only when the handshake is over for the client.
    private func secure(_ text: String) -> Failure {
        let isOfClientCertificate = Self.clientAlerts.contains { text.contains($0) }
        guard stage == .connecting || isOfClientCertificate else {
            return broken("TLS: \(text)", .tls)
        }
        let known = Self.handshakeFaults.first { $0.marks.contains { text.contains($0) } }
        return failure(
            .connect,
            "the TLS handshake with \(origin) failed: "
                + (known?.text.replacing("$", with: "(\(text))") ?? text),
            text.contains(Self.unverified) ? .certificate(unspecified) : .tls
        )
    }

    private func wrongName(_ text: String) -> Failure {
        failure(
            .connect,
            "the TLS handshake with \(origin) failed: its certificate is for another host name "
                + "(\(text)). Check the host in the URL.",
            .certificate(nameMismatch)
        )
    }

    private func text(_ error: IOError) -> String {
        // The texts of known numbers are constants, in glibc and in Darwin's C library.
        let text = strerror(error.errnoCode).map { String(cString: $0) } ?? "error"
        return "\(text) (errno \(error.errnoCode))"
    }

    /// X509_V_ERR_UNSPECIFIED: the library does not say what it has against a certificate.
    private var unspecified: Int { 1 }
    /// X509_V_ERR_HOSTNAME_MISMATCH.
    private var nameMismatch: Int { 62 }

    private static let unverified = "CERTIFICATE_VERIFY_FAILED"

    private static let clientAlerts = [
        "ALERT_CERTIFICATE_REQUIRED", "ALERT_BAD_CERTIFICATE", "ALERT_UNKNOWN_CA",
        "ALERT_CERTIFICATE_EXPIRED", "ALERT_CERTIFICATE_UNKNOWN", "ALERT_CERTIFICATE_REVOKED",
    ]

    /// What BoringSSL's names mean, which is all that its errors hold; `$` is the error itself.
    private static let handshakeFaults: [(marks: [String], text: String)] = [
        (
            [unverified],
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
            "the server does not speak TLS on this port (WRONG_VERSION_NUMBER). Use http:// in "
                + "the URL, or check the port."
        ),
    ]
}

extension HTTPTransferError {
    /// A limit of ours that has run out.
    init(
        timedOut timer: HTTPExchangeStateMachine.Timer,
        origin: HTTPOrigin,
        timeouts: HTTPTimeouts,
        isFinal: Bool = true
    ) {
        let (code, limit, text): (Code, Duration?, String) =
            switch timer {
            case .pool:
                (
                    .poolTimeout, timeouts.pool,
                    "all connections were in use for $, so none was free for \(origin); close "
                        + "responses that are no longer needed"
                )
            case .connect:
                (.connectTimeout, timeouts.connect, "could not connect to \(origin) within $")
            case .write:
                (
                    .writeTimeout, timeouts.write,
                    "\(origin) did not take a piece of the request within $"
                )
            case .read: (.readTimeout, timeouts.read, "nothing arrived from \(origin) for $")
            }
        let time = limit.map { $0.formattedSeconds } ?? "the time allowed"
        self.init(code, text.replacing("$", with: time), origin: origin, isFinal: isFinal)
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
