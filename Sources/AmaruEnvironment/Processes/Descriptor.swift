// Open files that close themselves.
// SPDX-License-Identifier: Apache-2.0

import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// An open file of this process, which no child inherits; closed with the last reference to it.
package final class Descriptor: Sendable {
    /// The number that system calls take.
    package let number: Int32

    private init(_ number: Int32) { self.number = number }

    /// Opens a file; only the user can read or write one that is created.
    ///
    /// - Throws: `PosixError` if the file can't be opened.
    init(
        opening path: String,
        _ mode: FileDescriptor.AccessMode,
        _ options: FileDescriptor.OpenOptions = []
    ) throws {
        number = try PosixError.naming("open \(path)") {
            try FileDescriptor.open(
                FilePath(path),
                mode,
                options: options.union(.closeOnExec),
                permissions: .ownerReadWrite
            ).rawValue
        }
    }

    /// Opens what another descriptor is open on.
    ///
    /// - Throws: `PosixError` if that is closed, or the process has no free descriptors.
    init(duplicating other: Int32) throws {
        let copy = fcntl(other, F_DUPFD_CLOEXEC, 10)
        guard copy >= 0 else { throw PosixError("duplicate descriptor \(other)") }
        number = copy
    }

    /// Takes over a socket that the process that started this one has left open.
    ///
    /// - Throws: `PosixError` if the number is no socket's.
    package init(inheritedSocket number: Int32) throws {
        var status = stat()
        guard fstat(number, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else {
            throw PosixError("use descriptor \(number)", code: ENOTSOCK)
        }
        _ = fcntl(number, F_SETFD, FD_CLOEXEC)
        self.number = number
    }

    deinit { try? FileDescriptor(rawValue: number).close() }

    /// Opens what has no content and takes any.
    ///
    /// - Throws: `PosixError` if the process has no free descriptors.
    static func null() throws -> Descriptor { try Descriptor(opening: "/dev/null", .readWrite) }

    /// Creates a file without a name, from which a text can be read.
    ///
    /// - Throws: `PosixError` if the folder cannot be written, or has no room.
    package static func file(holding text: String, in folder: String) throws -> Descriptor {
        var template = Array("\(folder)/amaru-XXXXXX".utf8CString)
        let number = mkstemp(&template)
        guard number >= 0 else { throw PosixError("create a file in \(folder)") }
        let file = Descriptor(number)
        unlink(template)
        _ = fcntl(number, F_SETFD, FD_CLOEXEC)
        try PosixCall.writeAll(text, to: number)
        guard lseek(number, 0, SEEK_SET) == 0 else { throw PosixError("read back a file") }
        return file
    }

    /// Creates a pipe.
    ///
    /// - Throws: `PosixError` if the process has no free descriptors.
    package static func pipe() throws -> (read: Descriptor, write: Descriptor) {
        let ends = try PosixCall.pipe()
        return (Descriptor(ends.read), Descriptor(ends.write))
    }

    /// Creates two sockets that are connected to each other.
    ///
    /// - Throws: `PosixError` if the process has no free descriptors.
    package static func socketPair() throws -> (Descriptor, Descriptor) {
        var ends: [Int32] = [-1, -1]
        #if canImport(Glibc)
            let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        #else
            let kind = SOCK_STREAM
        #endif
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
            throw PosixError("create a pair of sockets")
        }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (Descriptor(ends[0]), Descriptor(ends[1]))
    }
}
