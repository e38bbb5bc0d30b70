// A folder that lives as long as the value that names it.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// A new, empty folder that is removed with its contents when the last reference goes.
public final class TemporaryFolder: Sendable {
    /// The folder, with symbolic links resolved.
    public let url: URL

    /// The folder's path.
    public var path: String { url.path }

    /// Makes the folder.
    public init(_ name: String = "amaru-test") throws {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "\(name)-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        url = folder.resolvingSymlinksInPath()
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    /// Writes a file, with the folders above it, and returns its place.
    @discardableResult
    public func write(_ text: String, to path: String, permissions: Int = 0o644) throws -> URL {
        let file = url.appending(path: path)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        try Data(text.utf8).write(to: file)
        try FileManager.default.setAttributes(
            [.posixPermissions: permissions],
            ofItemAtPath: file.path
        )
        return file
    }
}
