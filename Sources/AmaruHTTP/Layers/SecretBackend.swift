// Puts the real key into a request, where it belongs and nowhere else.
// SPDX-License-Identifier: Apache-2.0

import NIOConcurrencyHelpers

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A backend that replaces placeholders by keys in the credential headers of requests, and erases
/// keys from what comes back.
///
/// A key is sent only to the origin it belongs to, as the caller named it, and only if the real
/// destination, after routing, is encrypted or this machine. A request that would take it anywhere
/// else fails with ``HTTPTransferError/Code/secretRefused``, and nothing of it is sent: one to
/// another origin, with another host in `Host` or its target, by `TRACE`, or over a proxy, a socket
/// or authorities that the request itself names. A placeholder anywhere else in a request stands for
/// nothing, and is left as it is.
///
/// In responses of the key's host the key is overwritten with asterisks. They are asked for without
/// compression, in which it could not be found.
public final class SecretBackend: HTTPLayer {
    private static let credentialHeaders: Set<String> = ["authorization", "api-key", "x-api-key"]

    private let vault: SecretVault
    private let proxies: HTTPProxySettings
    /// The backend behind the layer.
    public let next: any HTTPBackend

    /// Makes a layer with these keys around a backend.
    ///
    /// - Parameter proxies: The program's own proxies, which a request may name.
    public init(
        _ vault: SecretVault,
        proxies: HTTPProxySettings = HTTPProxySettings(),
        around next: any HTTPBackend
    ) {
        self.vault = vault
        self.proxies = proxies
        self.next = next
    }

    /// Starts the exchange with the keys in place, or refuses it.
    public func open(_ request: HTTPTransferRequest) -> any HTTPExchange {
        var request = request
        do throws(HTTPTransferError) {
            for index in request.headers.indices {
                let field = request.headers[index]
                guard Self.credentialHeaders.contains(field.name.lowercased()) else { continue }
                request.headers[index].bytes = try revealed(field, in: request)
            }
        } catch {
            return FailedExchange(error)
        }
        // A malformed URL goes nowhere; the engine says what is wrong with it.
        guard let origin = try? HTTPOrigin(parsing: request.url) else { return next.open(request) }
        let search = vault.search(of: [origin, next.destination(of: origin)])
        guard !search.isEmpty else { return next.open(request) }
        for index in request.headers.indices where request.headers[index].isNamed("accept-encoding")
        {
            request.headers[index].bytes = Array("identity".utf8)
        }
        return RedactedExchange(next.open(request), search)
    }

    /// Returns a header's value with the keys in it.
    private func revealed(
        _ field: HTTPHeaderField,
        in request: HTTPTransferRequest
    ) throws(HTTPTransferError) -> [UInt8] {
        let scheme = Array("basic ".utf8)
        let isBasic = field.bytes.prefix(scheme.count).map { $0 | 0x20 } == scheme
        if isBasic, let pair = Data(base64Encoded: Data(field.bytes.dropFirst(scheme.count))) {
            let plain = HTTPHeaderField(field.name, bytes: Array(pair))
            let revealed = Data(try self.revealed(plain, in: request))
            guard revealed != pair else { return field.bytes }
            return Array(field.bytes.prefix(scheme.count)) + revealed.base64EncodedString().utf8
        }
        var bytes = field.bytes
        // From the end, so that replacing one does not move those still to come.
        for occurrence in vault.occurrences(in: field.bytes).reversed() {
            try judge(occurrence.origin, header: field.name, of: request)
            bytes.replaceSubrange(occurrence.range, with: occurrence.key)
        }
        return bytes
    }

