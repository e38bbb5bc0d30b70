// What the TLS of a connection depends on, and what the library needs for it.
// SPDX-License-Identifier: Apache-2.0

import NIOConcurrencyHelpers
import NIOSSL

/// The choices about TLS that connections must have in common to be shared.
struct TLSSettings: Hashable, Sendable {
    /// Whom to trust: the system's authorities, those in PEM files and folders, and more of them.
    enum Trust: Hashable, Sendable {
        case system(additional: [String])
        case paths([String], additional: [String])
        case certificates([[UInt8]])
    }

    var trust: Trust
    var verification: HTTPConnectionOptions.Verification = .full
    var clientCertificate: HTTPConnectionOptions.ClientCertificate?

    init(_ options: HTTPConnectionOptions, _ configuration: HTTPBackendConfiguration) {
        verification = options.verification
        clientCertificate = options.clientCertificate
        switch options.trust {
        case .configured: trust = Self.configured(configuration)
        case .system: trust = .system(additional: [])
        case .file(let path), .directory(let path): trust = .paths([path], additional: [])
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

    private static func configured(_ configuration: HTTPBackendConfiguration) -> Trust {
        let additional = configuration.additionalTrustRoots
        return switch configuration.trustRoots {
        case .system: .system(additional: additional)
        case .file(let path): .paths([path], additional: additional)
        case .paths(let paths): .paths(paths, additional: additional)
        }
    }
}

/// The library's form of the settings, with all files read.
final class TLSMaterial: Sendable {
    let configuration: TLSConfiguration
    private let cached = NIOLockedValueBox<NIOSSLContext?>(nil)

    /// Reads the files.
    ///
    /// - Throws: ``CertificateFile/Failure``, or the library's error for what does not fit together.
    init(_ settings: TLSSettings) throws {
        var tls = TLSConfiguration.makeClientConfiguration()
        // RFC 8996.
        tls.minimumTLSVersion = .tlsv12
        switch settings.trust {
        // Nothing is compared with authorities then, and reading them takes time.
        case _ where settings.verification == .none:
            tls.trustRoots = .certificates([])
        case .system(let additional):
            tls.additionalTrustRoots = try Self.roots(additional)
        case .paths(let paths, let additional):
            tls.trustRoots = .certificates(try CertificateFile.authorities(at: paths))
            tls.additionalTrustRoots = try Self.roots(additional)
        case .certificates(let all):
            tls.trustRoots = .certificates(try CertificateFile.authorities(der: all))
        }
        switch settings.verification {
        case .full: tls.certificateVerification = .fullVerification
        case .withoutName: tls.certificateVerification = .noHostnameVerification
        case .none: tls.certificateVerification = .none
        }
        if let own = settings.clientCertificate {
            tls.certificateChain = try CertificateFile.chain(own).map { .certificate($0) }
            tls.privateKey = .privateKey(try CertificateFile.key(own))
            try Self.checkPair(own, tls)
        }
        configuration = tls
    }

    /// The context for connections that set up TLS themselves; made once.
    func context() throws -> NIOSSLContext {
        if let context = cached.withLockedValue({ $0 }) { return context }
        var own = configuration
        own.applicationProtocols = ["http/1.1"]
        // Outside the lock: reading the system's authorities takes tens of milliseconds.
        let made = try NIOSSLContext(configuration: own)
        return cached.withLockedValue { context in
            let first = context ?? made
            context = first
            return first
        }
    }

    private static func roots(_ paths: [String]) throws -> [NIOSSLAdditionalTrustRoots] {
        paths.isEmpty ? [] : [.certificates(try CertificateFile.authorities(at: paths))]
    }

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
