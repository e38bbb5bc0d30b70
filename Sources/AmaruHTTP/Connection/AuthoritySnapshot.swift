// Files of authorities as they were at one moment.
// SPDX-License-Identifier: Apache-2.0

import Amaru
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

/// What PEM files, and all PEM files of some folders, hold when it is made.
///
/// Whoever may write into them later, such as a script, cannot add an authority. A folder is read
/// when its certificates are first asked for, without the files that have changed since.
public final class AuthoritySnapshot: Sendable {
    private typealias File = (path: String, bytes: Result<[UInt8], any Error>)

    private enum Place {
        case file(File)
        case folder(String)
        /// Nothing that is there.
        case missing(any Error)
    }

    private let places: [Place]
    private let time: timespec
    private let parsed = Lock<(found: [NIOSSLCertificate], fault: (any Error)?)?>(nil)

    /// Reads the files; parses nothing.
    public init(of paths: [String]) {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        time = now
        places = paths.map { path in
            if CertificateFile.isFolder(path) { return .folder(path) }
            let bytes = Result { try CertificateFile.bytes(of: path) }
            if case .failure(let error) = bytes, !FileManager.default.fileExists(atPath: path) {
                return .missing(error)
            }
            return .file((path, bytes))
        }
    }

    /// The certificates of all files and folders that hold any, as OpenSSL takes a list.
    ///
    /// A file without any is an error; in a folder it is left out, as is what cannot be read: the
    /// folders of systems hold links that lead nowhere.
    ///
    /// - `isOptional`: Whether to return an empty array if none of them holds any, and not to throw.
    func authorities(isOptional: Bool) throws -> [NIOSSLCertificate] {
        let (found, fault) = try parsed.withLock { parsed in
            let all = try parsed ?? parse()
            parsed = all
            return all
        }
        if let fault, found.isEmpty, !isOptional { throw fault }
        return found
    }

    private func parse() throws -> (found: [NIOSSLCertificate], fault: (any Error)?) {
        var found: [NIOSSLCertificate] = []
        var fault: (any Error)?
        for place in places {
            switch place {
            case .file(let file): found += try Self.certificates(in: file)
            case .folder(let path):
                do { found += try certificates(inFolder: path) } catch { fault = fault ?? error }
            case .missing(let error): fault = fault ?? error
            }
        }
        return (found, fault)
    }

    private func certificates(inFolder path: String) throws -> [NIOSSLCertificate] {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else {
            throw CertificateFile.Failure(path: path, fault: CertificateFile.reason(path))
        }
        // The same certificate is usually there under its name and as a link by its hash.
        var targets: Set<String> = []
        let folder = URL(filePath: path)
        for name in names {
            let link = folder.appending(path: name)
            guard isUnchanged(link.path) else { continue }
            let file = link.resolvingSymlinksInPath().path
            if !CertificateFile.isFolder(file), isUnchanged(file) { targets.insert(file) }
        }
        let found = targets.sorted().flatMap { file in
            let bytes = Result { try CertificateFile.bytes(of: file) }
            return (try? Self.certificates(in: (file, bytes))) ?? []
        }
        guard !found.isEmpty else {
            let fault = "no file in it holds certificates in PEM form"
            throw CertificateFile.Failure(path: path, fault: fault)
        }
        return found
    }

    /// Whether a file, or a link itself, has not changed since this was made.
    ///
    /// By the time of its last status change, which programs cannot set.
    private func isUnchanged(_ path: String) -> Bool {
        var status = stat()
        guard lstat(path, &status) == 0 else { return false }
        #if canImport(Darwin)
            let change = status.st_ctimespec
        #else
            let change = status.st_ctim
        #endif
        return (change.tv_sec, change.tv_nsec) <= (time.tv_sec, time.tv_nsec)
    }

    private static func certificates(in file: File) throws -> [NIOSSLCertificate] {
        try CertificateFile.certificates(in: file.path, try file.bytes.get())
    }
}

extension AuthoritySnapshot: Hashable {
    /// Whether they were made together: what files held at another time may be something else.
    public static func == (left: AuthoritySnapshot, right: AuthoritySnapshot) -> Bool {
        left === right
    }

    /// Feeds what tells this one from others.
    public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}
