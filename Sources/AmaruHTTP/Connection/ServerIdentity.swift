// Whom a connection over TLS must lead to.
// SPDX-License-Identifier: Apache-2.0

import NIOSSL

/// The name or the address that the certificate of a server must be for.
///
/// The library compares names itself. Of addresses it only compares the one that the socket is
/// connected to, which is not the server's behind a proxy or at a Unix socket: there the
/// certificate is compared here.
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

    /// - Parameter isEndOfSocket: Whether the socket is connected to the server itself.
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

    /// Compares the address.
    func check(_ certificate: NIOSSLCertificate?) throws(Mismatch) {
        guard let address else { return }
        let names = certificate?._subjectAlternativeNames()
        let isNamed = names?.contains { name in
            name.nameType == .ipAddress && name.contents.elementsEqual(address)
        }
        guard isNamed == true else { throw Mismatch(name: name) }
    }
}
