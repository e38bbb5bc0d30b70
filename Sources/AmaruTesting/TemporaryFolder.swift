// A folder that lives as long as the value that names it.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif
#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A new, empty folder that is removed with its contents when the last reference goes.
public final class TemporaryFolder: Sendable {
    /// The folder, with symbolic links resolved.
    public let url: URL

    /// The folder's path.
    public var path: String { url.path }

    /// Makes the folder.
    ///
    /// - Throws: The system's error if that fails.
    public init(_ name: String = "amaru-test") throws {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "\(name)-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        url = folder.resolvingSymlinksInPath()
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    /// Writes a file, with the folders above it, and returns its place.
    ///
    /// - Throws: The system's error if that fails.
    @discardableResult
    public func write(_ text: String, to path: String, permissions: Int = 0o644) throws -> URL {
        let file = url.appending(path: path)
        let isProgram = permissions & 0o111 != 0
        let written = isProgram ? file.appendingPathExtension("text") : file
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        try Data(text.utf8).write(to: written)
        try FileManager.default.setAttributes(
            [.posixPermissions: permissions],
            ofItemAtPath: written.path
        )
        if isProgram {
            try Self.copyProgram(written.path, to: file.path)
            try FileManager.default.removeItem(at: written)
        }
        return file
    }

    /// Copies a program.
    ///
    /// Another process does: one that is started here meanwhile would else have the copy open for
    /// writing, and the system would not run it.
    package static func copyProgram(_ path: String, to target: String) throws {
        let arguments = ["cp", "-p", path, target]
        let words = arguments.map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var (process, status): (pid_t, Int32) = (0, 0)
        let code = posix_spawn(&process, "/bin/cp", nil, nil, words, [nil])
        guard code == 0 else { throw PosixError("start cp", code: code) }
        while waitpid(process, &status, 0) < 0 && errno == EINTR {}
        guard status == 0 else { throw PosixError("copy \(path)", code: EIO) }
    }
}
