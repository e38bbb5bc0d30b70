// The file of `--output`: there whole, or not at all.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Why the file of an answer cannot be written.
struct AnswerFileError: Error, CustomStringConvertible {
    let description: String

    init(_ path: String, _ reason: String) { description = "--output \(path): \(reason)" }
}

/// A file that takes its place when it is complete; one that exists is there until then.
///
/// It is written beside its place under another name. A device or a pipe is written as it is.
final class AnswerFile: Sendable {
    /// Where to write; open as long as the object lives.
    let descriptor: Int32
    private let path: String
    /// The name until it is complete; nil for what is written in place.
    private let temporary: String?

    /// Makes the file, before anything is asked.
    ///
    /// - Throws: `AnswerFileError`.
    init(_ path: String) throws(AnswerFileError) {
        var status = stat()
        let exists = stat(path, &status) == 0
        let kind = status.st_mode & S_IFMT
        guard !exists || kind != S_IFDIR else {
            throw AnswerFileError(path, "it is a folder: name a file")
        }
        guard !exists || kind == S_IFREG else {
            self.path = path
            temporary = nil
            descriptor = open(path, O_WRONLY | O_CLOEXEC)
            guard descriptor >= 0 else { throw Self.failure(path) }
            return
        }
        // Where a link leads, or the link would be replaced.
        self.path = exists ? URL(filePath: path).resolvingSymlinksInPath().path : path
        let folder = URL(filePath: self.path).deletingLastPathComponent()
        let name = folder.appending(path: ".amaru-\(UUID().uuidString)").path
        temporary = name
        descriptor = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw Self.failure(path) }
        if exists { fchmod(descriptor, status.st_mode & 0o7777) }
    }

    deinit { close(descriptor) }

    /// Puts the complete file in its place.
    ///
    /// - Throws: `AnswerFileError`.
    func publish() throws(AnswerFileError) {
        guard let temporary else { return }
        guard fsync(descriptor) == 0 || errno == EINVAL, rename(temporary, path) == 0 else {
            let error = Self.failure(path)
            unlink(temporary)
            throw error
        }
    }

    /// Keeps what was written of an answer that is not complete, beside its place.
    ///
    /// - Returns: What to tell the user.
    func keepPart(isEmpty: Bool) -> String? {
        guard let temporary else { return nil }
        let part = path + ".partial"
        guard !isEmpty, rename(temporary, part) == 0 else {
            unlink(temporary)
            return isEmpty ? nil : "\(path) was not written"
        }
        return "\(path) was not written: what has come is in \(part)"
    }

    private static func failure(_ path: String) -> AnswerFileError {
        AnswerFileError(path, "it cannot be written: \(String(cString: strerror(errno)))")
    }
}
