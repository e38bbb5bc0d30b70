// Puts the real key into a request, where it belongs and nowhere else.
// SPDX-License-Identifier: Apache-2.0

/// A backend that replaces placeholders by keys in the credential headers of requests.
///
/// A key is sent only to the origin it belongs to, as the caller named it, and only if the real
/// destination, after routing, is encrypted or this machine. A request that would take it anywhere
/// else fails with ``HTTPTransferError/Code/secretRefused``, and nothing of it is sent.
/// A placeholder anywhere else in a request stands for nothing, and is left as it is.
public final class SecretBackend: HTTPLayer {
    private static let credentialHeaders: Set<String> = ["authorization", "api-key", "x-api-key"]

    private let vault: SecretVault
    /// The backend behind the layer.
    public let next: any HTTPBackend

    /// Makes a layer with these keys around a backend.
    public init(_ vault: SecretVault, around next: any HTTPBackend) {
        self.vault = vault
        self.next = next
    }

    /// Starts the exchange with the keys in place, or refuses it.
    public func open(_ request: HTTPTransferRequest) -> any HTTPExchange {
        do throws(HTTPTransferError) {
            return next.open(try revealing(request))
        } catch {
            return FailedExchange(error)
        }
    }

    private func revealing(
        _ request: HTTPTransferRequest
    ) throws(HTTPTransferError) -> HTTPTransferRequest {
        var revealed = request
        for index in request.headers.indices {
            let field = request.headers[index]
            guard Self.credentialHeaders.contains(field.name.lowercased()) else { continue }
            // From the end, so that replacing one does not move those still to come.
            for occurrence in vault.occurrences(in: field.bytes).reversed() {
                try judge(occurrence, header: field.name, of: request)
                guard let key = vault.reveal(occurrence.placeholder) else { continue }
                revealed.headers[index].bytes.replaceSubrange(occurrence.range, with: key)
            }
        }
        return revealed
    }

    private func judge(
        _ occurrence: SecretVault.Occurrence,
        header: String,
        of request: HTTPTransferRequest
    ) throws(HTTPTransferError) {
        let owner = occurrence.origin
        let origin: HTTPOrigin
        do throws(HTTPOrigin.ParseError) {
            origin = try HTTPOrigin(parsing: request.url)
        } catch {
            throw HTTPTransferError(error)
        }
        guard origin == owner else {
            throw HTTPTransferError(
                .secretRefused,
                "the key in the header \"\(header)\" belongs to \(owner) and was not sent to "
                    + "\(origin). Use the key of \(origin), or bind this one to that origin "
                    + "when you add it.",
                origin: origin
            )
        }
        let destination = next.destination(of: origin)
        guard destination.isSecure || destination.isLoopback else {
            throw HTTPTransferError(
                .secretRefused,
                "the key for \(owner) was not sent to \(destination), which is neither encrypted "
                    + "nor on this machine. Use https, or a server on 127.0.0.1.",
                origin: origin
            )
        }
        guard request.connection.isTrusted(at: destination) else {
            throw HTTPTransferError(
                .secretRefused,
                "the key for \(owner) was not sent: the request asks for a connection to "
                    + "\(destination) over which others could read it (certificates that are not "
                    + "verified in full by the authorities of the program, another server name, "
                    + "or a proxy or socket without TLS). Leave these options out; an authority "
                    + "of your own goes into SSL_CERT_FILE.",
                origin: origin
            )
        }
    }
}

extension HTTPConnectionOptions {
    /// Whether the options leave the other end of the connection to be the destination.
    ///
    /// They come from the script, which is not to see the key: it could name a proxy or a socket
    /// of its own, and an authority of its own that vouches for it.
    fileprivate func isTrusted(at destination: HTTPOrigin) -> Bool {
        if destination.isLoopback, unixSocket == nil {
            switch proxy {
            case .configured, .direct: return true
            case .proxy: break
            }
        }
        let isByProgram = trust == .configured || trust == .system
        let isNamed = serverName == nil || serverName == destination.host
        return destination.isSecure && verification == .full && isByProgram && isNamed
    }
}
