// Files of authorities as they were at one moment.
// SPDX-License-Identifier: Apache-2.0

import NIOSSL

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What PEM files, and all PEM files of some folders, hold when it is made.
///
/// Whoever may write into them later, such as a script, cannot add an authority.
public final class AuthoritySnapshot: Sendable {
    private typealias File = (path: String, bytes: Result<[UInt8], any Error>)

    private enum Place {
        case file(File)
        /// A folder, and why its names cannot be read, if so.
        case folder(path: String, files: [File]?, reason: String)
        /// Nothing that is there.
        case missing(any Error)
    }

    private let places: [Place]

    /// Reads the files; parses nothing.
    public init(of paths: [String]) {
        places = paths.map { path in
            if CertificateFile.isFolder(path) { return Self.folder(path) }
            let bytes = Result { try CertificateFile.bytes(of: path) }
            if case .failure(let error) = bytes, !FileManager.default.fileExists(atPath: path) {
                return .missing(error)
            }
            return .file((path, bytes))
        }
    }

    private static func folder(_ path: String) -> Place {
        let reason = CertificateFile.reason(path)
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else {
            return .folder(path: path, files: nil, reason: reason)
        }
        // The same certificate is usually there under its name and as a link by its hash.
        var targets: Set<String> = []
        let folder = URL(filePath: path)
        for name in names {
            let file = folder.appending(path: name).resolvingSymlinksInPath().path
            if !CertificateFile.isFolder(file) { targets.insert(file) }
        }
        let files = targets.sorted().map { file in
            (path: file, bytes: Result { try CertificateFile.bytes(of: file) })
        }
        return .folder(path: path, files: files, reason: reason)
    }

    /// The certificates of all files and folders that hold any, as OpenSSL takes a list.
    ///
    /// A file without any is an error; in a folder it is left out, as is what cannot be read: the
    /// folders of systems hold links that lead nowhere.
    ///
    /// - `isOptional`: Whether it is no error if none of them does.
    func authorities(isOptional: Bool) throws -> [NIOSSLCertificate] {
        var found: [NIOSSLCertificate] = []
        var fault: (any Error)?
        for place in places {
            switch place {
            case .file(let file): found += try Self.certificates(in: file)
            case .folder(let path, let files, let reason):
                let all = files?.flatMap { (try? Self.certificates(in: $0)) ?? [] } ?? []
                found += all
                guard all.isEmpty else { continue }
                let words = "no file in it holds certificates in PEM form"
                let failure = CertificateFile.Failure(
                    path: path,
                    fault: files == nil ? reason : words
                )
                fault = fault ?? failure
            case .missing(let error): fault = fault ?? error
            }
        }
        if let fault, found.isEmpty, !isOptional { throw fault }
        return found
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
