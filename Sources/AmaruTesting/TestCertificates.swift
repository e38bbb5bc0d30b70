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

    func serverContext() throws -> NIOSSLContext {
        let chain = try NIOSSLCertificate.fromPEMFile(certificate).map {
            NIOSSLCertificateSource.certificate($0)
        }
        let configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain,
            privateKey: .privateKey(try NIOSSLPrivateKey(file: key, format: .pem))
        )
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

    /// Makes a certificate for a server.
    ///
    /// - Parameter names: What it is for, in openssl's form: `DNS:localhost`, `IP:127.0.0.1`.
    /// - Throws: ``Failure``.
    public func issue(for names: [String]) throws -> TestCertificate {
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
            extendedKeyUsage = serverAuth
            subjectAltName = \(names.joined(separator: ", "))
            """,
            to: "\(name).cnf"
        )
        try openssl(
            "req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "
                + "-config \(name).cnf -keyout \(name).key -out \(name).csr"
        )
        try openssl(
            "x509 -req -in \(name).csr -CA authority.pem -CAkey authority.key -CAcreateserial "
                + "-days 2 -extfile \(name).cnf -extensions server -out \(name).pem"
        )
        return TestCertificate(
            authority: file("authority.pem").path,
            certificate: file("\(name).pem").path,
            key: file("\(name).key").path
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
