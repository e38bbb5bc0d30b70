// Puts the real key into a request, where it belongs and nowhere else.
// SPDX-License-Identifier: Apache-2.0

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
/// another origin, with another host in `Host` or its target, by `TRACE` or `CONNECT`, or over a
/// proxy, a socket or authorities that the request itself names. A placeholder anywhere else in a
/// request stands for nothing, and is left as it is.
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
    /// - `proxies`: The program's own proxies, which a request may name.
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
        let rules = KeyRules(
            owner: owner,
            request: request,
            origin: origin,
            destination: next.destination(of: origin),
            proxies: proxies
        )
        if let refusal = rules.refusal(header: header) {
            throw HTTPTransferError(.secretRefused, refusal, origin: origin)
        }
    }
}
