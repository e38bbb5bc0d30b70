// Files that are there whole or not at all, after a crash too.
// SPDX-License-Identifier: Apache-2.0

import SystemPackage

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Operations on files that survive a crash of the machine, or leave no trace.
package enum DurableFile {
    /// Creates a folder with its parents, if it is missing.
    ///
    /// Not Foundation's function, whose errors don't say what is wrong with which folder.
    package static func makeFolder(_ folder: URL) throws { try makeFolder(FilePath(folder.path)) }

    private static func makeFolder(_ path: FilePath) throws {
        let exists = (try? FileDescriptor.open(path, .readOnly, options: .directory).close()) != nil
        guard !exists, path.lastComponent != nil else { return }
        try makeFolder(path.removingLastComponent())
        guard mkdir(path.string, 0o700) == 0 || errno == EEXIST else {
            throw PosixError("create the folder \(path)")
        }
    }

    /// Writes a new file, and returns when it and its folder's entry are on the disk.
    static func write(_ text: String, to file: URL) throws {
        let descriptor = try Descriptor(opening: file.path, .writeOnly, [.create, .truncate])
        try PosixCall.writeAll(text, to: descriptor.number)
        try flush(descriptor, file)
        try flush(file.deletingLastPathComponent())
    }

    /// Moves a finished file to its final place in one step.
    static func publish(_ file: URL, as target: URL) throws {
        try flush(file)
        guard rename(file.path, target.path) == 0 else {
            throw PosixError("move \(file.path) to \(target.path)")
        }
        try flush(target.deletingLastPathComponent())
    }

    /// Returns when everything written below `folder` is on the disk.
    ///
    /// A marker that outlives the files it stands for would make a broken tree look complete.
    static func flushTree(_ folder: URL) throws {
        #if canImport(Glibc)
            typealias SyncFS = @convention(c) (Int32) -> Int32
            if let symbol = dlsym(nil, "syncfs") {
                let descriptor = try Descriptor(opening: folder.path, .readOnly)
                defer { withExtendedLifetime(descriptor) {} }
                guard unsafeBitCast(symbol, to: SyncFS.self)(descriptor.number) == 0 else {
                    throw PosixError("write \(folder.path) to the disk")
                }
                return
            }
        #endif
        sync()
    }

    /// Whether the disk that holds a path, or its parent, has no room for another file.
    static func isFull(at path: String) -> Bool {
        var status = statvfs()
        let parent = FilePath(path).removingLastComponent().string
        guard statvfs(path, &status) == 0 || statvfs(parent, &status) == 0 else { return false }
        let room = UInt64(status.f_bavail) * UInt64(status.f_frsize)
        // Some file systems count no inodes.
        return room < 1 << 16 || status.f_files > 0 && status.f_favail == 0
    }

    /// Removes a file or tree, if it exists.
    static func remove(_ url: URL) throws {
        var status = stat()
        // Not fileExists, which says no for a dangling link.
        guard lstat(url.path, &status) == 0 else { return }
        try FileManager.default.removeItem(at: url)
    }

    private static func flush(_ url: URL) throws {
        try flush(Descriptor(opening: url.path, .readOnly), url)
    }

    private static func flush(_ descriptor: Descriptor, _ url: URL) throws {
        // EINVAL: a file system without fsync for folders; there is nothing more to do.
        guard fsync(descriptor.number) == 0 || errno == EINVAL else {
            throw PosixError("write \(url.path) to the disk")
        }
    }
}
