// Certificates made on the spot, for servers of tests.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import NIOSSL

/// A server's certificate and key, and the authority that signed it, as PEM files.
public struct TestCertificate: Sendable, Hashable {
    /// The path of the authority's certificate: what a client has to trust.
    public let authority: String
    /// The path of the server's certificate.
    public let certificate: String
    /// The path of the server's key.
    public let key: String

    /// The path of the authority by which clients must show who they are; nil for no such demand.
    public var clientAuthority: String?
    /// Whether the server speaks no newer TLS than 1.1.
    public var isOutdated = false

    func serverContext(protocols: [String] = []) throws -> NIOSSLContext {
        let chain = try NIOSSLCertificate.fromPEMFile(certificate).map {
            NIOSSLCertificateSource.certificate($0)
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain,
            privateKey: .privateKey(try NIOSSLPrivateKey(file: key, format: .pem))
        )
        configuration.applicationProtocols = protocols
        if let clientAuthority {
            configuration.certificateVerification = .noHostnameVerification
            configuration.trustRoots = .file(clientAuthority)
        }
        if isOutdated { configuration.maximumTLSVersion = .tlsv11 }
        return try NIOSSLContext(configuration: configuration)
    }
}

/// A certificate authority of its own, in a temporary folder, made with the `openssl` command.
///
/// ```swift
/// let authority = try TestCertificates()
/// let server = ScriptedServer([.html], certificate: try authority.issue(for: ["DNS:localhost"]))
/// ```
///
/// The folder is removed with the object.
public final class TestCertificates: Sendable {
    private let folder: URL

    /// Whether the `openssl` command is there; without it tests of TLS are to be skipped.
    public static var isAvailable: Bool { command != nil }

    private static var command: URL? {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let folders = path.split(separator: ":").map { URL(filePath: String($0)) }
        return (folders + [URL(filePath: "/usr/bin")])
            .map { $0.appending(path: "openssl") }
            .first { FileManager.default.isExecutableFile(atPath: $0.path) }
    }

    /// Makes a new authority.
    ///
    /// - Throws: ``Failure`` if `openssl` is absent or fails.
    public init() throws {
        folder = FileManager.default.temporaryDirectory
            .appending(path: "amaru-certificates-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try write(
            """
            [req]
            distinguished_name = name
            x509_extensions = authority
            prompt = no
            [name]
            CN = Amaru test authority
            [authority]
            basicConstraints = critical, CA:TRUE
            keyUsage = critical, keyCertSign, cRLSign
            subjectKeyIdentifier = hash
            """,
            to: "authority.cnf"
        )
        try openssl(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
                + "-config authority.cnf -keyout authority.key -out authority.pem"
        )
    }

    deinit {
        try? FileManager.default.removeItem(at: folder)
    }

    /// When a certificate is valid.
    public enum Validity: String, Sendable, CaseIterable {
        /// Now.
        case now
        /// Not any more.
        case expired
        /// Not yet.
        case future

        fileprivate var dates: (start: String, end: String)? {
            switch self {
            case .now: nil
            case .expired: ("20200101000000Z", "20210101000000Z")
            case .future: ("20900101000000Z", "20910101000000Z")
            }
        }
    }

    /// Writes a file into the folder of the authority and returns its path.
    ///
    /// - Throws: The system's error if that fails.
    public func file(_ name: String, with text: String) throws -> String {
        try write(text, to: name)
        return file(name).path
    }

    /// Makes a folder in which the authority is found by its hash, and returns its path.
    ///
    /// - Throws: ``Failure``.
    public func hashedFolder() throws -> String {
        let hashed = file("hashed")
        try FileManager.default.createDirectory(at: hashed, withIntermediateDirectories: true)
        let copy = hashed.appending(path: "authority.pem")
        try FileManager.default.copyItem(at: file("authority.pem"), to: copy)
        try openssl("rehash hashed")
        return hashed.path
    }

    /// Encrypts a certificate's key and returns the path of the new file.
    ///
    /// - Throws: ``Failure``.
    public func encryptKey(of certificate: TestCertificate, password: String) throws -> String {
        let name = UUID().uuidString + ".key"
        try openssl(
            "pkcs8 -topk8 -in \(certificate.key) -out \(name) -passout pass:\(password)"
        )
        return file(name).path
    }

    /// Makes a certificate for a server, or for a client.
    ///
    /// - `names`: What it is for, in openssl's form: `DNS:localhost`, `IP:127.0.0.1`.
    /// - Throws: ``Failure``.
    public func issue(
        for names: [String],
        valid validity: Validity = .now
    ) throws -> TestCertificate {
        let name = UUID().uuidString
        try write(
            """
            [req]
            distinguished_name = name
            prompt = no
            [name]
            CN = Amaru test server
            [server]
            basicConstraints = CA:FALSE
            extendedKeyUsage = serverAuth, clientAuth
            subjectAltName = \(names.joined(separator: ", "))
            """,
            to: "\(name).cnf"
        )
        try openssl(
            "req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "
                + "-config \(name).cnf -keyout \(name).key -out \(name).csr"
        )
        if let dates = validity.dates {
            try sign(name, from: dates.start, to: dates.end)
        } else {
            try openssl(
                "x509 -req -in \(name).csr -CA authority.pem -CAkey authority.key -CAcreateserial "
                    + "-days 2 -extfile \(name).cnf -extensions server -out \(name).pem"
            )
        }
        return TestCertificate(
            authority: file("authority.pem").path,
            certificate: file("\(name).pem").path,
            key: file("\(name).key").path
        )
    }

    /// Signs a request for dates that only `openssl ca` can set.
    private func sign(_ name: String, from start: String, to end: String) throws {
        try write("", to: "\(name).index")
        try write(
            """
            [ca]
            default_ca = here
            [here]
            database = \(name).index
            new_certs_dir = .
            rand_serial = yes
            default_md = sha256
            policy = any
            [any]
            commonName = optional
            """,
            to: "\(name).ca"
        )
        try openssl(
            "ca -batch -notext -config \(name).ca -cert authority.pem -keyfile authority.key "
                + "-startdate \(start) -enddate \(end) -in \(name).csr -out \(name).pem "
                + "-extfile \(name).cnf -extensions server"
        )
    }

    /// Why no certificate could be made.
    public struct Failure: Error, CustomStringConvertible {
        /// What `openssl` said, or that it is not there.
        public let description: String
    }

    private func file(_ name: String) -> URL { folder.appending(path: name) }

    private func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: file(name))
    }

    private func openssl(_ arguments: String) throws {
        guard let command = Self.command else {
            throw Failure(description: "the openssl command is not on the PATH")
        }
        let process = Process()
        let errors = Pipe()
        process.executableURL = command
        process.arguments = arguments.split(separator: " ").map(String.init)
        process.currentDirectoryURL = folder
        process.standardError = errors
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        let said = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            let text = String(decoding: said, as: UTF8.self)
            throw Failure(description: "openssl \(arguments) failed: \(text)")
        }
    }
}
