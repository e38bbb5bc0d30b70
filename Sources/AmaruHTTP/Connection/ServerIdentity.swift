// Whom a connection over TLS must lead to.
// SPDX-License-Identifier: Apache-2.0

import NIOSSL

/// The name or the address that the certificate of a server must be for.
///
/// The library compares names, but also takes any certificate for the address that the socket is
/// connected to, whatever the name: one with addresses is compared here, too. If the server is to
/// have an address as its name, the library's comparison is the right one, but not behind a proxy or
/// at a Unix socket, where the socket's address is not the server's: there it is made here.
struct ServerIdentity: Sendable {
    /// The certificate is for somebody else.
    struct Mismatch: Error {
        let name: String
    }

    private let name: String
    /// The address that is compared here; nil if the library compares, or nothing is compared.
    private let address: [UInt8]?
    /// The settings for the library's part of the comparison.
    let settings: TLSSettings

    /// - `isEndOfSocket`: Whether the socket is connected to the server itself.
    init(_ tls: ConnectionKey.TLS, isEndOfSocket: Bool) {
        name = tls.name
        var settings = tls.settings
        if !isEndOfSocket, settings.verification == .full, let address = IPAddress.bytes(name) {
            self.address = address
            settings.verification = .withoutName
        } else {
            address = nil
        }
        self.settings = settings
    }

    /// The handler of a connection to the server.
    func handler(_ context: NIOSSLContext) throws -> NIOSSLClientHandler {
        // An address is not a name that could be sent (RFC 6066 §3).
        let isAddress = IPAddress.bytes(name) != nil
        return try NIOSSLClientHandler(context: context, serverHostname: isAddress ? nil : name)
    }

    /// Compares what the library has not, once it is content.
    func check(_ certificate: NIOSSLCertificate?) throws(Mismatch) {
        let names = certificate?._subjectAlternativeNames()
        if let address {
            let isNamed = names?.contains { name in
                name.nameType == .ipAddress && name.contents.elementsEqual(address)
            }
            guard isNamed == true else { throw Mismatch(name: name) }
        } else if settings.verification == .full, IPAddress.bytes(name) == nil, let names,
            names.contains(where: { $0.nameType == .ipAddress })
        {
            let isNamed = names.contains { name in
                name.nameType == .dnsName && stands(String(decoding: name.contents, as: UTF8.self))
            }
            guard isNamed else { throw Mismatch(name: name) }
        }
    }

    /// Whether a name in a certificate stands for the server: it may have `*` as its first label
    /// (RFC 9525 §6.3).
    private func stands(_ pattern: String) -> Bool {
        func labels(_ name: String) -> [Substring] {
            let name = name.hasSuffix(".") ? String(name.dropLast()) : name
            return name.lowercased().split(separator: ".", omittingEmptySubsequences: false)
        }
        let (wanted, given) = (labels(name), labels(pattern))
        if given == wanted { return true }
        return given.first == "*" && given.count > 2 && given.dropFirst() == wanted.dropFirst()
    }
}
