// Certificates and keys out of PEM files, with errors that name the file.
// SPDX-License-Identifier: Apache-2.0

import NIOSSL

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

enum CertificateFile {
    /// Why a file cannot be used.
    struct Failure: Error, CustomStringConvertible {
        var path: String
        var fault: String

        var description: String { "\(path): \(fault)" }
    }

    /// A folder by hash with as many authorities as the system's file of all; nil if it is not there.
    ///
    /// In it a handshake finds the one that it needs; the file must be read whole, which takes tens
    /// of milliseconds. A file alone may have been replaced, in a container above all.
    static func hashedFolder(
        _ path: String = "/etc/ssl/certs",
        besides file: String = "/etc/ssl/certs/ca-certificates.crt"
    ) -> String? {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: path),
            let bytes = try? bytes(of: file)
        else { return nil }
        let begin = "-----BEGIN CERTIFICATE-----".utf8
        let all = bytes.split(separator: UInt8(ascii: "\n")).count { $0.starts(with: begin) }
        return all > 0 && all == names.count(where: isHash) ? path : nil
    }

    /// Whether a path is a folder with names by hash, which `openssl rehash` makes.
    ///
    /// OpenSSL searches one in a handshake, and so does the library: those of systems hold hundreds
    /// of files, whose reading takes as long as several handshakes.
    static func isHashed(_ path: String) -> Bool {
        guard isFolder(path) else { return false }
        let names = try? FileManager.default.contentsOfDirectory(atPath: path)
        return names?.contains(where: isHash) ?? false
    }

    /// Whether a name is such as `5ed36f99.0`.
    private static func isHash(_ name: String) -> Bool {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 2 && parts[0].utf8.count == 8
            && UInt32(parts[0], radix: 16) != nil && UInt32(parts[1]) != nil
    }

    static func authorities(der all: [[UInt8]]) throws -> [NIOSSLCertificate] {
        try all.enumerated().map { index, bytes in
            do {
                return try NIOSSLCertificate(bytes: bytes, format: .der)
            } catch {
                let name = "certificate number \(index + 1) of those that are to be trusted"
                throw Failure(path: name, fault: "it is not in DER form")
            }
        }
    }

    /// Reads a client's certificate, with those that sign it.
    static func chain(
        _ own: HTTPConnectionOptions.ClientCertificate
    ) throws -> [NIOSSLCertificate] {
        try certificates(in: own.chainFile, try bytes(of: own.chainFile))
    }

    /// Reads a client's private key.
    static func key(
        _ own: HTTPConnectionOptions.ClientCertificate
    ) throws -> NIOSSLPrivateKey {
        let path = own.keyFile ?? own.chainFile
        let bytes = try bytes(of: path)
        do {
            guard let password = own.password else {
                return try NIOSSLPrivateKey(bytes: bytes, format: .pem)
            }
            return try NIOSSLPrivateKey(bytes: bytes, format: .pem) { use in
                use(Array(password.utf8))
            }
        } catch {
            let isEncrypted = String(decoding: bytes, as: UTF8.self).contains("ENCRYPTED")
            let fault =
                switch (isEncrypted, own.password) {
                case (true, nil): "its private key is encrypted, and no password was given"
                case (true, _?): "its private key cannot be read with the password that was given"
                case (false, _): "it holds no private key in PEM form"
                }
            throw Failure(path: path, fault: fault)
        }
    }

    static func certificates(
        in path: String,
        _ bytes: [UInt8]
    ) throws -> [NIOSSLCertificate] {
        let found: [NIOSSLCertificate]
        do {
            found = try NIOSSLCertificate.fromPEMBytes(bytes)
        } catch {
            throw Failure(path: path, fault: "it holds no certificates in PEM form, or broken ones")
        }
        guard !found.isEmpty else {
            throw Failure(path: path, fault: "it holds no certificates in PEM form")
        }
        return found
    }

    static func bytes(of path: String) throws -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Failure(path: path, fault: reason(path))
        }
        return Array(data)
    }

    static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Why the system lets nobody read a file.
    static func reason(_ path: String) -> String {
        guard access(path, R_OK) != 0 else { return "it cannot be read" }
        let number = errno
        return strerror(number).map { String(cString: $0) } ?? "error \(number)"
    }
}
