// What the TLS of a connection depends on.
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOSSL

/// The choices about TLS that connections must have in common to be shared.
struct TLSSettings: Hashable, Sendable {
    /// Whom to trust: the system's authorities, those in PEM files and folders, or some in DER form.
    enum Trust: Hashable, Sendable {
        case system
        case paths([String])
        case snapshot(AuthoritySnapshot)
        case certificates([[UInt8]])
    }

    var trust: Trust
    var verification: HTTPConnectionOptions.Verification = .full
    var clientCertificate: HTTPConnectionOptions.ClientCertificate?
    var minimumVersion: HTTPConnectionOptions.TLSVersion
    var maximumVersion: HTTPConnectionOptions.TLSVersion?
    var cipherSuites: [String]?

    init(_ options: HTTPConnectionOptions, _ configuration: HTTPBackendConfiguration) {
        verification = options.verification
        clientCertificate = options.clientCertificate
        minimumVersion = options.minimumTLSVersion
        maximumVersion = options.maximumTLSVersion
        cipherSuites = options.cipherSuites
        switch options.trust {
        case .configured:
            trust =
                switch configuration.trustRoots {
                case .system: .system
                case .paths(let paths): .paths(paths)
                case .snapshot(let files): .snapshot(files)
                }
        case .system: trust = .system
        case .file(let path): trust = .paths([path])
        case .directory(let list): trust = .paths(list.split(separator: ":").map(String.init))
        case .certificates(let all): trust = .certificates(all.map { Array($0) })
        }
    }

    /// The settings for a proxy: the same trust, but checked in full, and nothing is shown to it.
    var forProxy: TLSSettings {
        var settings = self
        settings.verification = .full
        settings.clientCertificate = nil
        return settings
    }
}

extension TLSSettings {
    /// Reads the files and returns the library's form of the settings.
    ///
    /// - Throws: ``CertificateFile/Failure``, or the library's error for what does not fit together.
    func configuration() throws -> TLSConfiguration {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = minimumVersion.forLibrary
        tls.maximumTLSVersion = maximumVersion?.forLibrary
        tls.shutdownTimeout = .seconds(1)
        if let cipherSuites { tls.cipherSuites = try Self.cipherList(cipherSuites) }
        switch trust {
        // Nothing is compared with authorities then, and reading them takes time.
        case _ where verification == .none:
            tls.trustRoots = .certificates([])
        case .system: tls.trustRoots = CertificateFile.hashedFolder().map { .file($0) }
        case .paths(let paths):
            // The library searches one folder at most.
            let searched = paths.first(where: CertificateFile.isHashed)
            tls.trustRoots = searched.map { .file($0) } ?? .certificates([])
            let read = paths.filter { $0 != searched }
            let found = try AuthoritySnapshot(of: read).authorities(isOptional: searched != nil)
            tls.additionalTrustRoots = [.certificates(found)]
        case .snapshot(let files):
            tls.trustRoots = .certificates(try files.authorities(isOptional: false))
        case .certificates(let all):
            tls.trustRoots = .certificates(try CertificateFile.authorities(der: all))
        }
        tls.certificateVerification =
            switch verification {
            case .full: .fullVerification
            case .withoutName: .noHostnameVerification
            case .none: .none
            }
        if let own = clientCertificate {
            tls.certificateChain = try CertificateFile.chain(own).map { .certificate($0) }
            tls.privateKey = .privateKey(try CertificateFile.key(own))
            try Self.checkPair(own, tls)
        }
        return tls
    }

    /// The list in the library's form; it traps on a list in which it knows no cipher.
    private static func cipherList(_ names: [String]) throws(HTTPTransferError) -> String {
        let known = names.filter(ciphers.contains)
        guard known.isEmpty else { return known.joined(separator: ":") }
        throw HTTPTransferError(
            .connect,
            "cannot offer the ciphers \(names.joined(separator: ", ")): none of them is known. "
                + "Use OpenSSL's names, such as ECDHE-RSA-AES128-GCM-SHA256.",
            reason: .tls
        )
    }

    /// BoringSSL's ciphers up to TLS 1.2 that need no shared key.
    private static let ciphers: Set<String> = [
        "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA",
        "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384",
        "ECDHE-RSA-CHACHA20-POLY1305", "ECDHE-RSA-AES128-SHA", "ECDHE-RSA-AES256-SHA",
        "AES128-GCM-SHA256", "AES256-GCM-SHA384", "AES128-SHA", "AES256-SHA",
    ]

    private static func checkPair(
        _ own: HTTPConnectionOptions.ClientCertificate,
        _ tls: TLSConfiguration
    ) throws {
        var pair = tls
        pair.trustRoots = .certificates([])
        pair.additionalTrustRoots = []
        do {
            _ = try NIOSSLContext(configuration: pair)
        } catch {
            let key = own.keyFile ?? own.chainFile
            throw CertificateFile.Failure(
                path: key,
                fault: "the key is not the one of the certificate in \(own.chainFile)"
            )
        }
    }
}

extension HTTPConnectionOptions.TLSVersion {
    fileprivate var forLibrary: NIOSSL.TLSVersion {
        switch self {
        case .tls10: .tlsv1
        case .tls11: .tlsv11
        case .tls12: .tlsv12
        case .tls13: .tlsv13
        }
    }
}
