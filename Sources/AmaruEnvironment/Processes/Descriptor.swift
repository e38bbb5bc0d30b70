// Open files that close themselves.
// SPDX-License-Identifier: Apache-2.0

import SystemPackage

/// An open file of this process, which no child inherits; closed with the last reference to it.
package final class Descriptor: Sendable {
    /// What system calls know it by.
    package let number: Int32

    package init(_ number: Int32) { self.number = number }

    /// Opens a file; one that is made belongs to the user alone.
    ///
    /// - Throws: `PosixError`.
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

    deinit { try? FileDescriptor(rawValue: number).close() }

    /// Makes a pipe.
    ///
    /// - Throws: `PosixError`.
    package static func pipe() throws -> (read: Descriptor, write: Descriptor) {
        let ends = try PosixCall.pipe()
        return (Descriptor(ends.read), Descriptor(ends.write))
    }
}
