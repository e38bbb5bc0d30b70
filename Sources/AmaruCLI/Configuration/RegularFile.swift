// Files that are read whole, if they are files and not too large.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment

/// A regular file that is open for reading; folders, devices and pipes are refused at once.
struct RegularFile: ~Copyable {
    enum Failure: Error, Equatable {
        /// The file cannot be opened, with the number of the system's error.
        case unreadable(Int32)
        case folder, notRegular, tooLarge
    }

    private let descriptor: Int32
    /// The permissions and the kind.
    let mode: mode_t

    init(_ path: String) throws(Failure) {
        // Without waiting for a writer, if it is a pipe.
        descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        let code = errno
        var status = stat()
        mode = fstat(descriptor, &status) == 0 ? status.st_mode : 0
        guard descriptor >= 0 else { throw .unreadable(code) }
        if mode & S_IFMT == S_IFDIR { throw .folder }
        if mode & S_IFMT != S_IFREG { throw .notRegular }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Reads all of the file.
    ///
    /// - Throws: `Failure.tooLarge` if it has more bytes than `bound`; `PosixError`.
    func contents(atMost bound: Int) throws -> [UInt8] {
        let bytes = try PosixCall.readAll(descriptor, atMost: bound)
        guard bytes.count <= bound else { throw Failure.tooLarge }
        return bytes
    }

    /// Reads at least `count` bytes, and at most 64 KiB more, if there are as many.
    func start(_ count: Int) throws -> [UInt8] { try PosixCall.readAll(descriptor, atMost: count) }
}