    /// Throws if a request must not take the key of an origin with it.
    private func judge(
        _ owner: HTTPOrigin,
        header: String,
        of request: HTTPTransferRequest
    ) throws(HTTPTransferError) {
        let origin: HTTPOrigin
        do throws(HTTPOrigin.ParseError) {
            origin = try HTTPOrigin(parsing: request.url)
        } catch {
            throw HTTPTransferError(error)
        }
        func refuse(_ message: String) -> HTTPTransferError {
            HTTPTransferError(.secretRefused, message, origin: origin)
        }
        guard origin == owner else {
            throw refuse(
                "the key in the header \"\(header)\" belongs to \(owner) and was not sent to "
                    + "\(origin). Use the key of \(origin), or bind this one to that origin "
                    + "when you add it."
            )
        }
        for place in request.namedPlaces(at: origin) where place.origin != owner {
            throw refuse(
                "the key for \(owner) was not sent: the request names \"\(place.text)\" in its "
                    + "\(place.part). Leave that out, or name the host of the URL."
            )
        }
        guard !["TRACE", "TRACK"].contains(request.method.uppercased()) else {
            throw refuse(
                "the key for \(owner) was not sent: \(request.method) makes the server send the "
                    + "request back. Use another method."
            )
        }
        let destination = next.destination(of: origin)
        guard destination.isSecure || destination.isLoopback else {
            throw refuse(
                "the key for \(owner) was not sent to \(destination), which is neither encrypted "
                    + "nor on this machine. Use https, or a server on 127.0.0.1."
            )
        }
        guard request.connection.leads(to: destination, through: proxies) else {
            throw refuse(
                "the key for \(owner) was not sent: the request asks for a connection to "
                    + "\(destination) over which others could read it (certificates that are not "
                    + "verified in full by the authorities of the program, another server name, "
                    + "a Unix socket, or a proxy that is not the program's). Leave these options "
                    + "out; an authority of your own goes into SSL_CERT_FILE, a proxy into "
                    + "HTTPS_PROXY."
            )
        }
    }
}

extension HTTPConnectionOptions {
    /// Whether the options leave the other end of the connection to be the destination.
    ///
    /// They come from the script, which is not to see the key: it could name a proxy or a socket
    /// of its own, and an authority of its own that vouches for it, in a file of the program's too.
    fileprivate func leads(
        to destination: HTTPOrigin,
        through proxies: HTTPProxySettings
    ) -> Bool {
        guard unixSocket == nil else { return false }
        if case .proxy(let proxy) = proxy, !proxies.lead(to: destination, by: proxy) {
            return false
        }
        if destination.isLoopback { return true }
        let isByProgram = trust == .configured || trust == .system
        let isNamed = serverName == nil || serverName == destination.host
        return verification == .full && isByProgram && isNamed
    }
}

/// Takes the keys out of all that its caller sees.
private final class RedactedExchange: ForwardingExchange, @unchecked Sendable {
    // Safe as its superclass is: all that changes is under the lock of `redactor`.

    private let search: KeySearch
    private let redactor: NIOLockedValueBox<KeyRedactor>

    init(_ inner: any HTTPExchange, _ search: KeySearch) {
        self.search = search
        redactor = NIOLockedValueBox(KeyRedactor(search))
        super.init(inner)
    }

    private func clean(_ text: String) -> String {
        String(decoding: KeyRedactor.clean(Array(text.utf8), of: search), as: UTF8.self)
    }

    override func willDeliver(_ head: HTTPTransferHead) -> HTTPTransferHead {
        var head = head
        head.reasonBytes = KeyRedactor.clean(head.reasonBytes, of: search)
        head.headers = head.headers.map { field in
            let bytes = KeyRedactor.clean(field.bytes, of: search)
            return HTTPHeaderField(clean(field.name), bytes: bytes)
        }
        return head
    }

    override func willDeliver(_ error: HTTPTransferError) -> HTTPTransferError {
        HTTPTransferError(error.code, clean(error.message), origin: error.origin)
    }

    override func read(_ completion: @escaping HTTPCompletion<[Data]>) {
        inner.read { [self] result in
            switch result {
            case .success(let pieces) where !pieces.isEmpty:
                let clean = redactor.withLockedValue { redactor in
                    pieces.map { redactor.take($0) }.filter { !$0.isEmpty }
                }
                // No piece would be the end: what is held back needs more to go on.
                if clean.isEmpty { read(completion) } else { completion(.success(clean)) }
            case .failure(let error) where error.code == .cancelled:
                completion(.failure(error))
            case .success, .failure:
                // The end, or the error, is there again for the next one who reads.
                let rest = redactor.withLockedValue { $0.end() }
                completion(rest.isEmpty ? result.mapError(willDeliver) : .success([rest]))
            }
        }
    }
}
