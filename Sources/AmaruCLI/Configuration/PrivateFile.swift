// Files that their owner alone can read.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

enum PrivateFile {
    /// Why a file is not used.
    struct Failure: Error, Equatable, CustomStringConvertible {
        let description: String
    }

    /// Writes a file that is there whole or not at all, and that its owner alone can read.
    ///
    /// - Throws: `Failure` that names the file.
    static func write(_ bytes: some Collection<UInt8>, to file: URL, mode: mode_t = 0o600) throws {
        let folder = file.deletingLastPathComponent()
        do {
            try FileManager.default.createDirectory(
                at: folder,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        } catch {
            throw Failure(description: "the folder \(folder.path) cannot be made")
        }
        // Hidden: what a killed program leaves is no file of the folder's own kind.
        let hidden = folder.appending(path: ".\(file.lastPathComponent).XXXXXX")
        var template = Array(hidden.path.utf8CString)
        let descriptor = mkstemp(&template)
        guard descriptor >= 0 else { throw failure("written", file) }
        defer { close(descriptor) }
        let draft = template.withUnsafeBufferPointer { $0.baseAddress.map(String.init(cString:)) }
        guard let draft else { throw failure("written", file) }
        do {
            guard fchmod(descriptor, mode) == 0 else { throw failure("written", file) }
            try Array(bytes).withUnsafeBytes { try PosixCall.writeAll($0, to: descriptor) }
            guard fsync(descriptor) == 0 || errno == EINVAL, rename(draft, file.path) == 0
            else { throw failure("written", file) }
        } catch {
            let failure = error as? Failure ?? failure("written", file)
            unlink(draft)
            throw failure
        }
    }

    /// Reads a file that holds a secret; nil if the file is missing.
    ///
    /// - Throws: `Failure` that names the file, if others can read it, or it is no file of at most
    ///   64 KiB.
    static func secret(at path: String) throws -> String? {
        do {
            let file = try RegularFile(path)
            guard file.mode & 0o077 == 0 else {
                throw Failure(
                    description: "\(path) holds a key, and others may read it: chmod 600 \(path)"
                )
            }
            return String(decoding: try file.contents(atMost: bound), as: UTF8.self)
        } catch let failure as RegularFile.Failure {
            switch failure {
            case .unreadable(ENOENT): return nil
            case .unreadable(let code): throw Self.failure("read", URL(filePath: path), code)
            case .folder, .notRegular: throw Failure(description: "\(path) is not a file")
            case .tooLarge:
                throw Failure(description: "\(path) is longer than any key: name another file")
            }
        }
    }

    /// The longest secret.
    static let bound = 64 * 1024

    private static func failure(_ action: String, _ file: URL, _ code: Int32 = errno) -> Failure {
        let reason = String(cString: strerror(code))
        return Failure(description: "\(file.path) cannot be \(action): \(reason)")
    }
}
