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
/// when its certificates are first asked for, unless another one is in its place, and without the
/// files that have changed since.
public final class AuthoritySnapshot: Sendable {
    private typealias File = (path: String, bytes: Result<[UInt8], any Error>)

    /// What tells an inode from all others.
    private struct Identity: Hashable {
        let device: dev_t
        let number: ino_t

        init(_ status: stat) { (device, number) = (status.st_dev, status.st_ino) }
    }

    private enum Place {
        case file(File)
        case folder(String, Identity)
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
            var status = stat()
            if stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
                return .folder(path, Identity(status))
            }
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
            case .folder(let path, let identity):
                do {
                    found += try certificates(inFolder: path, identity)
                } catch {
                    fault = fault ?? error
                }
            case .missing(let error): fault = fault ?? error
            }
        }
        return (found, fault)
    }

    private func certificates(
        inFolder path: String,
        _ identity: Identity
    ) throws -> [NIOSSLCertificate] {
        guard let folder = opendir(path) else {
            throw CertificateFile.Failure(path: path, fault: CertificateFile.reason(path))
        }
        defer { closedir(folder) }
        var status = stat()
        guard fstat(dirfd(folder), &status) == 0, Identity(status) == identity else {
            let fault = "it is not the folder that it was when the program started"
            throw CertificateFile.Failure(path: path, fault: fault)
        }
        // The same certificate is usually there under its name and as a link by its hash.
        var seen: Set<Identity> = []
        var found: [NIOSSLCertificate] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard let bytes = bytes(of: name, in: dirfd(folder), &seen) else { continue }
            let file = (path: "\(path)/\(name)", bytes: Result<_, any Error>.success(bytes))
            found += (try? Self.certificates(in: file)) ?? []
        }
        guard !found.isEmpty else {
            let fault = "no file in it holds certificates in PEM form"
            throw CertificateFile.Failure(path: path, fault: fault)
        }
        return found
    }

    /// What a file of a folder holds; nil if it has changed, has been seen, or cannot be read.
    private func bytes(
        of name: String,
        in folder: Int32,
        _ seen: inout Set<Identity>
    ) -> [UInt8]? {
        var status = stat()
        // A link has a time of its own.
        guard fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0, isUnchanged(status) else {
            return nil
        }
        // Not waiting for the writer of a named pipe.
        let file = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { return nil }
        defer { close(file) }
        guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG, isUnchanged(status),
            status.st_size <= Self.largest, seen.insert(Identity(status)).inserted
        else { return nil }
        let size = Int(status.st_size)
        return [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            while count < size {
                let more = read(file, buffer.baseAddress.map { $0 + count }, size - count)
                if more < 0, errno == EINTR { continue }
                guard more > 0 else { return }
                count += more
            }
        }
    }

    /// The largest file of a folder that is read, in bytes.
    private static let largest = 16 << 20

    /// Whether a file has not changed since this was made.
    ///
    /// By the time of its last status change, which programs cannot set.
    private func isUnchanged(_ status: stat) -> Bool {
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
